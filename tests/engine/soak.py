#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Thousands of containers that start and stop under one service: does it grow, does the kernel stay right?

First against the fake engine, with the real kernel in a network namespace, then against a real engine.  All along the
service has the same number of containers to keep; so what it has allocated (heap.c counts it) and its descriptors,
looked at a hundred times when it has caught up, have to be the same in the last tenth as in the first.  At the end the kernel has to hold what flow files
and engine ask for: `bulkhead plan` says so, the flows are counted out a second time here, and on the real engine packets
are sent.
"""
import argparse
import collections
import json
import mmap
import os
import statistics
import struct
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
LOOKS = 100
# Containers that live at once, beside those that stay.
ALIVE = 20
# A look is the least of some readings: questions come and go.
READINGS = 8
READING_S = 0.1
# What may differ, in medians of a tenth of the looks: a question that is under way, the spare room of buffers.  A block
# that is lost by each of a hundred starts is more.
SLACK = {"bytes": 2**16, "blocks": 64, "descriptors": 0, "rss": 2**20}
SANITIZED = bool(os.environ.get("BULKHEAD_SANITIZED"))
# enforcer/docker/docker_client.c keeps 64 connections; others are notifications and the log.
SOCKETS_MAX = 70
# What libcurl keeps for each of them.
PER_SOCKET = {"bytes": 2**14, "blocks": 40}
PORTS = ["80/tcp", "443/tcp", "53/udp"]


class Grown(AssertionError):
    """The service, or what it left in the kernel, is not what it was, or has to be."""


class Heap:
    """The page that heap.c writes: what the process has allocated and not yet freed."""

    def __init__(self, directory):
        path = f"{directory}/heap"
        with open(path, "w+b") as file:
            file.truncate(mmap.PAGESIZE)
            self.page = mmap.mmap(file.fileno(), 0)
        self.wrapper = ["env", f"LD_PRELOAD={os.environ['BULKHEAD_HEAP_LIBRARY']}", f"BULKHEAD_HEAP={path}"]

    def read(self):
        return dict(zip(("bytes", "blocks"), struct.unpack_from("qq", self.page)))


class Looks:
    """Memory and descriptors of a service, and whether they stay."""

    def __init__(self, bulkhead, readings=1):
        self.readings = readings
        # Sanitizers have a malloc of their own, and find what is lost.
        self.heap = None if SANITIZED else Heap(bulkhead.directory)
        if self.heap:
            bulkhead.wrapper = self.heap.wrapper
        self.bulkhead = bulkhead.start()
        self.looks = []

    def look(self):
        found = [self.read()]
        for _ in range(1, self.readings):
            time.sleep(READING_S)
            found.append(self.read())
        self.looks.append({key: min(one[key] for one in found) for key in found[0]})

    def read(self):
        pid = self.bulkhead.process.pid
        sockets, descriptors = count_descriptors(pid)
        if sockets > SOCKETS_MAX:
            raise Grown(f"{sockets} sockets to the engine")
        look = {"descriptors": descriptors, "sockets": sockets}
        if self.heap:
            look.update(self.heap.read())
            if not look["blocks"]:
                raise Grown("nothing counts what the service allocates")
            with open(f"/proc/{pid}/statm", encoding="ascii") as file:
                look["rss"] = int(file.read().split()[1]) * mmap.PAGESIZE
        return look

    def tenths(self, key):
        values = [look[key] for look in self.looks]
        tenth = max(len(values) // 10, 1)
        return statistics.median(values[:tenth]), statistics.median(values[-tenth:])

    def judge(self):
        figures = {key: self.tenths(key) for key in self.looks[0]}
        few, many = figures["sockets"]
        for key, (first, last) in figures.items():
            if key in SLACK and last > first + SLACK[key] + PER_SOCKET.get(key, 0) * max(many - few, 0):
                raise Grown(f"{key}: {first:.0f} in the first tenth, {last:.0f} in the last")
        return figures


def count_descriptors(pid):
    """Unix sockets, and all others.  Connections to the engine are kept open for the next questions, as many as were
    once needed at the same time: how many that is differs, but not without end."""
    with open(f"/proc/{pid}/net/unix", encoding="utf-8", errors="replace") as file:
        unix = {line.split()[6] for line in file.readlines()[1:]}
    targets = []
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            targets.append(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            pass  # closed since
    sockets = sum(target[len("socket:["):-1] in unix for target in targets if target.startswith("socket:["))
    return sockets, len(targets) - sockets


def tell(name, starts, seconds, figures):
    spans = ", ".join(f"{key} {first:,.0f} -> {last:,.0f}" for key, (first, last) in figures.items())
    print(f"{name}: {starts} starts and stops in {seconds:.0f} s; {spans}", flush=True)


def flows_in_kernel(bulkhead):
    """Between containers: (source, destination, port), as `list` reads them from the kernel."""
    return {
        (flow["source"]["address"], flow["destination"].get("address", "anybody"), flow["ports"])
        for flow in bulkhead.list()["flows"]
        if flow["set"].rstrip("46") in ("flows", "ranges", "to_published") and "address" in flow["source"]
    }


# ---- The fake engine


def end_well(bulkhead):
    """A service with LeakSanitizer ends with another status if it has lost something."""
    status = bulkhead.stop()
    if status != 0:
        raise Grown(f"the service ended with {status}:\n{bulkhead.log_text()[-5000:]}")


def published(number):
    """The port of the host that a guest publishes: every tenth does."""
    return 20000 + number % 1000 if number % 10 == 0 else None


class FakeSoak:
    """One network of an app: web, which comes and goes, may reach db, which stays; nobody else anybody."""

    def __init__(self, starts):
        from fake import FakeHost

        self.starts = starts
        self.host = FakeHost(0, networks=2, per_network=10)
        self.bulkhead = None
        self.alive = collections.deque()

    def run(self):
        from bulkhead import Bulkhead

        self.host.start()
        try:
            self.bulkhead = Bulkhead(self.host)
            try:
                return self.soak()
            finally:
                self.bulkhead.close()
        finally:
            self.host.destroy()

    def begin_one(self, number):
        options = {"network": "app001_default", "app": "app001", "name": f"guest-{number}"}
        # Every fourth is of a service that no flow names.
        options["service"] = "stranger" if number % 4 == 0 else "guest"
        if published(number):
            options["ports"] = [f"{published(number)}:80"]
        self.alive.append(self.host.command("run", **options)["id"])
        if len(self.alive) > ALIVE:
            self.host.command("destroy", container=self.alive.popleft())

    def soak(self):
        self.bulkhead.write_flows(
            {"app": "app001", "flows": [{"from": "guest", "to": "db", "ports": PORTS}]},
            {"app": "app002", "flows": [{"from": "web", "to": "db", "ports": PORTS}]},
        )
        looks = Looks(self.bulkhead)
        for number in range(ALIVE):
            self.begin_one(number)
        self.bulkhead.settle()
        began = time.monotonic()
        step = max(self.starts // LOOKS, 1)
        for number in range(ALIVE, ALIVE + self.starts):
            self.begin_one(number)
            if number % step == 0:
                self.bulkhead.settle(30)
                looks.look()
        seconds = time.monotonic() - began
        self.bulkhead.settle(30)
        self.check_flows()
        figures = looks.judge()
        end_well(self.bulkhead)
        tell("fake engine", self.starts, seconds, figures)
        return {"starts": self.starts, "seconds": seconds, **figures}

    def check_flows(self):
        """By the engine's own word on who lives where, and by the names that the containers were given."""
        state = self.host.command("state")
        expected = set()
        for network, source in (("app001_default", "guest-"), ("app002_default", "app002-web-")):
            members = next(one["endpoints"] for one in state["networks"] if one["name"] == network)
            members = [member for one in members for member in one.values()]
            places = {one["Name"]: one["IPv4Address"].split("/")[0] for one in members}
            numbers = {name: int(name.split("-")[-1]) for name in places}
            senders = [name for name in places if name.startswith(source) and (source != "guest-" or numbers[name] % 4)]
            receivers = [name for name in places if "-db-" in name]
            # Whoever publishes a port reaches itself by it, as everybody reaches himself.
            for name in places:
                if name.startswith("guest-") and published(numbers[name]):
                    expected.add((places[name], places[name], "80/tcp"))
                    expected.add((places[name], "anybody", f"{published(numbers[name])}/tcp"))
            expected |= {
                (places[one], places[other], port) for one in senders for other in receivers for port in PORTS
            }
        found = flows_in_kernel(self.bulkhead)
        if found != expected:
            raise Grown(f"the kernel has {found - expected} too much and lacks {expected - found}")


# ---- A real engine


class RealSoak:
    """Web, which comes and goes, may reach db, which stays, at one of its ports."""

    def __init__(self, starts):
        self.starts = starts
        self.engine = self.bulkhead = None

    def run(self):
        import engine as engines
        from bulkhead import Bulkhead

        self.engine = engines.make(icc=True).start()
        try:
            self.bulkhead = Bulkhead(self.engine)
            try:
                return self.soak()
            finally:
                self.bulkhead.close()
        finally:
            self.engine.destroy()

    def batch(self, first, count, network):
        from fixtures import specification

        wishes = [
            specification("shop", "web" if number % 3 else "job", number, network=network)
            for number in range(first, first + count)
        ]
        return self.engine.run_all(wishes)

    def soak(self):
        from fixtures import SERVE, WEB_TO_DB, shop, specification

        network, together = "soak", 4
        self.engine.create_network(network)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        looks = Looks(self.bulkhead, READINGS)
        database = self.engine.run(**specification("shop", "db", command=SERVE, network=network))
        began, first = time.monotonic(), 1
        while first <= self.starts:
            containers = self.batch(first, min(together, self.starts + 1 - first), network)
            self.bulkhead.settle()
            looks.look()
            first += together
            if first <= self.starts:
                for container in containers:
                    container.remove()
        seconds = time.monotonic() - began
        self.check_packets(containers, database)
        figures = looks.judge()
        end_well(self.bulkhead)
        tell("real engine", self.starts, seconds, figures)
        return {"starts": self.starts, "seconds": seconds, **figures}

    def check_packets(self, containers, database):
        from fixtures import door
        from traffic import try_all

        for container in containers:
            declared, undeclared, back = door(database, 80), door(database, 81), door(container, 80)
            results = try_all([(container, [declared, undeclared]), (database, [back])])
            expected = "open" if "-web-" in container.name else "silent"
            said = [results[0][declared][0], results[0][undeclared][0], results[1][back][0]]
            if said != [expected, "silent", "silent"]:
                raise Grown(f"{container.name}: {said}, not {[expected, 'silent', 'silent']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build directory: where bulkhead, tests/probe and tests/libheap.so are")
    parser.add_argument("--fake", type=int, default=10000, help="starts with the fake engine (10000)")
    parser.add_argument("--real", type=int, default=300, help="starts with a real engine (300)")
    parser.add_argument("--json", help="write the figures to this file")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("the soak starts a Docker engine: run it as root")
    build = os.path.abspath(options.build)
    os.environ.setdefault("BULKHEAD", f"{build}/bulkhead")
    os.environ.setdefault("BULKHEAD_PROBE", f"{build}/tests/probe")
    os.environ.setdefault("BULKHEAD_HEAP_LIBRARY", f"{build}/tests/libheap.so")
    sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "bench")]
    import engine as engines

    figures, failed = {}, 0
    for name, kind, starts in (("fake", FakeSoak, options.fake), ("real", RealSoak, options.real)):
        if not starts:
            continue
        try:
            figures[name] = kind(starts).run()
        except Exception as error:  # pylint: disable=broad-except
            print(f"{name} engine: {error}", flush=True)
            if not isinstance(error, Grown):
                traceback.print_exc()
            failed += 1
    engines.destroy_all()
    for sentence in engines.all_leftovers():
        print(f"left behind: {sentence}")
        failed += 1
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=1)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
