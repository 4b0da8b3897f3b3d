# SPDX-License-Identifier: GPL-2.0-or-later
"""
Addresses of others: as the source of packets to a port that only their holder may open, in ARP and neighbour discovery,
and as one who gives addresses and routes.  The bridge's own memory of who is where is a way in, too.
"""
import json
import unittest

from attacks.common import CONTROL_ONLY, STREAM_PORT, WITNESS_PORT, Attack, AttackTest
from attacks.packets import (
    ARP,
    BROADCAST,
    HOPOPTS,
    ICMP,
    ICMP6,
    IPV4,
    TCP,
    UDP,
    VLAN,
    advertisement,
    arp,
    dhcp_offer,
    ether,
    host_bits,
    icmp,
    ip,
    ipv4,
    ipv6,
    multicast_mac,
    nd_option,
    new_mark,
    options_header,
    packed,
    router_advertisement,
    solicitation,
    split_before_message,
    solicited_node,
    tagged,
    tcp,
    udp,
)
from docker_api import wait_until
from engine import probe_path

ALL_NODES = "ff02::1"
NOBODY = "00:00:00:00:00:00"


def forged(protocol, family, mac="own", source="web", port=81):
    """As web to db, on what only web may; `mac`: whose is in the frame."""

    def make(s, m):
        sender = getattr(s, source)
        ethernet = s.evil.mac if mac == "own" else getattr(s, mac).mac
        if protocol == "icmp":
            return s.echo(sender, s.db, m, family, mac=ethernet)
        build = s.udp if protocol == "udp" else s.tcp
        return build(sender, s.db, port, m, family, mac=ethernet)

    return make


def from_address(address, port=81):
    """From an address that is no container's; `address` may be a function of the scene."""

    def make(s, m):
        source = address(s) if callable(address) else address
        destination = s.db.address(6 if ":" in source else 4)
        packet = ip(source, destination, UDP, udp(source, destination, 5000, port, m))
        return s.carry(s.evil, s.db, packet)

    return make


def arp_frame(operation, sender_mac, sender, target, destination="db", ethernet="evil"):
    """sender_mac, ethernet: whose MAC; sender, target: whose IPv4 address; destination: who gets the frame, or all."""

    def make(s, m):
        mac = BROADCAST if destination == "all" else getattr(s, destination).mac
        address = sender if "." in sender else getattr(s, sender).v4
        message = arp(operation, getattr(s, sender_mac).mac, address, mac if operation == 2 else NOBODY,
                      getattr(s, target).v4, m)  # fmt: skip
        return ether(getattr(s, ethernet).mac, mac, ARP, message)

    return make


def advertise(source, target, mac="evil", to_all=False, ethernet="evil", link_local=False, flags=0x60000000):
    """A neighbour advertisement: `target` is at the MAC of `mac`; says `source`."""

    def make(s, m):
        says, who = getattr(s, source), getattr(s, target)
        where = ALL_NODES if to_all else s.db.v6
        packet = advertisement(
            says.link_local if link_local else says.v6, where, who.v6, getattr(s, mac).mac, m, flags
        )
        return ether(getattr(s, ethernet).mac, multicast_mac(where) if to_all else s.db.mac, 0x86DD, packet)

    return make


def solicit(source, mac="evil", source_mac="evil"):
    """A neighbour solicitation for db, from an address that is somebody else's: the receiver learns from it."""

    def make(s, m):
        where = solicited_node(s.db.v6)
        packet = solicitation(getattr(s, source).v6, where, s.db.v6, getattr(s, mac).mac, m)
        return ether(getattr(s, source_mac).mac, multicast_mac(where), 0x86DD, packet)

    return make


def duplicate_address(s, m):
    """"Is web's address mine?", asked from ::, so that web's holder should doubt it."""
    where = solicited_node(s.web.v6)
    return ether(s.evil.mac, multicast_mac(where), 0x86DD, solicitation("::", where, s.web.v6, None, m))


def router(source, destination="all", mac="evil"):
    def make(s, m):
        where = ALL_NODES if destination == "all" else s.db.link_local
        sender = getattr(s, source)
        packet = router_advertisement(sender.link_local, where, getattr(s, mac).mac, m)
        return ether(s.evil.mac, multicast_mac(where) if destination == "all" else s.db.mac, 0x86DD, packet)

    return make


def redirect6(s, m):
    """"The way to web is by me", says the gateway."""
    ends = s.gateway.link_local, s.db.v6
    body = packed(s.evil.link_local) + packed(s.web.v6) + nd_option(200, m)
    return ether(s.evil.mac, s.db.mac, 0x86DD, ipv6(*ends, ICMP6, icmp(*ends, 137, 0, 0, body), hops=255))


def redirect4(s, m):
    inner = ipv4(s.db.v4, "198.51.100.9", UDP, udp(s.db.v4, "198.51.100.9", 5000, 53, m))
    ends = s.gateway.v4, s.db.v4
    hop = int.from_bytes(packed(s.evil.v4), "big")
    return s.carry(s.evil, s.db, ipv4(*ends, ICMP, icmp(*ends, 5, 1, hop, inner)))


def dhcp(broadcast, source=None):
    def make(s, m):
        server = source(s) if source else s.evil.v4
        where = "255.255.255.255" if broadcast else s.db.v4
        packet = ipv4(server, where, UDP, udp(server, where, 67, 68, dhcp_offer(s.evil.v4, s.db.mac, s.db.v4, m)))
        return ether(s.evil.mac, BROADCAST if broadcast else s.db.mac, IPV4, packet)

    return make


def dhcp6(s, m):
    ends = s.evil.link_local, s.db.link_local
    advert = b"\x02\0\0\1" + b"\0\x17\0\x10" + packed(s.evil.v6) + b"\0\x11" + len(m).to_bytes(2, "big") + m
    return s.carry(s.evil, s.db, ipv6(*ends, UDP, udp(*ends, 547, 546, advert)))


def unused4(s):
    return host_bits(s.db.v4, 24, 200)


def unused6(s):
    return host_bits(s.db.v6, 64, 0xBAD)


SOURCES = [
    Attack(f"{protocol} as web, IPv{family}, {whose} MAC", forged(protocol, family, mac))
    for family in (4, 6)
    for protocol in ("udp", "tcp", "icmp")
    for mac, whose in (("own", "own"), ("web", "web's"), ("gateway", "the gateway's"))
] + [
    Attack(f"own address, IPv{family}, {mac}'s MAC", forged("udp", family, mac, "evil"))
    for family in (4, 6)
    for mac in ("web", "gateway")
] + [
    Attack(f"{protocol} as the gateway, IPv{family}, {whose} MAC", forged(protocol, family, mac, "gateway"))
    for family in (4, 6)
    for protocol in ("udp", "tcp", "icmp")
    for mac, whose in (("own", "own"), ("gateway", "its"))
] + [
    Attack(f"as {what}", from_address(address))
    for what, address in [
        ("an address that nobody has, IPv4", unused4),
        ("an address that nobody has, IPv6", unused6),
        ("the world, IPv4", "198.51.100.10"),
        ("the world, IPv6", "2001:db8:51::10"),
        ("another network, IPv4", "10.9.9.9"),
        ("nobody, IPv4", "0.0.0.0"),
        ("nobody, IPv6", "::"),
        ("broadcast", "255.255.255.255"),
        ("multicast, IPv4", "224.0.0.1"),
        ("multicast, IPv6", "ff02::1"),
        ("loopback, IPv4", "127.0.0.1"),
        ("loopback, IPv6", "::1"),
        ("the victim itself, IPv4", lambda s: s.db.v4),
        ("the victim itself, IPv6", lambda s: s.db.v6),
        ("web's IPv4 in IPv6", lambda s: f"::ffff:{s.web.v4}"),
        ("a link-local address that is not its own", "fe80::bad"),
        ("web's link-local address", lambda s: s.web.link_local),
        ("the gateway's link-local address", lambda s: s.gateway.link_local),
    ]
] + [
    Attack("to what web has open already, as web: a reset of its stream", lambda s, m: s.carry(s.evil, s.db,
           ip(s.web.v4, s.db.v4, TCP, tcp(s.web.v4, s.db.v4, 5000, STREAM_PORT, m, flags=4)))),
    Attack("fragment as web", lambda s, m: s.carry(s.evil, s.db, ipv4(s.web.v4, s.db.v4, UDP,
           udp(s.web.v4, s.db.v4, 5000, 81, m + bytes(43)), fragment=0x4000))),
    Attack("to web, as db: an answer that db never gave", lambda s, m: s.udp(s.db, s.web, 5000, m, source_port=81,
           mac=s.evil.mac), victim="web"),
    Attack("to web, as db, IPv6", lambda s, m: s.udp(s.db, s.web, 5000, m, 6, source_port=81,
           mac=s.evil.mac), victim="web"),
]  # fmt: skip

# ARP passes bridges with ICC off like any other.
ADDRESSES = [
    Attack(f"ARP: {name}", frames, icc_off=True)
    for name, frames in [
        ("web is at evil, unasked answer", arp_frame(2, "evil", "web", "db")),
        ("web is at evil, answer to all", arp_frame(2, "evil", "web", "db", "all")),
        ("gratuitous for web, request", arp_frame(1, "evil", "web", "web", "all")),
        ("gratuitous for web, answer", arp_frame(2, "evil", "web", "web", "all")),
        ("question from web's address", arp_frame(1, "evil", "web", "db", "all")),
        ("question from web's address, to db alone", arp_frame(1, "evil", "web", "db")),
        ("web is at web, in evil's frame", arp_frame(2, "web", "web", "db")),
        ("web is at web, in web's frame", arp_frame(2, "web", "web", "db", ethernet="web")),
        ("evil is at web", arp_frame(2, "web", "evil", "db")),
        ("evil is at evil, in web's frame", arp_frame(2, "evil", "evil", "db", ethernet="web")),
        ("evil is at the gateway", arp_frame(2, "gateway", "evil", "db")),
        ("the gateway is at evil, answer", arp_frame(2, "evil", "gateway", "db")),
        ("the gateway is at evil, question", arp_frame(1, "evil", "gateway", "db", "all")),
        ("db is at evil", arp_frame(2, "evil", "db", "db", "all")),
        ("an address of another network", arp_frame(2, "evil", "198.51.100.10", "db")),
        ("probe for web's address from 0.0.0.0", arp_frame(1, "evil", "0.0.0.0", "web", "all")),
    ]
]

DISCOVERY = [
    Attack("advertisement: web is at evil", advertise("web", "web")),
    Attack("advertisement: web is at evil, to all", advertise("web", "web", to_all=True)),
    Attack("advertisement: web is at evil, in web's frame", advertise("web", "web", ethernet="web")),
    Attack("advertisement: web is at web, in evil's frame", advertise("web", "web", mac="web")),
    Attack("advertisement: the gateway is at evil", advertise("gateway", "gateway")),
    Attack("advertisement: the gateway is at evil, a router", advertise("gateway", "gateway", flags=0xE0000000)),
    Attack("solicitation from web's address", solicit("web")),
    Attack("solicitation from web's address, in web's frame", solicit("web", source_mac="web")),
    Attack("solicitation from the gateway's address", solicit("gateway")),
    Attack("question for web's address from ::", duplicate_address, victim="web"),
    Attack("router advertisement from evil", router("evil")),
    Attack("router advertisement from evil to db", router("evil", "db")),
    Attack("router advertisement as the gateway", router("gateway")),
    Attack("redirect as the gateway, IPv6", redirect6),
    Attack("redirect as the gateway, IPv4", redirect4),
    Attack("DHCP offer to all", dhcp(True)),
    Attack("DHCP offer to db", dhcp(False)),
    Attack("DHCP offer as the gateway", dhcp(True, lambda s: s.gateway.v4)),
    Attack("DHCP offer from 0.0.0.0", dhcp(True, lambda s: "0.0.0.0")),
    Attack("DHCPv6 advertisement", dhcp6),
]


AT_HOST = [
    Attack(f"at the host: {name}", frames, victim="gateway", icc_off=True)
    for name, frames in [
        ("ARP, web is at evil", arp_frame(2, "evil", "web", "gateway", "gateway")),
        ("ARP, web is at evil, to all", arp_frame(2, "evil", "web", "web", "all")),
        ("ARP, question from web's address", arp_frame(1, "evil", "web", "gateway", "gateway")),
        ("ARP, the gateway itself is at evil", arp_frame(2, "evil", "gateway", "gateway", "all")),
        ("udp as web", lambda s, m: s.udp(s.web, s.gateway, 80, m, mac=s.evil.mac)),
        ("udp as web, web's MAC", lambda s, m: s.udp(s.web, s.gateway, 80, m)),
        ("udp as web, IPv6", lambda s, m: s.udp(s.web, s.gateway, 80, m, 6, mac=s.evil.mac)),
        ("tcp as web", lambda s, m: s.tcp(s.web, s.gateway, 80, m, mac=s.evil.mac)),
        ("udp from an address that nobody has", lambda s, m: s.carry(s.evil, s.gateway, ipv4(
            unused4(s), s.gateway.v4, UDP, udp(unused4(s), s.gateway.v4, 5000, 80, m)))),
        ("udp as the world", lambda s, m: s.carry(s.evil, s.gateway, ipv4(
            "198.51.100.10", s.gateway.v4, UDP, udp("198.51.100.10", s.gateway.v4, 5000, 80, m)))),
        ("own address, web's MAC", lambda s, m: s.udp(s.evil, s.gateway, 80, m, mac=s.web.mac)),
        ("priority tag", lambda s, m: tagged(s.udp(s.evil, s.gateway, 80, m), (VLAN, 0))),
        ("VLAN", lambda s, m: tagged(s.udp(s.evil, s.gateway, 80, m), (VLAN, 5))),
        ("another ethertype", lambda s, m: ether(s.evil.mac, s.gateway.mac, 0x88B5, m + bytes(46))),
        ("advertisement: web is at evil", lambda s, m: ether(s.evil.mac, s.gateway.mac, 0x86DD, advertisement(
            s.web.v6, s.gateway.v6, s.web.v6, s.evil.mac, m))),
        ("router advertisement", lambda s, m: ether(s.evil.mac, multicast_mac(ALL_NODES), 0x86DD, router_advertisement(
            s.evil.link_local, ALL_NODES, s.evil.mac, m))),
    ]
]  # fmt: skip


class Spoofing:
    def test_spoofing(self):
        self.begin()
        self.carry_out(SOURCES + ADDRESSES + DISCOVERY + AT_HOST)


class SpoofingIccOn(Spoofing, AttackTest):
    icc = True


class SpoofingIccOff(Spoofing, AttackTest):
    icc = False


class Consequences(AttackTest):
    """What forged frames do to those who believe them."""

    def neighbours(self, party):
        """{address: MAC} as the container, or the host, has learnt them."""
        command = ["ip", "-j", "neigh", "show"]
        said = self.engine.run_inside(*(party.container.inside(*command) if party.container else command)).stdout
        return {one["dst"]: one["lladdr"] for one in json.loads(said or "[]") if "lladdr" in one}

    def routes(self, party):
        return self.engine.run_inside(*party.container.inside("ip", "-6", "route", "show")).stdout

    def meet(self):
        """db and the host know web's addresses."""
        scene = self.scene
        for one in (scene.db, scene.gateway):
            command = [probe_path(), "connect", "300", f"udp/{scene.web.v4}/80", f"udp/{scene.web.v6}/80"]
            self.engine.run_inside(*(one.container.inside(*command) if one.container else command), check=False)

    def poison(self, believer):
        scene, mark = self.scene, new_mark().encode()
        frames = [
            arp_frame(2, "evil", "web", "db")(scene, mark),
            arp_frame(1, "evil", "web", "db", "all")(scene, mark),
            ether(scene.evil.mac, believer.mac, ARP,
                  arp(2, scene.evil.mac, scene.web.v4, believer.mac, believer.v4, mark)),
            ether(scene.evil.mac, believer.mac, 0x86DD, advertisement(
                scene.web.v6, believer.v6, scene.web.v6, scene.evil.mac, mark)),
            router("evil")(scene, mark),
        ]  # fmt: skip
        self.scene.send(scene.evil, *frames)

    def advertise_falsely(self, split=False):
        """From evil's own addresses, which the guard lets pass: what it says of web must not come with it."""
        scene, mark = self.scene, new_mark().encode()
        for link_local in (False, True):
            for to_all in (False, True):
                frame = advertise("evil", "web", to_all=to_all, link_local=link_local)(scene, mark)
                scene.send(scene.evil, *(split_before_message(frame) if split else [frame]))

    def test_false_advertisements(self):
        self.refute_advertisements()

    def test_false_advertisements_behind_a_chain_of_headers(self):
        """The message stands in the second fragment, and the first does not tell what it is."""
        self.refute_advertisements(split=True)

    def refute_advertisements(self, **how):
        self.begin()
        scene = self.scene

        def believes():
            self.meet()
            self.advertise_falsely(**how)
            return scene.web.v6 in self.believed(scene.db)

        with self.subTest("open: db believes what evil says in its own name"):
            wait_until(believes, lambda: f"{self.neighbours(scene.db)}", 10, 0.2)
        if CONTROL_ONLY:
            return
        scene.forget_neighbours()
        self.guard()
        with self.subTest("closed: db believes nothing"):
            for _ in range(10):
                self.assertFalse(believes(), self.neighbours(scene.db))
            self.assertEqual(self.neighbours(scene.db).get(scene.web.v6), scene.web.mac)

    def believed(self, believer):
        """Which of web's addresses it takes for evil's."""
        known = self.neighbours(believer)
        return [
            address
            for address in (self.scene.web.v4, self.scene.web.v6)
            if known.get(address) == self.scene.evil.mac
        ]

    def test_poisoned_neighbours_and_routes(self):
        self.begin()
        scene = self.scene
        for believer in (scene.db, scene.gateway):

            def poisoned(one=believer):
                self.meet()
                self.poison(one)
                return len(self.believed(one)) == 2

            with self.subTest(f"open: {'db' if believer is scene.db else 'the host'} believes that evil is web"):
                wait_until(poisoned, lambda one=believer: f"poisoned: {self.neighbours(one)}", 10, 0.2)
        with self.subTest("open: db takes evil for a router"):
            wait_until(
                lambda: f"via {scene.evil.link_local}" in self.routes(scene.db), lambda: self.routes(scene.db), 5
            )
        if CONTROL_ONLY:
            return
        self.engine.run_inside(*scene.db.container.inside("ip", "-6", "route", "flush", "proto", "ra"), check=False)
        self.engine.run_inside("ip", "neigh", "flush", "all")
        scene.forget_neighbours()
        self.guard()
        stream = self.stream(scene.web.container, scene.db.container, "tcp", STREAM_PORT)
        for believer in (scene.db, scene.gateway):
            with self.subTest(f"closed: {'db' if believer is scene.db else 'the host'} believes nothing"):
                self.meet()
                for _ in range(10):
                    self.poison(believer)
                    known = self.neighbours(believer)
                    for address in (scene.web.v4, scene.web.v6):
                        self.assertEqual(known.get(address), scene.web.mac, address)
        self.assertNotIn(f"via {scene.evil.link_local}", self.routes(scene.db))
        stream.runs()

    def steal(self):
        """evil sends as db's MAC, so that the bridge looks for db there; then web sends to db what only db should get."""
        scene, mark, later = self.scene, new_mark(), new_mark()
        for _ in range(3):
            scene.send(
                scene.evil,
                ether(scene.db.mac, scene.gateway.mac, 0x88B5, bytes(46)),
                scene.udp(scene.evil, scene.gateway, 9, b"", mac=scene.db.mac),
                ether(scene.db.mac, BROADCAST, ARP, arp(1, scene.db.mac, scene.db.v4, NOBODY, scene.gateway.v4)),
            )
            scene.send(scene.web, scene.udp(scene.web, scene.db, WITNESS_PORT, mark.encode()))
        scene.send(scene.web, scene.udp(scene.web, scene.evil, WITNESS_PORT, later.encode()))
        return mark, later

    def overhear(self):
        """web's frame to a MAC that the bridge does not know (any more) goes to all ports."""
        scene, mark, later = self.scene, new_mark(), new_mark()
        astray = bytearray(scene.udp(scene.web, scene.db, WITNESS_PORT, mark.encode()))
        astray[:6] = bytes.fromhex("02420bad0bad")
        scene.send(scene.web, bytes(astray), scene.udp(scene.web, scene.evil, WITNESS_PORT, later.encode()))
        return mark, later

    def test_theft(self):
        """What is meant for another one does not come to evil."""
        self.begin()
        acts = {"evil takes db's place at the bridge": self.steal, "evil hears what goes to all ports": self.overhear}
        heard = self.scene.evil.listener
        for name, act in acts.items():
            with self.subTest(f"open: {name}"):
                heard.expect(act()[0], name)
        if CONTROL_ONLY:
            return
        self.scene.forget_neighbours()
        self.guard()
        for name, act in acts.items():
            with self.subTest(f"closed: {name}"):
                mark, later = act()
                heard.expect(later, "web's declared packet to evil arrives")
                self.assertEqual(heard.heard(mark), [])
                if act == self.steal:
                    self.assertNotEqual(self.scene.db.listener.heard(mark), [], "db gets what is meant for it")


if __name__ == "__main__":
    unittest.main()
