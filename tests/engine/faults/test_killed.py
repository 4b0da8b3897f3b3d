# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 at every step of what the service does, and at random moments; the next one takes over without a gap."""
import os
import random
import signal
import time
import unittest

from docker_api import wait_until
from faults.common import FLOW, LONG, FaultTest
from fixtures import shop

MOMENTS = 500 if LONG else 40
# Before and after each of these; and of the others, most of which leave nothing half done, before and after so many.
NAMED = ("transaction", "rename", "fsync", "unlink", "mkdir")
OTHERS = 100000 if LONG else 10


class Killed(FaultTest):
    def change(self):
        """Each start finds something to do."""
        self.round = getattr(self, "round", 0) + 1
        self.bulkhead.write_flows(shop(FLOW, {"from": "web", "to": "db", "ports": [f"{10000 + self.round}/tcp"]}))

    def ended(self):
        process = self.bulkhead.process
        if process and process.poll() is not None:
            # The service has given up the right to send a signal: then it ends on an instruction that is none.
            self.assertIn(process.returncode, (-signal.SIGKILL, -signal.SIGILL), self.bulkhead.log_text()[-2000:])
            self.bulkhead.process = None
        return not self.bulkhead.process

    def state_is_whole(self):
        """What the next boot would read: the old list or the new one."""
        path = f"{self.bulkhead.state_directory}/bridges"
        if os.path.exists(path):
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), "docker0\n")

    def steps_of(self, do):
        """The names of what the service does from `do` until it has settled."""
        self.fault.begin()
        do()
        self.bulkhead.settle()
        return self.fault.names()

    def start(self):
        self.change()
        self.bulkhead.start(ready=False)

    def clear(self):
        self.bulkhead.stop()
        self.bulkhead.must("clear")

    @staticmethod
    def chosen(names):
        """Numbers of steps, the first is 1."""
        named = [number for number, name in enumerate(names, 1) if name in NAMED]
        others = [number for number, name in enumerate(names, 1) if name not in NAMED]
        return sorted(named + random.sample(others, min(OTHERS, len(others))))

    def kill_at_each(self, numbers, do):
        """How many of them it came to."""
        killed = 0
        for number in numbers:
            self.fault.begin(stop_at=number)
            do()
            if self.is_reached(number):
                killed += 1
            else:
                self.bulkhead.kill()
            self.state_is_whole()
        return killed

    def is_reached(self, number):
        """Once it has heard the engine and written what there was to be written, it does nothing more by itself."""
        wait_until(lambda: self.ended() or self.bulkhead.follows_the_engine(), f"step {number} is reached", 30)
        idle = time.monotonic() + 2
        wait_until(lambda: self.ended() or time.monotonic() > idle, "it is idle")
        return self.ended()

    def test_at_every_step_of_a_start(self):
        self.begin()
        self.bulkhead.stop()
        names = self.steps_of(self.start)
        self.bulkhead.kill()
        self.assertIn("transaction", names)
        numbers = self.chosen(names)
        killed = self.kill_at_each(numbers, self.start)
        self.assertGreater(killed, len(numbers) * 2 / 3)
        self.fault.begin()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.end_fault("kill -9 at each step of a start", "the next start takes over", times=killed)

    def test_at_every_step_of_the_first_start(self):
        """Nothing is in the kernel before: closed from the transaction on, never half."""
        self.begin()
        self.clear()
        names = self.steps_of(self.start)
        killed = 0
        for number in self.chosen(names):
            self.clear()
            killed += self.kill_at_each([number], self.start)
            tables = self.engine.run_inside("nft", "list", "tables").stdout
            self.assertEqual("inet bulkhead" in tables, "bridge bulkhead" in tables, tables)
        self.fault.begin()
        self.bulkhead.start()
        self.bulkhead.settle()
        since = time.monotonic_ns()
        self.assertTrue(self.pulse.leaked(self.since), "between two rounds nothing was closed: what passes is seen")
        self.end_fault("kill -9 at each step of the first start", "both tables or none", since, times=killed)

    def test_at_every_step_of_a_reload(self):
        self.begin()

        def reload():
            self.change()
            self.bulkhead.process.send_signal(signal.SIGHUP)

        names = self.steps_of(reload)
        numbers = self.chosen(names)

        def start_and_reload():
            stop_at, self.fault.stop_at = self.fault.stop_at, 0
            self.bulkhead.start()
            self.bulkhead.settle()
            self.fault.begin(stop_at=stop_at)
            reload()

        self.bulkhead.kill()
        killed = self.kill_at_each(numbers, start_and_reload)
        self.fault.begin()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.end_fault("kill -9 at each step of a reload", "the next start takes over", times=killed)

    def test_at_random_moments(self):
        """While a container comes and goes, too."""
        self.begin(faulty=False)
        generator = random.Random(5)
        for number in range(MOMENTS):
            if number % 10 == 5:
                guest = self.engine.run(f"guest-{number}", network=self.network)
            if number % 10 == 9:
                guest.remove()
            time.sleep(generator.uniform(0, 0.1))
            self.bulkhead.kill()
            self.start()
        self.bulkhead.settle()
        self.state_is_whole()
        self.end_fault("kill -9 at random moments", "the next start takes over", times=MOMENTS)


if __name__ == "__main__":
    unittest.main()
