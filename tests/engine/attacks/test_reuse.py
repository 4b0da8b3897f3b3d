# SPDX-License-Identifier: GPL-2.0-or-later
"""
Addresses that change hands: a container stops and another one takes its address, while bulkhead runs and while it is
stopped (SIGSTOP) and cannot know of it.  The newcomer gets nothing of its predecessor's, in either direction.

Two services take turns at each address, and each has a port of its own at which it may knock and be knocked at.  So
every newcomer is a heir, and by its own port it shows that it does try.
"""
import concurrent.futures
import os
import signal
import unittest

from attacks import packets
from attacks.common import CONTROL_ONLY, Listener
from docker_api import wait_until
from fixtures import EngineTest, compose, shop, specification

LANES = 3  # addresses that change hands at the same time
REUSES = int(os.environ.get("BULKHEAD_REUSES", "200"))
ROUNDS = -(-REUSES // (2 * LANES))  # in each lane, of each of the two tests
UNSEEN = 3  # rounds that bulkhead sleeps through at a time
PORT_OF = {"web": 80, "api": 82}
SERVICES = list(PORT_OF)


def flows():
    for service, port in PORT_OF.items():
        yield {"from": service, "to": "db", "ports": [f"{port}", f"{port}/udp"]}
        yield {"from": f"{service}-client", "to": service, "ports": [f"{port}/udp"]}


class Reuse(EngineTest):
    def setUp(self):
        super().setUp()
        self.engine.create_network("app")
        serve = ("serve", "/receipts", *(f"{protocol}:{port}" for port in PORT_OF.values() for protocol in ("tcp", "udp")))
        self.db = self.engine.run(**specification("shop", "db", command=serve, network="app"))
        self.prefix4 = self.db.address().rpartition(".")[0]
        self.prefix6 = self.db.address(family=6).rpartition(":")[0]
        self.listener = Listener(self.db.inside())
        self.addCleanup(self.listener.close)
        # They knock at the lanes' addresses all the time, whoever has them.
        self.client_marks = {service: packets.new_mark() for service in SERVICES}
        for service, mark in self.client_marks.items():
            doors = [
                f"udp/{address}/{PORT_OF[service]}" for lane in range(LANES) for address in self.place(lane).values()
            ]
            self.engine.run(
                **specification("shop", f"{service}-client", network="app", command=("knock", mark, "/log", *doors)),
                entrypoint="/attack",
            )
        self.bulkhead.write_flows(shop(*flows()))
        self.holders = {}  # who has each lane's address

    def place(self, lane):
        return {"IPv4Address": f"{self.prefix4}.{100 + lane}", "IPv6Address": f"{self.prefix6}:{100 + lane}"}

    def newcomer(self, lane, number):
        """Takes the lane's address; the service is the other one than its predecessor's."""
        service = SERVICES[number % 2]
        mark = packets.new_mark()
        targets = [
            f"{protocol}/{self.db.address(family=family)}/{port}"
            for port in PORT_OF.values()
            for family in (4, 6)
            for protocol in ("udp", "tcp")
        ]
        if lane in self.holders:
            self.holders.pop(lane).remove()
        container = self.engine.run(
            f"shop-{service}-{lane}-{number}",
            ("knock", mark, "/log", *targets),
            network="app",
            labels=compose("shop", service),
            NetworkingConfig={"EndpointsConfig": {"app": {"IPAMConfig": self.place(lane)}}},
            entrypoint="/attack",
        )
        self.holders[lane] = container
        return container, service

    def log(self, container):
        try:
            with open(container.file("/log"), encoding="ascii") as file:
                return file.read().splitlines()
        except OSError:
            return []

    def has(self, container, service):
        """What of that service's it has: its TCP ports, and what is sent to it."""
        port = f"/{PORT_OF[service]}"
        return [
            line
            for line in self.log(container)
            if (line.startswith("open") and line.endswith(port)) or self.client_marks[service] in line
        ]

    def await_own(self, container, service):
        """Both TCP doors, over IPv4 and IPv6, and what its client sends: the newcomer has its own."""
        wait_until(
            lambda: len(self.has(container, service)) == 3, lambda: f"{service}: {self.log(container)}", 20, 0.02
        )

    def await_tried(self, container):
        wait_until(
            lambda: any(line.startswith("knocked") for line in self.log(container)),
            lambda: f"it has tried: {self.log(container)}",
            20,
            0.02,
        )

    @staticmethod
    def other(service):
        return SERVICES[1 - SERVICES.index(service)]

    def reuse(self, lane, number):
        """What the newcomer has of its predecessor's, once it has its own."""
        container, service = self.newcomer(lane, number)
        self.await_own(container, service)
        self.await_tried(container)
        return self.has(container, self.other(service))

    def reuse_unseen(self, lane, number):
        """The same, while bulkhead is stopped: it has not even its own, as nobody knows it."""
        container, service = self.newcomer(lane, number)
        self.await_tried(container)
        return container, service, self.has(container, service) + self.has(container, self.other(service))

    @staticmethod
    def in_lanes(function, numbers):
        """function(lane, number) for all lanes at once, in each of them one after the other."""

        def run_lane(lane):
            return [function(lane, number) for number in numbers]

        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            return [result for lane in pool.map(run_lane, range(LANES)) for result in lane]

    def test_control(self):
        """Without bulkhead a newcomer has what its predecessor had, too."""
        self.newcomer(0, 0)
        container, service = self.newcomer(0, 1)
        self.await_own(container, service)
        self.await_own(container, self.other(service))

    @unittest.skipIf(CONTROL_ONLY, "controls only")
    def test_while_it_runs(self):
        self.bulkhead.start()
        self.bulkhead.settle()
        self.in_lanes(self.reuse, [0])
        results = self.in_lanes(self.reuse, range(1, 1 + ROUNDS))
        self.assertEqual([got for got in results if got], [], f"of {len(results)} reuses")

    @unittest.skipIf(CONTROL_ONLY, "controls only")
    def test_while_it_is_stopped(self):
        self.bulkhead.start()
        self.bulkhead.settle()
        self.in_lanes(self.reuse, [0])
        results = []
        for number in range(1, 1 + ROUNDS, UNSEEN):
            self.bulkhead.process.send_signal(signal.SIGSTOP)
            try:
                changed = self.in_lanes(self.reuse_unseen, range(number, number + UNSEEN))
            finally:
                self.bulkhead.process.send_signal(signal.SIGCONT)
            results += [got for _, _, got in changed]
            # Those who are still there get their own, and nothing of those before them.
            for container, service, _ in changed:
                if container in self.holders.values():
                    self.await_own(container, service)
                    self.assertEqual(self.has(container, self.other(service)), [])
        self.assertEqual([got for got in results if got], [], f"of {len(results)} reuses")
        self.bulkhead.settle()


if __name__ == "__main__":
    unittest.main()
