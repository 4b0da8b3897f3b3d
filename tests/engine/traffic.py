# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets between containers: doors tried, and streams with a record every millisecond."""
import os
import signal
import subprocess
import time

from docker_api import wait_until
from engine import probe_path
from pace import patience, wait_ms

# Less than TCP's first retransmission (1 s).  Where it is more, the probe calls a door that opened for the second packet
# late: a lost first packet is not made good in silence.
WAIT_MS = wait_ms(900)

NS_PER_MS = 1_000_000


def target(protocol, address, port=None):
    return f"icmp/{address}" if protocol == "icmp" else f"{protocol}/{address}/{port}"


def parse(text):
    """{target: (result, microseconds)} of what the probe printed."""
    results = {}
    for line in text.splitlines():
        name, result, duration = line.split()
        results[name] = (result, int(duration))
    return results


def try_all(wishes, milliseconds=WAIT_MS):
    """wishes: a list of (container, [target …]); all at once.  A list of results in the same order."""
    running = [
        subprocess.Popen(
            container.inside(probe_path(), "connect", str(milliseconds), *targets), stdout=subprocess.PIPE, text=True
        )
        for container, targets in wishes
    ]
    return [parse(process.communicate(timeout=patience(60))[0]) for process in running]


def try_one(container, wanted, milliseconds=WAIT_MS):
    """"open", "late", "refused", "silent" or the error's name."""
    return try_all([(container, [wanted])], milliseconds)[0][wanted][0]


class Stream:
    """Both ends send a numbered record every millisecond; what arrives where is on record."""

    def __init__(self, client, server, protocol, port, family=4, network=None):
        self.name = f"{client.name}-{server.name}-{protocol}-{port}-{family}-{time.monotonic_ns()}"
        directory = client.engine.directory
        self.logs = {"server": f"{directory}/{self.name}.server", "client": f"{directory}/{self.name}.client"}
        self.processes = []
        listener = subprocess.Popen(
            server.inside(probe_path(), "stream", self.logs["server"], protocol, "listen", str(port)),
            stdout=subprocess.PIPE,
            text=True,
        )
        self.processes.append(listener)
        assert listener.stdout.readline() == "listening\n"
        sender = client.inside(
            probe_path(), "stream", self.logs["client"], protocol, server.address(network, family), str(port)
        )
        self.processes.append(subprocess.Popen(sender, stderr=subprocess.DEVNULL))

    def records(self, end):
        """(number, sent, arrived) of each record that came to that end ("server" or "client"), in nanoseconds."""
        found = []
        try:
            with open(self.logs[end], encoding="ascii") as file:
                for line in file:
                    fields = line.split()
                    if line.endswith("\n") and len(fields) == 3 and fields[0].isdigit():
                        found.append(tuple(map(int, fields)))
        except FileNotFoundError:
            pass
        return found

    def arrived_since(self, end, when):
        return [record for record in self.records(end) if record[1] >= when]

    def runs(self):
        """Records that are sent from now on arrive on both ends."""
        now = time.monotonic_ns()
        wait_until(
            lambda: all(len(self.arrived_since(end, now)) >= 20 for end in ("server", "client")),
            f"the stream {self.name} runs in both directions",
            10,
        )

    def silent_since(self, when):
        """Nothing that was sent after `when` arrived, on either end, in half a second of trying."""
        wait_until(lambda: time.monotonic_ns() > when + 500 * NS_PER_MS, "half a second", 2)
        return {end: len(self.arrived_since(end, when)) for end in ("server", "client")}

    def lost(self, end, since, until):
        """How many of the records that were sent in that time did not arrive.  Scheduling plays no part in it."""
        numbers = [number for number, sent, _ in self.records(end) if since <= sent <= until]
        assert numbers, f"{self.name}: nothing arrived at the {end}"
        return numbers[-1] - numbers[0] + 1 - len(numbers)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait()
            if process.stdout:
                process.stdout.close()
        for path in self.logs.values():
            if os.path.exists(path):
                os.unlink(path)
