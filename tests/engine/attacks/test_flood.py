# SPDX-License-Identifier: GPL-2.0-or-later
"""Floods of what is denied, while it is attacked: still closed, what is declared goes on, and memory is bounded."""
import json
import os
import threading
import unittest

from attacks import packets
from attacks.common import CONTROL_ONLY, STREAM_PORT, WITNESS_PORT, Attack, AttackTest
from attacks.test_spoofing import arp_frame, forged
from fixtures import compose, shop

COUNT = 60000  # frames of a flood; each of them another port
DENIED_MAX = 4096  # elements in each table of who was denied
MEMORY_GROWTH_KB = 8192
LOG_GROWTH = 16384
CONNECTIONS_MAX = 5000

UNDER_FLOOD = [
    Attack("udp to a closed port", lambda s, m: s.udp(s.evil, s.db, 82, m)),
    Attack("udp to a closed port, IPv6", lambda s, m: s.udp(s.evil, s.db, 82, m, 6)),
    Attack("tcp to a closed port", lambda s, m: s.tcp(s.evil, s.db, 82, m)),
    Attack("ping", lambda s, m: s.echo(s.evil, s.db, m)),
    Attack("as web", forged("udp", 4)),
    Attack("as web, web's MAC", forged("udp", 4, "web")),
    Attack("as web, IPv6", forged("udp", 6)),
    Attack("ARP, web is at evil", arp_frame(2, "evil", "web", "db")),
    Attack("another ethertype", lambda s, m: packets.ether(s.evil.mac, s.db.mac, 0x88B5, m + bytes(46))),
]


class Flood(AttackTest):
    def floods(self):
        """{name: (frame, place of the port, place of what makes up for it)}"""
        scene, nothing = self.scene, bytes(16)
        ip4, ip6 = 14 + 20, 14 + 40
        other = packets.host_bits(scene.db.v4, 24, 99)
        segment = packets.udp(scene.evil.v4, other, 5000, 0, nothing)
        to_nobody = packets.ether(
            scene.evil.mac, scene.db.mac, packets.IPV4, packets.ipv4(scene.evil.v4, other, packets.UDP, segment)
        )
        return {
            "udp": (scene.udp(scene.evil, scene.db, 0, nothing), ip4 + 2, ip4 + 8),
            "udp, IPv6": (scene.udp(scene.evil, scene.db, 0, nothing, 6), ip6 + 2, ip6 + 8),
            "tcp": (scene.tcp(scene.evil, scene.db, 0, nothing), ip4 + 2, ip4 + 20),
            "udp to another address": (to_nobody, ip4 + 2, ip4 + 8),
            "udp to the host": (scene.udp(scene.evil, scene.gateway, 0, nothing), ip4 + 2, ip4 + 8),
            "udp as web": (scene.udp(scene.web, scene.db, 0, nothing, mac=scene.evil.mac), ip4 + 2, ip4 + 8),
            "another ethertype": (packets.ether(scene.evil.mac, scene.db.mac, 0x88B5, bytes(46)), 14, 16),
        }

    def flood(self, name, count=COUNT):
        frame, port, balance = self.floods()[name]
        said = self.scene.evil.container.exec(
            "/attack", "flood", "eth0", str(count), str(port), str(balance), frame.hex()
        )
        return int(said.split()[1])

    def memory_kb(self):
        with open(f"/proc/{self.bulkhead.process.pid}/status", encoding="ascii") as file:
            [line] = [line for line in file if line.startswith("VmRSS:")]
        return int(line.split()[1])

    def denied(self, name):
        said = json.loads(self.engine.run_inside("nft", "-j", "list", "set", "inet", "bulkhead", name).stdout)
        [found] = [one["set"] for one in said["nftables"] if "set" in one]
        return len(found.get("elem", []))

    def connections(self):
        return int(self.engine.run_inside("cat", "/proc/sys/net/netfilter/nf_conntrack_count").stdout)

    def control_flood(self):
        """It is a flood: what it sends comes to db, to its last frame."""
        scene, mark = self.scene, packets.new_mark()
        frame = scene.udp(scene.evil, scene.db, 0, mark.encode() + bytes(2))
        place = 14 + 20 + 8 + len(mark)
        said = scene.evil.container.exec("/attack", "flood", "eth0", "1000", "36", str(place), frame.hex())
        self.assertEqual(said, "sent 1000\n")
        scene.db.listener.expect(mark, "the flood arrives without bulkhead")

    def test_flood(self):
        self.begin()
        with self.subTest("open: the flood"):
            self.control_flood()
        self.control(*UNDER_FLOOD)
        if CONTROL_ONLY:
            return
        self.scene.forget_neighbours()
        document = shop(*self.flows)
        document["boundary"] = {"host": "declared"}
        self.bulkhead.write_flows(document)
        self.guard()
        stream = self.stream(self.scene.web.container, self.scene.db.container, "tcp", STREAM_PORT)
        memory, connections = self.memory_kb(), self.connections()
        log = os.path.getsize(self.bulkhead.log)
        for name in self.floods():
            self.attack_during(name)
        for name in ("denied4", "denied6"):
            with self.subTest(f"bounded: {name}"):
                self.assertTrue(0 < self.denied(name) <= DENIED_MAX, self.denied(name))
        with self.subTest("bounded: memory, log, connections"):
            self.bulkhead.must("list", "--denied")
            self.bulkhead.settle()
            self.assertLess(self.memory_kb() - memory, MEMORY_GROWTH_KB)
            self.assertLess(os.path.getsize(self.bulkhead.log) - log, LOG_GROWTH)
            self.assertLess(self.connections() - connections, CONNECTIONS_MAX)
        # Full of what one has sent, and there is room for nothing: denied all the same, and declared all the same.
        self.defend(*UNDER_FLOOD, words=", after the floods")
        stream.runs()

    def attack_during(self, name):
        done, sent = threading.Event(), []

        def pour():
            try:
                sent.append(self.flood(name))
            finally:
                done.set()

        thread = threading.Thread(target=pour)
        thread.start()
        try:
            for attack in UNDER_FLOOD:
                self.defend(attack, words=f", during {name}{', which has ended' if done.is_set() else ''}")
        finally:
            thread.join()
        with self.subTest(f"carried out: {name}"):
            self.assertGreater(sum(sent), COUNT // 2)

    @unittest.skipIf(CONTROL_ONLY, "controls only")
    def test_changes_during_a_flood(self):
        """A new replica gets its flows, and a withdrawn flow is cut, while somebody floods."""
        self.begin()
        self.guard()
        stop = threading.Event()

        def pour():
            while not stop.is_set():
                self.flood("udp")

        thread = threading.Thread(target=pour)
        thread.start()
        try:
            web = self.scene.party(
                self.engine.run("shop-web-2", network="app", labels=compose("shop", "web", 2))
            )
            self.bulkhead.settle(20)
            mark = packets.new_mark()
            self.scene.send(web, self.scene.udp(web, self.scene.db, 81, mark.encode()))
            self.scene.db.listener.expect(mark, "the new replica's packet arrives")
            self.bulkhead.write_flows(shop(*self.flows[:-1]))
            self.bulkhead.reload()
            mark, later = packets.new_mark(), packets.new_mark()
            self.scene.send(
                web,
                self.scene.udp(web, self.scene.db, 81, mark.encode()),
                self.scene.udp(web, self.scene.db, WITNESS_PORT, later.encode()),
            )
            self.scene.db.listener.expect(later, "what is still declared arrives")
            self.assertEqual(self.scene.db.listener.heard(mark), [])
        finally:
            stop.set()
            thread.join()


if __name__ == "__main__":
    unittest.main()
