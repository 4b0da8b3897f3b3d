# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames that are no honest IPv4, IPv6 or ARP: other ethertypes, tags, and rubbish under a good ethertype."""
import dataclasses
import struct
import unittest

from attacks.common import CONTROL_ONLY, Attack, AttackTest
from attacks.outside import Outside
from attacks.packets import (
    ARP,
    BROADCAST,
    IPV4,
    IPV6,
    QINQ,
    UDP,
    VLAN,
    arp,
    ether,
    ipv4,
    ipv6,
    snap,
    tagged,
    udp,
)
from docker_api import wait_until

PADDING = bytes(46)


def of_type(ethertype, destination=None):
    return lambda s, m: ether(s.evil.mac, destination or s.db.mac, ethertype, m + PADDING)


def with_tags(*tags, family=4):
    """A datagram that would be an honest one without the tags, to a port that is not declared."""
    return lambda s, m: tagged(s.udp(s.evil, s.db, 82, m, family), *tags)


def rubbish4(payload_first=False, **wrong):
    def make(s, m):
        packet = ipv4(s.evil.v4, s.db.v4, UDP, udp(s.evil.v4, s.db.v4, 5000, 82, m), **wrong)
        return ether(s.evil.mac, s.db.mac, IPV4, m + packet if payload_first else packet)

    return make


def rubbish6(**wrong):
    def make(s, m):
        return ether(
            s.evil.mac, s.db.mac, IPV6, ipv6(s.evil.v6, s.db.v6, UDP, udp(s.evil.v6, s.db.v6, 5000, 82, m), **wrong)
        )

    return make


def swapped_ethertype(family):
    def make(s, m):
        frame = s.udp(s.evil, s.db, 82, m, family)
        return frame[:12] + struct.pack("!H", IPV6 if family == 4 else IPV4) + frame[14:]

    return make


def checksum_wrong(s, m):
    frame = bytearray(s.udp(s.evil, s.db, 82, m))
    frame[24] ^= 0xFF
    return bytes(frame)


def source_route(kind):
    """An IPv4 option with a hop in it."""

    def make(s, m):
        options = bytes([kind, 7, 4, *map(int, s.gateway.v4.split(".")), 0])
        packet = ipv4(s.evil.v4, s.db.v4, UDP, udp(s.evil.v4, s.db.v4, 5000, 82, m), options=options)
        return ether(s.evil.mac, s.db.mac, IPV4, packet)

    return make


OTHER_TYPES = [
    Attack(f"ethertype {ethertype:04x}, {name}", of_type(ethertype), icc_off=True)
    for ethertype, name in [
        (0x88B5, "local experiments"),
        (0x0001, "an 802.3 length that is none"),
        (0x0600, "the lowest there is"),
        (0x8035, "RARP"),
        (0x809B, "AppleTalk"),
        (0x8137, "IPX"),
        (0x8847, "MPLS"),
        (0x8863, "PPPoE discovery"),
        (0x8864, "PPPoE session"),
        (0x888E, "EAPOL"),
        (0x88CC, "LLDP"),
        (0x88E5, "MACsec"),
        (0x88E7, "PBB"),
        (0x88F7, "PTP"),
        (0x8906, "FCoE"),
        (0x9000, "loopback test"),
        (0xFFFF, "the highest there is"),
    ]
]

TAGS = [
    Attack(f"{name}, IPv{family}", with_tags(*tags, family=family), icc_off=True)
    for name, tags in [
        # The receiver's stack takes a tag with VLAN 0 off: to it this is an ordinary datagram.
        ("priority tag", [(VLAN, 0)]),
        ("priority tag of a provider", [(QINQ, 0)]),
        ("two priority tags", [(QINQ, 0), (VLAN, 0)]),
        ("priority 7", [(VLAN, 7 << 13)]),
        ("VLAN 1", [(VLAN, 1)]),
        ("VLAN 5", [(VLAN, 5)]),
        ("VLAN 4095", [(VLAN, 4095)]),
        ("QinQ", [(QINQ, 5), (VLAN, 6)]),
        ("QinQ of the old kind", [(0x9100, 5), (VLAN, 6)]),
        ("three tags", [(VLAN, 1), (VLAN, 2), (VLAN, 3)]),
    ]
    for family in (4, 6)
] + [
    Attack("tagged ARP", lambda s, m: tagged(ether(s.evil.mac, s.db.mac, ARP,
           arp(2, s.evil.mac, s.web.v4, s.db.mac, s.db.v4, m)), (VLAN, 0)), icc_off=True),
    Attack("tagged frame of another type", lambda s, m: tagged(of_type(0x88B5)(s, m), (VLAN, 5)), icc_off=True),
    Attack("IPv4 in SNAP", lambda s, m: snap(s.evil.mac, s.db.mac, IPV4,
           ipv4(s.evil.v4, s.db.v4, UDP, udp(s.evil.v4, s.db.v4, 5000, 82, m))), icc_off=True),
    Attack("IPv4 in PPPoE", lambda s, m: ether(s.evil.mac, s.db.mac, 0x8864, b"\x11\0\0\1" + struct.pack("!HH", 60, 0x21)
           + ipv4(s.evil.v4, s.db.v4, UDP, udp(s.evil.v4, s.db.v4, 5000, 82, m))), icc_off=True),
    Attack("broadcast of another type", of_type(0x88B5, BROADCAST), icc_off=True),
    Attack("multicast of another type", of_type(0x88B5, "01:1b:19:00:00:00"), icc_off=True),
    Attack("to a MAC that nobody has", of_type(0x88B5, "02:42:0b:ad:0b:ad"), icc_off=True),
]  # fmt: skip

RUBBISH = [
    Attack("IPv4 whose ethertype says IPv6", swapped_ethertype(4), bridge_netfilter=False),
    Attack("IPv6 whose ethertype says IPv4", swapped_ethertype(6), bridge_netfilter=False),
    Attack("IPv4, not a packet at all", of_type(IPV4), bridge_netfilter=False),
    Attack("IPv6, not a packet at all", of_type(IPV6), bridge_netfilter=False),
    Attack("ARP, not a packet at all", of_type(ARP), icc_off=True),
    Attack("IPv4 header behind the mark", rubbish4(payload_first=True), bridge_netfilter=False),
    Attack("IPv4 of version 0", rubbish4(version=0), bridge_netfilter=False),
    Attack("IPv4 of version 15", rubbish4(version=15), bridge_netfilter=False),
    Attack("IPv4 header of no length", rubbish4(ihl=0), bridge_netfilter=False),
    Attack("IPv4 header of 60 bytes that are not there", rubbish4(ihl=15), bridge_netfilter=False),
    Attack("IPv4 longer than its frame", rubbish4(length=1400), bridge_netfilter=False),
    Attack("IPv4 shorter than its header", rubbish4(length=10), bridge_netfilter=False),
    Attack("IPv4 without a length", rubbish4(length=0), bridge_netfilter=False),
    Attack("IPv4 with a wrong checksum", checksum_wrong, bridge_netfilter=False),
    Attack("IPv4 with a loose source route", source_route(131)),
    Attack("IPv4 with a strict source route", source_route(137)),
    Attack("IPv4 with a recorded route", source_route(7)),
    Attack("IPv4 with an unknown option", source_route(0x9E)),
    Attack("IPv6 of version 0", rubbish6(version=0), bridge_netfilter=False),
    Attack("IPv6 of version 4", rubbish6(version=4), bridge_netfilter=False),
    Attack("IPv6 longer than its frame", rubbish6(length=1400), bridge_netfilter=False),
    Attack("IPv6 without a length", rubbish6(length=0), bridge_netfilter=False),
    Attack("IPv6 without a hop left", rubbish6(hops=0)),
    Attack("IPv4 without a hop left", rubbish4(ttl=0)),
    Attack("ARP of another hardware", lambda s, m: ether(s.evil.mac, s.db.mac, ARP,
           b"\0\6" + arp(2, s.evil.mac, s.web.v4, s.db.mac, s.db.v4, m)[2:]), icc_off=True),
    Attack("ARP with long addresses", lambda s, m: ether(s.evil.mac, s.db.mac, ARP,
           struct.pack("!HHBBH", 1, IPV4, 16, 16, 1) + m + bytes(64)), icc_off=True),
    Attack("ARP of another operation", lambda s, m: ether(s.evil.mac, s.db.mac, ARP,
           arp(9, s.evil.mac, s.web.v4, s.db.mac, s.db.v4, m)), icc_off=True),
]  # fmt: skip


class Frames:
    def test_frames(self):
        self.begin()
        self.carry_out(OTHER_TYPES + TAGS + RUBBISH)


class FramesIccOn(Frames, AttackTest):
    icc = True


class FramesIccOff(Frames, AttackTest):
    icc = False


class ReservedAddresses(AttackTest):
    """A bridge never forwards frames to these: it hands most of them to the host, as if they had come to the port."""

    # Not 00, which goes on to all ports while the bridge speaks no STP, nor 01, which pauses a link.
    OPEN = range(2, 16)
    HONEST = 16

    def begin(self):
        super().begin()
        self.outside = Outside(self.engine)
        self.addCleanup(self.outside.close)
        self.outside.serve_on_host(6000, 6099)
        tentative = ("ip", "-6", "address", "show", "dev", self.engine.bridge("app"), "tentative")
        wait_until(lambda: not self.engine.run_inside(*tentative).stdout, "no address is tentative")

    def receipts(self):
        """{(address, port)} of the datagrams that the host's own service has got."""
        lines = [line.split() for line in self.outside.receipts("host") if line.startswith("udp ")]
        return {(address, int(port)) for _, address, port in lines}

    def attempt_at(self, base):
        """From evil to the ports of the host base + n by 01:80:c2:00:00:0n, as itself and as web; what arrives."""
        scene = self.scene
        for family in (4, 6):
            frames = []
            for last in range(16):
                reserved = dataclasses.replace(scene.gateway, mac=f"01:80:c2:00:00:{last:02x}")
                for who in (scene.evil, scene.web):
                    frames.append(scene.udp(who, reserved, base + last, b"reserved", family, mac=scene.evil.mac))
            scene.send(scene.evil, *frames, scene.udp(scene.evil, scene.gateway, base + self.HONEST, b"honest", family))
            witness = scene.evil.address(family), base + self.HONEST
            wait_until(lambda witness=witness: witness in self.receipts(), f"an honest IPv{family} datagram arrives")
        return {(address, port - base) for address, port in self.receipts() if base <= port < base + self.HONEST}

    def test_reserved_addresses(self):
        self.begin()
        arrived = self.attempt_at(6000)
        for last in self.OPEN:
            for who, name in ((self.scene.evil, "itself"), (self.scene.web, "web")):
                for family in (4, 6):
                    with self.subTest(f"open: to the host by 01:80:c2:00:00:{last:02x}, as {name}, IPv{family}"):
                        self.assertIn((who.address(family), last), arrived)
        if CONTROL_ONLY:
            return
        self.guard()
        with self.subTest("closed: to the host by 01:80:c2:00:00:00 to 0f"):
            self.assertEqual(self.attempt_at(6050), set())


if __name__ == "__main__":
    unittest.main()
