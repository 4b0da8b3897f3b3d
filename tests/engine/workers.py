# SPDX-License-Identifier: GPL-2.0-or-later
"""Test modules side by side: worker processes that are handed one name after the other."""
import fcntl
import json
import os
import selectors
import socket
import subprocess
import sys

from counts import ITSELF, Count

RUN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")


def default_jobs():
    """Most of the time a test waits for an engine: one more than there are processors."""
    return max(2, os.cpu_count() or 1) + 1


def say(text):
    """To stdout in one piece, whoever else writes there."""
    with open(__file__, "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print(text, flush=True)


class Channel:
    """The worker's end: a line with a name comes, a line of JSON goes."""

    def __init__(self, number):
        os.set_inheritable(number, False)
        self.socket = socket.socket(fileno=number)

    def names(self):
        """Ends when there are no more, or nobody is left to ask."""
        with self.socket.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                yield line.strip()

    def tell(self, what):
        try:
            self.socket.sendall(json.dumps(what).encode() + b"\n")
        except BrokenPipeError:
            pass


class Worker:
    """Its engines' names begin with a prefix of its own, so that what it leaves can be told."""

    def __init__(self, number, prefix, failfast):
        self.prefix = f"{prefix}{chr(ord('a') + number)}"
        self.name = None  # of what it runs
        self.left = None  # behind; None until it has said so
        self.received = b""
        self.socket, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, RUN, "--worker", str(theirs.fileno())] + ["--failfast"] * failfast
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                process_group=0,  # a terminal's ^C is ours to hand on
                env={**os.environ, "BULKHEAD_TEST_PREFIX": self.prefix},
            )

    def hand(self, name):
        """None: there is no more."""
        self.name = name
        try:
            if name is None:
                self.socket.shutdown(socket.SHUT_WR)
            else:
                self.socket.sendall(name.encode() + b"\n")
        except OSError:
            pass  # it has ended: its own end of the socket says so, too

    def hear(self):
        """What it told since; None when it has ended."""
        try:
            data = self.socket.recv(65536)
        except OSError:
            data = b""
        if not data:
            return None
        *lines, self.received = (self.received + data).split(b"\n")
        return [json.loads(line) for line in lines]


class Run:
    def __init__(self, names, jobs, failfast, prefix):
        self.names, self.failfast, self.prefix = list(names), failfast, prefix
        self.counts = {ITSELF: Count()}
        self.jobs, self.started = jobs, 0
        self.workers = []
        self.selector = selectors.DefaultSelector()

    def start_worker(self):
        worker = Worker(self.started % 26, self.prefix, self.failfast)
        self.started += 1
        self.workers.append(worker)
        self.selector.register(worker.socket, selectors.EVENT_READ, worker)
        worker.hand(self.names.pop(0))

    def listen(self, worker):
        told = worker.hear()
        if told is None:
            self.retire(worker)
            return
        for what in told:
            if "left" in what:
                worker.left = what["left"]
                self.counts[ITSELF].failed += bool(worker.left)
                continue
            count = self.counts[what["name"]] = Count(**what["count"])
            if count.failed and self.failfast:
                self.names.clear()
            worker.hand(self.names.pop(0) if self.names else None)

    def retire(self, worker):
        """One that ended before it said that it was done is a failure, and what it had is swept away."""
        import engine

        self.selector.unregister(worker.socket)
        worker.socket.close()
        status = worker.process.wait()
        self.workers.remove(worker)
        if status == 0 and worker.left is not None:
            return
        self.counts[ITSELF].failed += 1
        say(f"FAIL  a worker ended with {status} in {worker.name or 'its end'}")
        for sentence in engine.sweep(f"{worker.prefix}-{worker.process.pid}-"):
            say(f"left behind: {sentence}")
        if self.names and not self.failfast:
            self.start_worker()

    def to_the_end(self):
        try:
            while self.names and len(self.workers) < self.jobs:
                self.start_worker()
            while self.workers:
                for key, _ in self.selector.select():
                    self.listen(key.data)
        finally:
            for worker in self.workers:
                worker.process.terminate()
            for worker in self.workers:
                worker.process.wait()
        return self.counts


def run_all(names, jobs, failfast, prefix):
    """{name: Count}"""
    return Run(names, jobs, failfast, prefix).to_the_end()
