# SPDX-License-Identifier: GPL-2.0-or-later
"""An engine whose rules are in iptables-legacy, out of nftables' reach."""
import os
import shutil
import tempfile
import unittest

from docker_api import wait_until
from kernels.common import KernelTest, modprobe

TOOLS = [f"ip{family}tables{what}" for family in ("", "6") for what in ("", "-save", "-restore")]


class Legacy(KernelTest):
    def setUp(self):
        binary = shutil.which("xtables-legacy-multi")
        if not binary or modprobe("iptable_nat").returncode or modprobe("ip6table_nat").returncode:
            self.skipTest("this kernel has no iptables-legacy")
        directory = tempfile.mkdtemp(prefix="bulkhead-legacy-")
        self.addCleanup(shutil.rmtree, directory)
        for tool in TOOLS:
            os.symlink(binary, f"{directory}/{tool}")
        self.engine_options = {"wrapper": ("env", f"PATH={directory}:{os.environ['PATH']}")}
        self.tools = directory
        super().setUp()

    def assert_is_legacy(self):
        saved = self.engine.run_inside(f"{self.tools}/iptables-save").stdout
        self.assertIn("DOCKER-USER", saved)
        self.assertNotIn("DOCKER-USER", self.engine.run_inside("nft", "list", "ruleset").stdout)


class IccOn(Legacy):
    icc = True

    def test_policy(self):
        self.assert_is_legacy()
        self.begin()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_web_to_db(self.web, self.db)
        answer = self.bulkhead.command("verify", "--all")
        self.assertIn("iptables-legacy", answer.stdout)


class IccOff(Legacy):
    """The engine's own drop stops what is declared, too, and no accept can be put before it."""

    icc = False

    def test_it_is_said(self):
        self.assert_is_legacy()
        containers = self.run_shop()
        self.assert_closed_altogether(containers["web"], containers["db"])
        self.bulkhead.write_flows({"app": "shop", "flows": [{"from": "web", "to": "db", "ports": ["80"]}]})
        self.bulkhead.start()
        wait_until(lambda: "iptables-legacy" in self.bulkhead.log_text(), self.bulkhead.log_text)
        self.assert_closed_altogether(containers["web"], containers["db"])
        answer = self.bulkhead.command("verify", "--all")
        self.assertEqual(answer.returncode, 1, answer.stdout)
        self.assertRegex(answer.stdout, "FAIL .*docker-accept|FAIL .*iptables-legacy")


del Legacy, KernelTest

if __name__ == "__main__":
    unittest.main()
