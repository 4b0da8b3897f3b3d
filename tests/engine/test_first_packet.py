# SPDX-License-Identifier: GPL-2.0-or-later
"""A container's first act is to connect: a declared door opens for its first packet, the others for none."""
import concurrent.futures
import os
import unittest

import workers
from engine import PARALLEL
from fixtures import WEB_TO_DB, EngineTest, compose, shop
from traffic import WAIT_MS, parse, target

STARTS = int(os.environ.get("BULKHEAD_STARTS", "50"))  # with ICC on, and as many with ICC off
CONTROL_STARTS = min(8, STARTS)


class FirstPacket(EngineTest):
    network = "bridge"

    def setUp(self):
        super().setUp()
        if self.network != "bridge":
            self.engine.create_network(self.network, icc=self.icc)
        self.db = self.run_shop(network=self.network, services=("db",))["db"]
        places = [self.db.address(self.network, family) for family in (4, 6)]
        self.declared = [target("tcp", address, 80) for address in places]
        self.undeclared = [target("tcp", address, 81) for address in places]
        self.undeclared += [target("udp", address, 81) for address in places]
        self.undeclared += [target("icmp", address) for address in places]

    def first_act(self, number):
        """Creates, starts, awaits and removes a container; returns what its first act met."""
        container = self.engine.create(
            f"shop-web-{number}",
            ("connect", str(WAIT_MS), *self.declared, *self.undeclared),
            network=self.network,
            labels=compose("shop", "web", number),
        )
        self.engine.api.request("POST", f"/containers/{container.id}/start")
        self.engine.wait_exit(container)
        results = parse(self.engine.logs(container))
        container.remove()
        return results

    def first_acts(self, count):
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(self.first_act, range(1, count + 1)))

    def test_first_packet(self):
        everything = "open" if self.icc else "silent"
        plain = self.first_acts(CONTROL_STARTS)
        as_expected = [results for results in plain if {result for result, _ in results.values()} == {everything}]
        # On a busy machine a container's first packets are late now and then without bulkhead, too (seen on 28.5, IPv6).
        self.assertGreater(len(as_expected), CONTROL_STARTS // 2 if self.icc else CONTROL_STARTS - 1, f"the engine alone: {plain}")
        if len(as_expected) < CONTROL_STARTS:
            workers.say(f"    {CONTROL_STARTS - len(as_expected)} of {CONTROL_STARTS} starts were late on the engine alone")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        before = len(self.db.receipts())
        late, wrong, slowest = [], [], 0
        for number, results in enumerate(self.first_acts(STARTS), 1):
            for door in self.declared:
                # TCP sends its first packet again after a second; the probe gives up before that.
                slowest = max(slowest, results[door][1])
                if results[door][0] != "open":
                    late.append(f"start {number}: {door} {results[door]}")
            wrong += [f"start {number}: {door} {results[door]}" for door in self.undeclared if results[door][0] != "silent"]
        self.assertFalse(wrong, "\n".join(wrong[:20]) + "\n" + self.bulkhead.log_text()[-1500:])
        arrived = self.db.receipts()[before:]
        self.assertEqual({line.split()[2] for line in arrived}, {"80"}, "what arrived at the server")
        self.assertFalse(
            late,
            f"{len(late)} of {len(self.declared) * STARTS} declared first packets were late:\n"
            + "\n".join(late[:20]) + "\n" + self.bulkhead.log_text()[-1500:],
        )  # fmt: skip
        workers.say(f"    {STARTS} starts: a declared door opens within {slowest / 1000:.1f} ms")


class FirstPacketIccOff(FirstPacket):
    icc, network = False, "bridge"


class FirstPacketIccOn(FirstPacket):
    icc, network = True, "first"


del FirstPacket

if __name__ == "__main__":
    unittest.main()
