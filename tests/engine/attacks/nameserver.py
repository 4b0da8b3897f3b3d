#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server for the namespace outside: ADDRESS is the answer to every question for an IPv4 address.

nameserver.py ADDRESS LISTEN…
"""
import select
import socket
import sys


def answer(question, address):
    """The question with one record behind it: type A, a minute."""
    header = question[:2] + b"\x81\x80\0\1\0\1\0\0\0\0"
    end = question.index(b"\0", 12) + 5
    if question[end - 4 : end - 2] != b"\0\1":  # no other record than the address
        return question[:2] + b"\x81\x80\0\1\0\0\0\0\0\0" + question[12:end]
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(address)
    return header + question[12:end] + record


def main():
    address, *places = sys.argv[1:]
    listeners = []
    for place in places:
        listener = socket.socket(socket.AF_INET6 if ":" in place else socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((place, 53))
        listeners.append(listener)
    print("listening", flush=True)
    while True:
        for listener in select.select(listeners, [], [])[0]:
            question, client = listener.recvfrom(2048)
            listener.sendto(answer(question, address), client)


if __name__ == "__main__":
    main()
