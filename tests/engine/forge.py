# SPDX-License-Identifier: GPL-2.0-or-later
"""Run inside a container's network namespace: sends, or waits for, an ICMP error about somebody else's connection.

    forge.py send DESTINATION PEER PORT LOCAL_PORT   port unreachable, quoting DESTINATION:LOCAL_PORT -> PEER:PORT (udp)
    forge.py await SENDER                            prints who sends such errors, until SENDER ("-": nobody) does
"""
import socket
import struct
import sys


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def error(destination, peer, port, local_port):
    udp = struct.pack("!HHHH", local_port, port, 16, 0) + b"forgery."
    inner = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(destination), socket.inet_aton(peer)
    )
    inner = inner[:10] + struct.pack("!H", checksum(inner)) + inner[12:]
    message = struct.pack("!BBHI", 3, 3, 0, 0) + inner + udp
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def main():
    icmp = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    if sys.argv[1] == "send":
        destination, peer, port, local_port = sys.argv[2:]
        icmp.sendto(error(destination, peer, int(port), int(local_port)), (destination, 0))
        return
    print("waiting", flush=True)
    while True:
        packet, sender = icmp.recvfrom(2048)
        if packet[20] == 3:
            print(sender[0], flush=True)
            if sender[0] == sys.argv[2]:
                return


if __name__ == "__main__":
    main()
