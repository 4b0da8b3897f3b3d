# SPDX-License-Identifier: GPL-2.0-or-later
"""Frames and packets, built byte by byte, so that they can also be wrong."""
import ipaddress
import itertools
import socket
import struct

BROADCAST = "ff:ff:ff:ff:ff:ff"
ARP, IPV4, IPV6, VLAN, QINQ = 0x0806, 0x0800, 0x86DD, 0x8100, 0x88A8
HOPOPTS, ICMP, IGMP, IPIP, TCP, UDP, DCCP, SIT, ROUTING, FRAGMENT, GRE, ESP, AH, ICMP6, NONEXT, DSTOPTS = (
    0, 1, 2, 4, 6, 17, 33, 41, 43, 44, 47, 50, 51, 58, 59, 60,
)  # fmt: skip
OSPF, VRRP, L2TP, SCTP, UDPLITE = 89, 112, 115, 132, 136
SYN, RST, ACK, FIN = 0x02, 0x04, 0x10, 0x01

_numbers = itertools.count(1)


def new_mark():
    return f"bhmark:{next(_numbers):08x}"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return ipaddress.ip_address(address).packed


def mac_bytes(mac):
    return bytes.fromhex(mac.replace(":", ""))


def link_local(mac):
    """The address that the kernel makes of a MAC (EUI-64)."""
    raw = mac_bytes(mac)
    return str(ipaddress.IPv6Address(b"\xfe\x80" + bytes(6) + bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:]))


def multicast_mac(address):
    raw = packed(address)
    if len(raw) == 4:
        return "01:00:5e:" + ":".join(f"{byte:02x}" for byte in (raw[1] & 0x7F, raw[2], raw[3]))
    return "33:33:" + ":".join(f"{byte:02x}" for byte in raw[12:])


# -- layer 2


def ether(source, destination, ethertype, payload):
    return mac_bytes(destination) + mac_bytes(source) + struct.pack("!H", ethertype) + payload


def tagged(frame, *tags):
    """The frame with tags (ethertype, TCI) put in, the outermost first."""
    return frame[:12] + b"".join(struct.pack("!HH", *tag) for tag in tags) + frame[12:]


def snap(source, destination, ethertype, payload):
    """IEEE 802.3 with a length, LLC and SNAP."""
    body = b"\xaa\xaa\x03\0\0\0" + struct.pack("!H", ethertype) + payload
    return ether(source, destination, len(body), body)


def arp(operation, sender_mac, sender, target_mac, target, trailer=b""):
    fixed = struct.pack("!HHBBH", 1, IPV4, 6, 4, operation)
    return fixed + mac_bytes(sender_mac) + packed(sender) + mac_bytes(target_mac) + packed(target) + trailer


# -- layer 3


def ipv4(source, destination, protocol, payload, ttl=64, options=b"", fragment=0, identification=None, **wrong):
    """wrong: version, ihl (in words), length that the header claims."""
    words = 5 + len(options) // 4
    header = struct.pack(
        "!BBHHHBBH4s4s",
        wrong.get("version", 4) << 4 | wrong.get("ihl", words),
        0,
        wrong.get("length", words * 4 + len(payload)),
        new_identification() if identification is None else identification,
        fragment,
        ttl,
        protocol,
        0,
        packed(source),
        packed(destination),
    )
    header += options
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(source, destination, protocol, payload, hops=64, **wrong):
    length = wrong.get("length", len(payload))
    return (
        struct.pack("!IHBB", wrong.get("version", 6) << 28, length, protocol, hops)
        + packed(source)
        + packed(destination)
        + payload
    )


def ip(source, destination, protocol, payload, **options):
    if ":" in destination:
        return ipv6(source, destination, protocol, payload, **options)
    return ipv4(source, destination, protocol, payload, **options)


def options_header(following, data=b""):
    """A hop-by-hop or destination options header, padded to eight bytes."""
    body = bytes(2) + data
    padding = -len(body) % 8
    if padding == 1:
        body += b"\0"
    elif padding:
        body += bytes([1, padding - 2]) + bytes(padding - 2)
    return bytes([following, len(body) // 8 - 1]) + body[2:]


def routing_header(following, kind, address):
    return bytes([following, 2, kind, 0]) + bytes(4) + packed(address)


def new_identification():
    """Of a datagram in fragments: what is left of another one must not be taken for its part."""
    return next(_numbers) & 0xFFFF


def fragment_header(following, offset, more, identification):
    return struct.pack("!BBHI", following, 0, offset << 3 | more, identification)


def split_before_message(frame):
    """An IPv6 frame as two fragments: the first ends in the chain of headers, so that nobody who looks at it alone knows
    which message follows."""
    ethernet, header, message = frame[:14], frame[14:54], frame[54:]
    identification = new_identification()
    parts = [
        fragment_header(60, 0, 1, identification) + options_header(60),
        fragment_header(60, 1, 0, identification) + options_header(header[6]) + message,
    ]
    return [
        ethernet + header[:4] + struct.pack("!HB", len(part), 44) + header[7:] + part
        for part in parts
    ]


# -- layer 4: the addresses go into the checksum


def pseudo_header(source, destination, protocol, length):
    if ":" in destination:
        return packed(source) + packed(destination) + struct.pack("!II", length, protocol)
    return packed(source) + packed(destination) + struct.pack("!BBH", 0, protocol, length)


def summed(source, destination, protocol, segment, place):
    value = checksum(pseudo_header(source, destination, protocol, len(segment)) + segment)
    return segment[:place] + struct.pack("!H", value or 0xFFFF) + segment[place + 2 :]


def udp(source, destination, source_port, port, payload):
    segment = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    return summed(source, destination, UDP, segment, 6)


def udplite(source, destination, source_port, port, payload):
    segment = struct.pack("!HHHH", source_port, port, 8 + len(payload), 0) + payload
    return summed(source, destination, UDPLITE, segment, 6)


def tcp(source, destination, source_port, port, payload, flags=SYN):
    segment = struct.pack("!HHIIBBHHH", source_port, port, 1000, 1 if flags & ACK else 0, 0x50, flags, 8192, 0, 0)
    return summed(source, destination, TCP, segment + payload, 16)


def icmp(source, destination, kind, code, rest, payload):
    """Of the destination's family; rest: the 32 bits behind the checksum."""
    message = struct.pack("!BBHI", kind, code, 0, rest) + payload
    if ":" in destination:
        return summed(source, destination, ICMP6, message, 2)
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def nd_option(kind, data):
    data += bytes(-(len(data) + 2) % 8)
    return bytes([kind, (len(data) + 2) // 8]) + data


def advertisement(source, destination, target, mac, mark, flags=0x60000000):
    """A neighbour advertisement; the mark is in an option that no one knows."""
    options = nd_option(2, mac_bytes(mac)) + nd_option(200, mark)
    return ipv6(
        source,
        destination,
        ICMP6,
        icmp(source, destination, 136, 0, flags, packed(target) + options),
        hops=255,
    )


def solicitation(source, destination, target, mac, mark):
    options = (nd_option(1, mac_bytes(mac)) if mac else b"") + nd_option(200, mark)
    return ipv6(source, destination, ICMP6, icmp(source, destination, 135, 0, 0, packed(target) + options), hops=255)


def router_advertisement(source, destination, mac, mark, prefix="2001:db8:bad::"):
    """A default router, a prefix and a name server."""
    body = struct.pack("!II", 0, 0)
    body += nd_option(1, mac_bytes(mac))
    body += nd_option(3, struct.pack("!BBIII", 64, 0xC0, 3600, 3600, 0) + packed(prefix))
    body += nd_option(25, bytes(2) + struct.pack("!I", 3600) + packed(source)) + nd_option(200, mark)
    return ipv6(source, destination, ICMP6, icmp(source, destination, 134, 0, 64 << 24 | 3600, body), hops=255)


def solicited_node(address):
    return str(ipaddress.IPv6Address(packed("ff02::1:ff00:0")[:13] + packed(address)[13:]))


def sctp(source_port, port, payload):
    """A DATA chunk under CRC32c."""
    chunk = struct.pack("!BBHIHHI", 0, 3, 16 + len(payload), 1, 0, 0, 0) + payload + bytes(-len(payload) % 4)
    header = struct.pack("!HHI", source_port, port, 1)
    value = crc32c(header + bytes(4) + chunk)
    return header + struct.pack("<I", value) + chunk


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value ^ 0xFFFFFFFF


def dhcp_offer(server, client_mac, address, mark):
    """BOOTP reply with an address, a router and a name server: all of them the attacker's."""
    body = struct.pack("!BBBBIHH4s4s4s4s", 2, 1, 6, 0, 1, 0, 0, bytes(4), packed(address), packed(server), bytes(4))
    body += mac_bytes(client_mac) + bytes(10 + 64 + 128) + b"\x63\x82\x53\x63"
    body += b"\x35\x01\x02" + b"\x36\x04" + packed(server) + b"\x03\x04" + packed(server) + b"\x06\x04" + packed(server)
    return body + b"\x2b" + bytes([len(mark)]) + mark + b"\xff"


def host_bits(address, network_length, value):
    """An address of the same network with another host part."""
    network = ipaddress.ip_network(f"{address}/{network_length}", strict=False)
    return str(network[value])


def is_ipv4(address):
    try:
        socket.inet_aton(address)
    except OSError:
        return False
    return ":" not in address
