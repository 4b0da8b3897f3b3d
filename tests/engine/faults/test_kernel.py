# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel refuses, the disk is full."""
import errno
import os
import subprocess
import time
import unittest

from docker_api import wait_until
from faults import fault
from faults.common import FLOW
from faults.test_engine import EngineTestCase
from fixtures import shop
from pace import patience


class Refused(EngineTestCase):
    def test_transactions(self):
        self.begin()
        for kind, error, name in (
            (fault.UNSENT, errno.ENOMEM, "no memory for a transaction"),
            (fault.UNSENT, errno.ENOBUFS, "no buffers for a transaction"),
            (fault.REFUSED, errno.ENOMEM, "a transaction is refused: ENOMEM"),
            (fault.REFUSED, errno.EPERM, "a transaction is refused: EPERM"),
        ):
            with self.subTest(name):
                since = time.monotonic_ns()
                log = len(self.bulkhead.log_text())
                self.fault.error = error
                self.fault.transaction = kind
                guest = self.guest()
                wait_until(lambda: os.strerror(error) in self.log_since(log), lambda: f"it says so: {self.log_since(log)}")
                wait_until(lambda: self.log_since(log).count("trying again in") >= 2, "it tries again")
                self.assertFalse(self.knows(guest))
                self.fault.transaction = 0
                wait_until(lambda: self.knows(guest), "it is told afterwards", 20)
                self.bulkhead.settle()
                guest.remove()
                self.end_fault(name, "nothing of it is applied; retried", since)

    def test_answers_are_lost(self):
        """Who waits for an answer that was lost waits in vain: the service goes on, and says so."""
        self.begin()
        self.bulkhead.stop()
        log = len(self.bulkhead.log_text())
        self.fault.small_buffers = 2
        self.bulkhead.start()
        wait_until(lambda: self.log_since(log).count("trying again in") >= 3, lambda: self.log_since(log))
        self.assertEqual(self.bulkhead.stop(), 0)
        self.fault.small_buffers = 0
        self.bulkhead.start()
        self.bulkhead.settle()
        self.end_fault("the kernel's answers are lost", "tried again; the rules stay")

    def test_missing_expression(self):
        """On an empty kernel: nothing can be closed, and that is said, by name, and to whoever watches over it."""
        self.run_containers()
        self.begin_pulse()
        self.bulkhead.write_flows(shop(FLOW))
        self.bulkhead.wrapper = self.fault.wrapper
        self.fault.expression("dynset")
        self.bulkhead.start(ready=False)
        wait_until(lambda: "trying again in" in self.bulkhead.log_text(), "it tries again")
        self.assertRegex(self.bulkhead.log_text(), "nftables refused .*record.*nothing of the transaction was applied")
        self.assertEqual(self.bulkhead.command("verify", "--quiet").returncode, 1)
        self.assertNotIn("bulkhead", self.engine.run_inside("nft", "list", "tables").stdout)
        self.fault.expression("")
        self.bulkhead.settle(20)
        self.end_fault("an expression that the kernel lacks", "said by name; tried again", time.monotonic_ns())

    def test_without_the_capability(self):
        """Started without CAP_NET_ADMIN beside rules that stand."""
        self.begin(faulty=False)
        self.bulkhead.stop()
        log = len(self.bulkhead.log_text())
        self.bulkhead.wrapper = ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]
        self.bulkhead.start(ready=False)
        self.assertEqual(self.bulkhead.process.wait(patience(15)), 3)
        self.bulkhead.process = None
        self.assertIn("CAP_NET_ADMIN", self.log_since(log))
        self.bulkhead.wrapper = []
        self.bulkhead.start()
        self.bulkhead.settle()
        self.end_fault("the service lacks CAP_NET_ADMIN", "the rules stay; said")


class FullDisk(EngineTestCase):
    def test_state_file(self):
        """A file system of one page, which the old list fills."""
        self.begin(faulty=False)
        self.bulkhead.stop()
        directory = self.bulkhead.state_directory
        script = f"mount -t tmpfs -o size=4k,mode=755 none {directory} && echo docker0 >{directory}/bridges && exec \"$@\""
        self.bulkhead.wrapper = ["unshare", "--mount", "sh", "-c", script, "sh"]
        self.bulkhead.start()
        self.bulkhead.settle()
        inside = f"/proc/{self.bulkhead.process.pid}/root{directory}"
        self.engine.create_network("late")
        self.addCleanup(self.engine.remove_network, "late")
        wait_until(lambda: "No space left on device" in self.bulkhead.log_text(), self.bulkhead.log_text)
        self.assertEqual(os.listdir(inside), ["bridges"])
        with open(f"{inside}/bridges", encoding="ascii") as file:
            self.assertEqual(file.read(), "docker0\n")
        self.follows_again()
        self.end_fault("the disk is full", "the old list of bridges stays, whole; said")
        # The next boot reads what is there.
        self.assertEqual(self.bulkhead.stop(), 0)
        subprocess.run(["umount", directory], check=False, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main()
