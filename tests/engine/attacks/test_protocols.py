# SPDX-License-Identifier: GPL-2.0-or-later
"""
Honest frames, with the sender's own addresses, in which something else is sent than what is declared: by link-local and
multicast addresses, in fragments and behind extension headers, as if it were an answer or an error, and by other
protocols.
"""
import struct
import unittest

from attacks.common import WITNESS_PORT, Attack, AttackTest, Party
from attacks.packets import (
    ACK,
    AH,
    BROADCAST,
    DCCP,
    DSTOPTS,
    ESP,
    FIN,
    FRAGMENT,
    GRE,
    HOPOPTS,
    ICMP,
    ICMP6,
    IGMP,
    IPIP,
    IPV4,
    IPV6,
    L2TP,
    NONEXT,
    OSPF,
    ROUTING,
    RST,
    SCTP,
    SIT,
    SYN,
    TCP,
    UDP,
    UDPLITE,
    VRRP,
    ether,
    fragment_header,
    icmp,
    ip,
    ipv4,
    ipv6,
    multicast_mac,
    new_identification,
    options_header,
    packed,
    routing_header,
    sctp,
    tcp,
    udp,
    udplite,
)

CLOSED = 82
SERVED = 80  # tcp and udp, declared for evil


def broadcast_of(address):
    return address.rpartition(".")[0] + ".255"


# -- link-local, multicast, broadcast


def local(kind, source="link_local", destination="link_local", port=CLOSED):
    def make(s, m):
        ends = getattr(s.evil, source), getattr(s.db, destination)
        if kind == "icmp":
            return s.carry(s.evil, s.db, ipv6(*ends, ICMP6, icmp(*ends, 128, 0, 1, m)))
        if kind == "udp":
            return s.carry(s.evil, s.db, ipv6(*ends, UDP, udp(*ends, 5000, port, m)))
        return s.carry(s.evil, s.db, ipv6(*ends, TCP, tcp(*ends, 5000, port, m)))

    return make


def to_group(address, source="v6", mac=None, port=CLOSED, protocol=UDP):
    """mac: where the frame goes; by default where the address says."""

    def make(s, m):
        group = address(s) if callable(address) else address
        ends = s.evil.v4 if "." in group else getattr(s.evil, source), group
        if protocol == UDP:
            packet = ip(*ends, UDP, udp(*ends, 5000, port, m))
        else:
            packet = ip(*ends, protocol, icmp(*ends, 8 if "." in group else 128, 0, 1, m))
        where = mac(s) if mac else BROADCAST if group.endswith(".255") else multicast_mac(group)
        return ether(s.evil.mac, where, IPV4 if "." in group else IPV6, packet)

    return make


def astray(family, port, mac):
    """A datagram for db in a frame for all, or for many."""

    def make(s, m):
        frame = s.udp(s.evil, s.db, port, m, family)
        return bytes.fromhex(mac.replace(":", "")) + frame[6:]

    return make


LOCAL = [
    Attack(f"{kind}, from {a} to {b} IPv6", local(kind, *ends))
    for kind in ("udp", "tcp", "icmp")
    for a, b, ends in (
        ("link-local", "link-local", ("link_local", "link_local")),
        ("link-local", "global", ("link_local", "v6")),
        ("global", "link-local", ("v6", "link_local")),
    )
] + [
    Attack("udp on a declared port, from link-local to link-local", local("udp", port=WITNESS_PORT)),
    Attack("udp on a declared port, from link-local to global", local("udp", "link_local", "v6", WITNESS_PORT)),
    Attack("udp on a declared port, from global to link-local", local("udp", "v6", "link_local", WITNESS_PORT)),
    Attack("multicast ff02::1", to_group("ff02::1")),
    Attack("multicast ff02::1 on a declared port", to_group("ff02::1", port=WITNESS_PORT)),
    Attack("multicast ff02::1, link-local source", to_group("ff02::1", "link_local")),
    Attack("ping to ff02::1", to_group("ff02::1", protocol=ICMP6)),
    Attack("mDNS, IPv6", to_group("ff02::fb", port=5353)),
    Attack("multicast ff05::2", to_group("ff05::2")),
    Attack("multicast ff0e::1:2", to_group("ff0e::1:2")),
    Attack("multicast 224.0.0.1", to_group("224.0.0.1")),
    Attack("multicast 224.0.0.1 on a declared port", to_group("224.0.0.1", port=WITNESS_PORT)),
    Attack("ping to 224.0.0.1", to_group("224.0.0.1", protocol=ICMP)),
    Attack("mDNS, IPv4", to_group("224.0.0.251", port=5353)),
    Attack("multicast 239.1.2.3", to_group("239.1.2.3")),
    Attack("multicast address, db's MAC, IPv4", to_group("224.0.0.1", mac=lambda s: s.db.mac)),
    Attack("multicast address, db's MAC, IPv6", to_group("ff02::1", mac=lambda s: s.db.mac)),
    Attack("broadcast 255.255.255.255", to_group("255.255.255.255")),
    Attack("broadcast 255.255.255.255, db's MAC", to_group("255.255.255.255", mac=lambda s: s.db.mac)),
    Attack("broadcast of the network", to_group(lambda s: broadcast_of(s.db.v4))),
    Attack("broadcast of the network on a declared port", to_group(lambda s: broadcast_of(s.db.v4), port=WITNESS_PORT)),
    Attack("ping to the network's broadcast", to_group(lambda s: broadcast_of(s.db.v4), protocol=ICMP)),
] + [
    Attack(f"for db, in a frame for {who}, IPv{family}, {what} port", astray(family, port, mac))
    for family in (4, 6)
    for who, mac in (("all", BROADCAST), ("many", "33:33:00:00:00:01"), ("nobody", "02:42:0b:ad:0b:ad"))
    for what, port in (("closed", CLOSED), ("declared", WITNESS_PORT))
]  # fmt: skip


# -- fragments and extension headers


def cut4(protocol, segment, sizes, overlap=0):
    """The segment in fragments of these sizes; overlap: how far each one reaches back into the one before."""

    def make(s, m):
        data, frames, offset, identification = segment(s, m), [], 0, new_identification()
        for number, size in enumerate([*sizes, None]):
            begin = max(offset - overlap, 0) if number else 0
            end = len(data) if size is None else offset + size
            more = 0 if size is None else 0x2000
            packet = ipv4(
                s.evil.v4, s.db.v4, protocol, data[begin:end], fragment=more | begin // 8, identification=identification
            )
            frames.append(s.carry(s.evil, s.db, packet))
            offset = end
        return frames

    return make


def cut6(protocol, segment, sizes):
    def make(s, m):
        data, frames, offset, identification = segment(s, m), [], 0, new_identification()
        for size in [*sizes, None]:
            end = len(data) if size is None else offset + size
            header = fragment_header(protocol, offset // 8, size is not None, identification)
            frames.append(s.carry(s.evil, s.db, ipv6(s.evil.v6, s.db.v6, FRAGMENT, header + data[offset:end])))
            offset = end
        return frames

    return make


def datagram(port, family=4, room=64):
    return lambda s, m: udp(s.evil.address(family), s.db.address(family), 5000, port, m + bytes(room))


def syn(port, family=4):
    return lambda s, m: tcp(s.evil.address(family), s.db.address(family), 5000, port, m + bytes(64))


def only_later(make):
    """The first fragment never comes."""
    return lambda s, m: make(s, bytes(24) + m)[1:]


def behind(*headers, port=CLOSED, last=UDP):
    """IPv6 extension headers, each (protocol, function of what follows), before a datagram."""

    def make(s, m):
        payload = udp(s.evil.v6, s.db.v6, 5000, port, m) if last == UDP else m + bytes(8)
        following = last
        for protocol, build in reversed(headers):
            payload = build(following, s) + payload
            following = protocol
        return s.carry(s.evil, s.db, ipv6(s.evil.v6, s.db.v6, following, payload))

    return make


def padding(following, _s):
    return options_header(following)


def alert(following, _s):
    return options_header(following, b"\5\2\0\0")


def unknown_option(following, _s):
    return options_header(following, b"\x1e\4abcd")


def atomic(following, _s):
    return fragment_header(following, 0, 0, new_identification())


def route_type(kind):
    return lambda following, s: routing_header(following, kind, s.db.v6)


def authentication(following, _s):
    return struct.pack("!BBHII", following, 4, 0, 1, 1) + bytes(12)


FORMS = [
    Attack("fragments, udp", cut4(UDP, datagram(CLOSED), [48])),
    Attack("fragments, tcp", cut4(TCP, syn(CLOSED), [48])),
    Attack("fragments, tcp, flags in the second one", cut4(TCP, syn(CLOSED), [8])),
    Attack("many fragments", cut4(UDP, datagram(CLOSED), [32, 8, 8, 8, 8])),
    Attack("a first fragment alone", lambda s, m: cut4(UDP, datagram(CLOSED), [48])(s, m)[:1], bridge_netfilter=False),
    Attack("a later fragment alone", only_later(cut4(UDP, datagram(CLOSED), [16])), bridge_netfilter=False),
    # To a port that is declared, in the first one; the next one writes over it.
    Attack("overlapping fragments", cut4(UDP, datagram(CLOSED), [48], overlap=48), bridge_netfilter=False),
    Attack("fragments that have a hole", lambda s, m: cut4(UDP, datagram(CLOSED), [48, 8])(s, m)[::2],
           bridge_netfilter=False),
    Attack("fragments, IPv6, udp", cut6(UDP, datagram(CLOSED, 6), [48])),
    Attack("fragments, IPv6, tcp", cut6(TCP, syn(CLOSED, 6), [48])),
    # The kernel's reassembly refuses this one.
    Attack("fragments, IPv6, tcp, flags in the second one", cut6(TCP, syn(CLOSED, 6), [8]), bridge_netfilter=False),
    Attack("a first fragment alone, IPv6", lambda s, m: cut6(UDP, datagram(CLOSED, 6), [48])(s, m)[:1],
           bridge_netfilter=False),
    Attack("a later fragment alone, IPv6", only_later(cut6(UDP, datagram(CLOSED, 6), [16])), bridge_netfilter=False),
    Attack("a fragment of a whole, IPv6", behind((FRAGMENT, atomic))),
    Attack("hop-by-hop options", behind((HOPOPTS, padding))),
    Attack("hop-by-hop options, router alert", behind((HOPOPTS, alert))),
    Attack("hop-by-hop options that nobody knows", behind((HOPOPTS, unknown_option))),
    Attack("destination options", behind((DSTOPTS, padding))),
    Attack("destination options that nobody knows", behind((DSTOPTS, unknown_option))),
    Attack("routing header 0", behind((ROUTING, route_type(0)))),
    Attack("routing header 2", behind((ROUTING, route_type(2)))),
    Attack("routing header 4", behind((ROUTING, route_type(4)))),
    Attack("routing header 253", behind((ROUTING, route_type(253)))),
    Attack("many headers", behind((HOPOPTS, alert), *[(DSTOPTS, padding)] * 20)),
    Attack("options in the wrong order", behind((DSTOPTS, padding), (HOPOPTS, padding)), bridge_netfilter=False),
    Attack("authentication header, IPv6", behind((AH, authentication))),
    Attack("options before a fragment", behind((DSTOPTS, padding), (FRAGMENT, atomic))),
    Attack("nothing behind the header", behind(last=NONEXT)),
    Attack("nothing behind options", behind((DSTOPTS, padding), last=NONEXT)),
    Attack("a header that nobody knows", behind((DSTOPTS, padding), last=253)),
    Attack("fragments of a declared datagram", cut4(UDP, datagram(SERVED), [48]), declared=True),
    Attack("fragments of a declared datagram, IPv6", cut6(UDP, datagram(SERVED, 6), [48]), declared=True),
    Attack("a declared datagram of 4000 bytes", cut4(UDP, datagram(SERVED, room=3960), [1480, 1480]), declared=True),
    Attack("a declared datagram", lambda s, m: s.udp(s.evil, s.db, SERVED, m), declared=True),
    Attack("a declared datagram, IPv6", lambda s, m: s.udp(s.evil, s.db, SERVED, m, 6), declared=True),
    Attack("a declared connection", lambda s, m: s.tcp(s.evil, s.db, SERVED, m), declared=True),
    Attack("a declared connection, IPv6", lambda s, m: s.tcp(s.evil, s.db, SERVED, m, 6), declared=True),
    Attack("a declared ping", lambda s, m: s.echo(s.web, s.db, m), "web", declared=True),
    Attack("a declared ping, IPv6", lambda s, m: s.echo(s.web, s.db, m, 6), "web", declared=True),
]  # fmt: skip


# -- as if it were an answer

SEEN = (5000, 81)  # web's flow to db that has been there just now


def web_speaks(s):
    """A declared datagram each, so that conntrack knows this flow."""
    return [s.udp(s.web, s.db, SEEN[1], b"hello", family, source_port=SEEN[0]) for family in (4, 6)]


def web_asks(s):
    """The same on the port that evil may use, too."""
    return [s.udp(s.web, s.db, 80, b"hello", family, source_port=SEEN[0]) for family in (4, 6)]


def answer(source_port, port, family=4, flags=None):
    """From db to web."""

    def make(s, m):
        if flags is None:
            return s.udp(s.db, s.web, port, m, family, source_port=source_port)
        return s.tcp(s.db, s.web, port, m, family, source_port=source_port, flags=flags)

    return make


ANSWERS = [
    Attack(f"db to web, from port {source}, {name}, IPv{family}", answer(source, 6000, family, flags), "db", "web")
    for family in (4, 6)
    for source in (80, 81, 53)
    for name, flags in (("udp", None), ("SYN", SYN), ("SYN+ACK", SYN | ACK), ("ACK", ACK), ("RST", RST), ("FIN", FIN | ACK))
    if flags is None or source == 81
] + [
    Attack("evil to db, from port 81", lambda s, m: s.udp(s.evil, s.db, 5000, m, source_port=81)),
    Attack("evil to db, from port 53", lambda s, m: s.udp(s.evil, s.db, 5000, m, source_port=53)),
    Attack("evil to db, ACK without a connection", lambda s, m: s.tcp(s.evil, s.db, CLOSED, m, flags=ACK)),
    Attack("evil to db, SYN+ACK", lambda s, m: s.tcp(s.evil, s.db, CLOSED, m, flags=SYN | ACK)),
    Attack("evil to db, all flags", lambda s, m: s.tcp(s.evil, s.db, CLOSED, m, flags=0xFF)),
    Attack("evil to db, no flags", lambda s, m: s.tcp(s.evil, s.db, CLOSED, m, flags=0)),
    Attack("unasked echo reply", lambda s, m: s.echo(s.evil, s.db, m, reply=True)),
    Attack("unasked echo reply, IPv6", lambda s, m: s.echo(s.evil, s.db, m, 6, reply=True)),
    Attack("unasked echo reply of db to web", lambda s, m: s.echo(s.db, s.web, m, reply=True), "db", "web"),
    Attack("ping", lambda s, m: s.echo(s.evil, s.db, m)),
    Attack("ping, IPv6", lambda s, m: s.echo(s.evil, s.db, m, 6)),
    Attack("ping of db to web", lambda s, m: s.echo(s.db, s.web, m), "db", "web"),
] + [
    attack
    for family in (4, 6)
    for attack in (
        Attack(f"beside web's flow: db to another port, IPv{family}", answer(81, SEEN[0] + 1, family), "db", "web",
               prelude=("web", web_speaks)),
        Attack(f"beside web's flow: db from another port, IPv{family}", answer(82, SEEN[0], family), "db", "web",
               prelude=("web", web_speaks)),
        Attack(f"beside web's flow: db by tcp, IPv{family}", answer(81, SEEN[0], family, SYN), "db", "web",
               prelude=("web", web_speaks)),
        Attack(f"beside web's flow: evil with its ports, IPv{family}", lambda s, m, family=family: s.udp(
               s.evil, s.web, SEEN[0], m, family, source_port=81), victim="web", prelude=("web", web_speaks)),
        Attack(f"the answer in web's flow, IPv{family}", answer(81, SEEN[0], family), "db", "web",
               prelude=("web", web_speaks), declared=True),
    )
]  # fmt: skip


# -- errors and other ICMP


def error(family, kind, code, quoted, rest=0, sender="evil", victim="db"):
    """quoted: (source, destination, source port, port) of the datagram that the error is about."""

    def make(s, m):
        ends = getattr(s, sender).address(family), getattr(s, victim).address(family)
        addresses = [getattr(s, name).address(family) for name in quoted[:2]]
        inner = ip(*addresses, UDP, udp(*addresses, *quoted[2:], m))
        message = icmp(*ends, kind, code, rest, inner)
        return s.carry(getattr(s, sender), getattr(s, victim), ip(*ends, ICMP if family == 4 else ICMP6, message))

    return make


ERRORS = [
    Attack(f"ICMP error {kind}/{code} about {what}, IPv{family}", error(family, kind, code, quoted, rest),
           prelude=("web", web_speaks) if "web's flow" in what else ())
    for what, quoted in (
        ("nothing", ("db", "evil", 4000, 4001)),
        ("web's flow", ("db", "web", 81, SEEN[0])),
        ("web's flow as if db had opened it", ("db", "web", SEEN[0], 81)),
        ("a stranger's", ("web", "gateway", 4000, 4001)),
    )
    for family, kind, code, rest in (
        (4, 3, 1, 0), (4, 3, 3, 0), (4, 3, 4, 68), (4, 4, 0, 0), (4, 11, 0, 0), (4, 12, 0, 0),
        (6, 1, 4, 0), (6, 2, 0, 1280), (6, 3, 0, 0), (6, 4, 0, 0),
    )
] + [
    # The port is one that evil may use too, so that only whose connection it is can tell.
    Attack(f"ICMP error {kind}/{code} about web's connection to a port that both may use, IPv{family}",
           error(family, kind, code, ("db", "web", 80, SEEN[0]), rest), prelude=("web", web_asks))
    for family, kind, code, rest in ((4, 3, 1, 0), (4, 3, 4, 600), (6, 1, 4, 0), (6, 2, 0, 1280))
] + [
    Attack("ICMP error about rubbish", lambda s, m: s.carry(s.evil, s.db, ipv4(s.evil.v4, s.db.v4, ICMP,
           icmp(s.evil.v4, s.db.v4, 3, 3, 0, m * 3)))),
    Attack("ICMPv6 error about rubbish", lambda s, m: s.carry(s.evil, s.db, ipv6(s.evil.v6, s.db.v6, ICMP6,
           icmp(s.evil.v6, s.db.v6, 1, 4, 0, m * 3)))),
    Attack("an error about web's flow, to web", error(4, 3, 3, ("web", "db", *SEEN), victim="web"), victim="web",
           prelude=("web", web_speaks)),
    Attack("an error about web's flow, to web, IPv6", error(6, 1, 4, ("web", "db", *SEEN), victim="web"), victim="web",
           prelude=("web", web_speaks)),
    Attack("db's error about web's flow", error(4, 3, 3, ("web", "db", *SEEN), 0, "db", "web"), "db", "web",
           prelude=("web", web_speaks), declared=True),
    Attack("db's error about web's flow, IPv6", error(6, 1, 4, ("web", "db", *SEEN), 0, "db", "web"), "db", "web",
           prelude=("web", web_speaks), declared=True),
] + [
    Attack(f"ICMP type {kind}", lambda s, m, kind=kind: s.carry(s.evil, s.db, ipv4(s.evil.v4, s.db.v4, ICMP,
           icmp(s.evil.v4, s.db.v4, kind, 0, 1, m))))
    for kind in (9, 10, 13, 14, 15, 17, 18, 30, 37, 42, 253)
] + [
    Attack(f"ICMPv6 type {kind}", lambda s, m, kind=kind: s.carry(s.evil, s.db, ipv6(s.evil.v6, s.db.v6, ICMP6,
           icmp(s.evil.v6, s.db.v6, kind, 0, 1, bytes(16) + m), hops=255)))
    for kind in (130, 131, 132, 133, 138, 139, 140, 141, 142, 143, 144, 148, 151, 160, 200)
] + [
    # By address these are neighbour discovery, by hop limit they came from elsewhere.
    Attack(f"ICMPv6 type {kind} from afar", lambda s, m, kind=kind: s.carry(s.evil, s.db, ipv6(s.evil.v6, s.db.v6, ICMP6,
           icmp(s.evil.v6, s.db.v6, kind, 0, 0x60000000, packed(s.evil.v6) + b"\xc8\3" + m), hops=64)))
    for kind in (135, 136)
]  # fmt: skip


# -- other protocols


def protocol(number, payload=lambda s, m: m + bytes(16), family=4):
    def make(s, m):
        return s.carry(
            s.evil, s.db, ip(s.evil.address(family), s.db.address(family), number, payload(s, m))
        )

    return make


def inside(family):
    """A datagram as web, in a packet that a tunnel's end would unpack."""

    def make(s, m):
        ends = s.web.address(family), s.db.address(family)
        return ip(*ends, UDP, udp(*ends, 5000, 81, m))

    return make


def gre(family):
    return lambda s, m: struct.pack("!HH", 0, IPV4 if family == 4 else IPV6) + inside(family)(s, m)


def ports(*numbers):
    """Where most protocols have them; the port is one that is declared for udp and tcp."""
    return lambda s, m: struct.pack("!HH", 5000, SERVED) + bytes(8) + m


def vxlan(s, m):
    inner = Party(s.web.mac, s.web.v4, s.web.v6)
    return s.udp(s.evil, s.db, 4789, b"\x08\0\0\0\0\0\1\0" + s.udp(inner, s.db, 81, m))


def sctp_to(port):
    return lambda s, m: sctp(5000, port, m)


def udplite_to(port, family):
    return lambda s, m: udplite(s.evil.address(family), s.db.address(family), 5000, port, m)


OTHERS = [
    Attack(f"{name}, IPv{family}", protocol(number, payload, family))
    for family in (4, 6)
    for name, number, payload in (
        ("SCTP to a closed port", SCTP, sctp_to(CLOSED)),
        ("SCTP to a port that is declared for udp", SCTP, sctp_to(SERVED)),
        ("UDP-Lite", UDPLITE, udplite_to(SERVED, family)),
        ("DCCP", DCCP, ports()),
        ("IPv4 in IP", IPIP, inside(4)),
        ("IPv6 in IP", SIT, inside(6)),
        ("GRE with IPv4", GRE, gre(4)),
        ("GRE with IPv6", GRE, gre(6)),
        ("ESP", ESP, lambda s, m: struct.pack("!II", 0x100, 1) + m + bytes(16)),
        ("AH", AH, lambda s, m: authentication(UDP, s) + udp(s.evil.address(family), s.db.address(family), 1, 80, m)),
        ("IGMP", IGMP, lambda s, m: b"\x16\0\0\0\xe0\0\0\x09" + m),
        ("OSPF", OSPF, lambda s, m: b"\2\1" + bytes(22) + m),
        ("VRRP", VRRP, lambda s, m: b"\x31\1\x64\1" + bytes(4) + m),
        ("L2TP", L2TP, lambda s, m: bytes(4) + m),
        ("protocol 253", 253, ports()),
        ("protocol 255", 255, ports()),
    )
] + [
    Attack("protocol 0", protocol(0)),
    Attack("VXLAN", vxlan),
    Attack("ICMP in IPv6", protocol(ICMP, lambda s, m: icmp("::1", s.db.v4, 8, 0, 1, m), 6)),
    Attack("ICMPv6 in IPv4", protocol(ICMP6, lambda s, m: icmp(s.evil.v4, s.db.v4, 8, 0, 1, m))),
    Attack("tcp to a port that is declared for udp", lambda s, m: s.tcp(s.evil, s.db, WITNESS_PORT, m)),
    Attack("udp to port 0", lambda s, m: s.udp(s.evil, s.db, 0, m)),
    Attack("tcp to port 0", lambda s, m: s.tcp(s.evil, s.db, 0, m)),
    Attack("udp without a header", lambda s, m: s.carry(s.evil, s.db, ipv4(s.evil.v4, s.db.v4, UDP, bytes(2),
           options=b"\x9e\x12" + m + b"\0" * 3))),
]  # fmt: skip


class Local(AttackTest):
    def test_local_and_multicast(self):
        self.begin()
        self.carry_out(LOCAL)


class Forms(AttackTest):
    def test_fragments_and_headers(self):
        self.begin()
        self.carry_out(FORMS)


class Answers(AttackTest):
    def test_answers_to_nothing(self):
        self.begin()
        self.carry_out(ANSWERS)


class Errors(AttackTest):
    def test_icmp(self):
        self.begin()
        self.carry_out(ERRORS)


class Protocols(AttackTest):
    def test_other_protocols(self):
        self.begin()
        self.carry_out(OTHERS)


if __name__ == "__main__":
    unittest.main()
