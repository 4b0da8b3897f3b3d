# SPDX-License-Identifier: GPL-2.0-or-later
"""The service under measurement: started like the engine tests do it, its debug log read line by line as it comes."""
import os
import re
import subprocess
import threading
import time

from bulkhead import Bulkhead, Notifications, program_path
from docker_api import wait_until

# enforcer/service/service.c prints this line after each change's commit.
COST = re.compile(
    r"cost: (?P<what>[a-z ]+):(?: engine (?P<engine>\d+) us,)? work (?P<work>\d+) us, commit (?P<commit>\d+) us,"
    r" \+(?P<added>\d+) -(?P<removed>\d+)"
)


class Cost:
    """What one change took, in microseconds; `engine` is None where no single request stands behind it.
    The line was read at `wall` (CLOCK_REALTIME) and `monotonic`, both in nanoseconds: not before the commit."""

    def __init__(self, match, wall, monotonic):
        self.what = match["what"]
        self.engine = int(match["engine"]) if match["engine"] else None
        self.work, self.commit = int(match["work"]), int(match["commit"])
        self.added, self.removed = int(match["added"]), int(match["removed"])
        self.wall, self.monotonic = wall, monotonic


class Service(Bulkhead):
    """Bulkhead, with its log on a pipe."""

    def __init__(self, host):
        super().__init__(host, config={"log": "debug"})
        self.reader = None
        self.news = threading.Condition()
        self.costs = []
        self.tail = []

    def start(self, seconds=60, ready=True):
        if self.notifications:
            self.notifications.close()
        self.notifications = Notifications(f"{self.directory}/notify")
        self.wrote = True
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        environment["NOTIFY_SOCKET"] = self.notifications.path
        self.process = subprocess.Popen(
            self.engine.inside(*self.wrapper, program_path(), "run", *self.options),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self.reader = threading.Thread(target=self.read_log, args=(self.process.stderr,), daemon=True)
        self.reader.start()
        if ready:
            self.await_word("READY=1", seconds)
            # READY may come before the engine has answered; what counts is the snapshot.
            wait_until(self.follows_the_engine, lambda: f"no snapshot:\n{self.log_text()}", seconds)
        return self

    def read_log(self, pipe):
        with pipe:
            for raw in pipe:
                wall, monotonic = time.time_ns(), time.monotonic_ns()
                line = raw.decode(errors="replace").rstrip("\n")
                match = COST.search(line)
                with self.news:
                    if match:
                        self.costs.append(Cost(match, wall, monotonic))
                    else:
                        self.tail = self.tail[-200:] + [line]
                    self.news.notify_all()

    def mark(self):
        """For await_cost: changes from now on."""
        with self.news:
            return len(self.costs)

    def await_cost(self, since, condition, what, seconds=10):
        """The first change after the mark for which condition(cost) holds."""
        found = []

        def look():
            found[:] = [cost for cost in self.costs[since:] if condition(cost)]
            return found

        with self.news:
            if not self.news.wait_for(look, seconds):
                raise AssertionError(f"not within {seconds} s: {what}\n{self.log_text()}")
            return found[0]

    def log_text(self):
        return "\n".join(self.tail[-30:])

    def stop(self):
        status = super().stop()
        if self.reader:
            self.reader.join(10)
            self.reader = None
        return status

    def pid(self):
        """nsenter executes the program in its own place."""
        return self.process.pid
