# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets through a fault: on declared and undeclared paths, every millisecond, from before it until after it."""
import json
import os
import struct
import subprocess
import time

import engine as engines
import workers
from bulkhead import Bulkhead
from docker_api import wait_until
from faults.fault import FAULT, Fault
from fixtures import EngineTest, shop, specification
from pace import patience
from traffic import NS_PER_MS

PULSE = os.environ.get("BULKHEAD_PULSE", "")
RECORD = struct.Struct("=QQqq")
DECLARED, UNDECLARED = 9000, 9001
FLOW = {"from": "web", "to": "db", "ports": [f"{DECLARED}/udp"]}
# Far more than anything should take: how long a process waits for its turn on a busy machine is not what is tested.
GAP_MS = patience(5000)
LONG = os.environ.get("BULKHEAD_FAULTS_LONG") == "1"


class Path:
    """Of packets from one container to another."""

    def __init__(self, name, source, destination, target, declared=False):
        self.name, self.source, self.destination = name, source, destination
        self.target, self.declared = target, declared


def paths_between(web, db, stranger, network=None):
    """Two that FLOW declares; all others it does not."""

    def udp(destination, port, family=4):
        return f"udp/{destination.address(network, family)}/{port}"

    def raw(destination):
        return f"raw/eth0/{destination.macs[network] if network else next(iter(destination.macs.values()))}"

    return [
        Path("declared IPv4", web, db, udp(db, DECLARED), True),
        Path("declared IPv6", web, db, udp(db, DECLARED, 6), True),
        Path("another port", web, db, udp(db, UNDECLARED)),
        Path("another port, IPv6", web, db, udp(db, UNDECLARED, 6)),
        Path("a frame that is not IP", web, db, raw(db)),
        Path("the other way", db, web, udp(web, DECLARED)),
        Path("from a stranger", stranger, db, udp(db, DECLARED)),
        Path("from a stranger, IPv6", stranger, db, udp(db, DECLARED, 6)),
        Path("to a stranger", web, stranger, udp(stranger, UNDECLARED)),
    ]


class Pulse:
    """The packets of some paths, and who received which."""

    def __init__(self, directory, paths):
        self.paths, self.processes, self.logs, self.counts = paths, [], {}, {}
        stem = f"{directory}/pulse-{time.monotonic_ns()}"
        for destination in {path.destination for path in paths}:
            log = self.logs[destination] = f"{stem}-{destination.name}.log"
            receiver = subprocess.Popen(
                destination.inside(PULSE, "receive", log, "eth0", str(DECLARED), str(UNDECLARED)),
                stdout=subprocess.PIPE,
                text=True,
            )
            self.processes.append(receiver)
            assert receiver.stdout.readline() == "listening\n"
        for source in {path.source for path in paths}:
            counts = f"{stem}-{source.name}.counts"
            mine = [path for path in paths if path.source is source]
            for index, path in enumerate(mine):
                self.counts[path] = (counts, index)
            targets = [f"{paths.index(path)}={path.target}" for path in mine]
            self.processes.append(subprocess.Popen(source.inside(PULSE, "send", counts, *targets)))
            wait_until(lambda: os.path.exists(counts) and os.path.getsize(counts) >= 8, f"{source.name} sends")

    def sent(self, path):
        """How many, so far."""
        file, index = self.counts[path]
        with open(file, "rb") as counts:
            return struct.unpack_from("Q", counts.read(), 8 * index)[0]

    def arrived(self, path, since=0):
        """(number, sent, arrived) of those that were sent since then."""
        index = self.paths.index(path)
        with open(self.logs[path.destination], "rb") as log:
            data = log.read()
        data = data[: len(data) // RECORD.size * RECORD.size]
        return [record[1:] for record in RECORD.iter_unpack(data) if record[0] == index and record[2] >= since]

    def await_all(self, paths, seconds=15):
        """Some packet that is sent from now on arrives on each of them."""
        now = time.monotonic_ns()
        for path in paths:
            wait_until(lambda: self.arrived(path, now), f"packets arrive: {path.name}", seconds)

    def declared(self):
        return [path for path in self.paths if path.declared]

    def undeclared(self):
        return [path for path in self.paths if not path.declared]

    def leaked(self, since):
        """{name: how many} of undeclared packets that were sent since then and arrived."""
        found = {path.name: len(self.arrived(path, since)) for path in self.undeclared()}
        return {name: count for name, count in found.items() if count}

    def gap_ms(self, path, since, until, awake=0):
        """The longest time between two packets that arrived, by when they were sent: what was lost, and not how busy
        the machine is.  A pause of the sender itself does not count, nor does what was before `awake`."""
        sent = [record for record in self.arrived(path, since - 50 * NS_PER_MS) if record[1] <= until]
        pairs = [(a, b) for a, b in zip(sent, sent[1:]) if b[0] != a[0] + 1]
        gaps = [(b[1] - max(a[1], awake)) / NS_PER_MS for a, b in pairs]
        if not sent:
            return (until - since) / NS_PER_MS
        return max([*gaps, 0, (until - sent[-1][1]) / NS_PER_MS - 100])

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        for path in {*self.logs.values(), *(file for file, _ in self.counts.values())}:
            if os.path.exists(path):
                os.unlink(path)


class FaultTest(EngineTest):
    """web, db and a stranger; packets on every path, each seen to arrive before bulkhead is there."""

    network = "bridge"

    def setUp(self):
        super().setUp()
        self.prepare()

    def prepare(self):
        for path in (PULSE, FAULT):
            assert os.access(path, os.R_OK), f"{path!r} is missing: start with run.py --build DIR"
        self.fault = Fault(self.bulkhead.directory)
        self.addCleanup(self.fault.close)
        self.sent_before = 0

    def run_containers(self, **options):
        names = [specification("shop", "web"), specification("shop", "db"), specification("other", "stranger")]
        self.web, self.db, self.stranger = self.engine.run_all([{**one, "network": self.network, **options} for one in names])

    def begin_pulse(self, control=True):
        self.pulse = Pulse(self.bulkhead.directory, paths_between(self.web, self.db, self.stranger))
        self.addCleanup(self.pulse.close)
        if control:
            self.pulse.await_all(self.pulse.paths if self.icc else [])

    def begin(self, faulty=True, **options):
        """Control, then the service, then only what is declared."""
        self.run_containers()
        self.begin_pulse()
        self.bulkhead.write_flows(shop(FLOW))
        if faulty:
            self.bulkhead.wrapper = self.fault.wrapper
        self.bulkhead.start(**options)
        self.bulkhead.settle()
        self.pulse.await_all(self.pulse.declared())
        self.since = time.monotonic_ns()

    def end_fault(self, name, what, since=None, leaks=0, awake=0, **more):
        """The fault is over: packets flow where they are declared, and nowhere else did one arrive, if `leaks` is 0.  The
        gap counts from `awake` on: before that the test itself had stopped the service."""
        since = since or self.since
        self.pulse.await_all(self.pulse.declared())
        until = time.monotonic_ns()
        leaked = self.pulse.leaked(since)
        gap = max(self.pulse.gap_ms(path, since, until, awake) for path in self.pulse.declared())
        sent = sum(self.pulse.sent(path) for path in self.pulse.undeclared())
        sent, self.sent_before = sent - self.sent_before, sent
        self.tell({"fault": name, "then": what, "gap_ms": round(gap, 1), "sent": sent, "passed": sum(leaked.values()), **more})
        if leaks is not None:
            self.assertLessEqual(sum(leaked.values()), leaks, leaked)
        self.assertLess(gap, GAP_MS, "declared packets were lost for so long")
        return gap

    def log_since(self, at):
        return self.bulkhead.log_text()[at:]

    def tell(self, line):
        workers.say("    " + json.dumps(line, ensure_ascii=False))
        if path := os.environ.get("BULKHEAD_FAULTS_TABLE"):
            with open(path, "a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")


class OwnEngine(FaultTest):
    """Nobody else has to live with a ruleset that was flushed."""

    flags = True
    live_restore = True

    @classmethod
    def setUpClass(cls):
        cls.own = engines.make(icc=cls.icc, live_restore=cls.live_restore).start()
        cls.addClassCleanup(cls.own.destroy)

    def setUp(self):
        self.engine = self.own
        self.engine.reset()
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)
        self.prepare()

    def begin_here(self):
        self.fault.no_flags = 0 if self.flags else 1
        self.begin()

    def nft(self, *arguments, text=None):
        return self.engine.run_inside("nft", *arguments, check=False, input=text)
