# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that change the kernel under them: what modules it has.  They run in a virtual machine of their own alone
(tests/run kernels), which says so by BULKHEAD_GUEST=1."""
import os
import subprocess
import unittest

import engine as engines
from bulkhead import Bulkhead
from fixtures import SERVE, WEB_TO_DB, EngineTest, shop, specification

GUEST = os.environ.get("BULKHEAD_GUEST") == "1"


def modprobe(*arguments):
    return subprocess.run(["modprobe", *arguments], check=False, stderr=subprocess.PIPE, text=True)


class Without:
    """A kernel that has none of these modules, until they are given back: nothing loads them, and they are not there."""

    def __init__(self, *names):
        self.names = names
        for name in names:
            with open(self.rule(name), "w", encoding="ascii") as file:
                file.write(f"install {name} /bin/false\n")
        for name in names:
            answer = modprobe("--remove", name)
            assert not os.path.exists(f"/sys/module/{name}"), f"{name} cannot be taken away: {answer.stderr}"

    @staticmethod
    def rule(name):
        return f"/etc/modprobe.d/bulkhead-without-{name}.conf"

    def give_back(self):
        for name in self.names:
            if os.path.exists(self.rule(name)):
                os.unlink(self.rule(name))


@unittest.skipUnless(GUEST, "it changes what modules the kernel has")
class KernelTest(EngineTest):
    """An engine of its own, started on the kernel as the test made it."""

    without = ()
    engine_options = {}

    @classmethod
    def setUpClass(cls):
        """No engine in common: what it loads could not be taken away."""

    def setUp(self):
        os.makedirs("/etc/modprobe.d", exist_ok=True)
        # Other tests' engines and tables hold modules.
        engines.destroy_all()
        self.withheld = Without(*self.without)
        self.addCleanup(self.withheld.give_back)
        self.engine = engines.make(icc=self.icc, **self.engine_options).start()
        self.addCleanup(self.engine.destroy)
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)

    def begin(self):
        """web and db, everything between them open."""
        self.web, self.db = self.engine.run_all(
            [specification("shop", service, command=SERVE) for service in ("web", "db")]
        )
        ways = [{"port": port, "family": family} for port in (80, 81) for family in (4, 6)]
        self.assert_doors(*(("open", self.web, self.db, way) for way in ways))
        self.bulkhead.write_flows(shop(WEB_TO_DB))

    def assert_status(self, command, status, pattern, *arguments):
        answer = self.bulkhead.command(command, *arguments)
        said = f"bulkhead {command}: status {answer.returncode}\n{answer.stdout}{answer.stderr}"
        self.assertEqual(answer.returncode, status, said)
        self.assertRegex(answer.stdout + answer.stderr, pattern, said)
