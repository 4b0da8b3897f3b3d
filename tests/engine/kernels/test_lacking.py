# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that lack what bulkhead needs, or would like to have: it says so, and what to do."""
import unittest

from docker_api import wait_until
from kernels.common import KernelTest, Without, modprobe


class Nftables(KernelTest):
    """Without nf_tables there is nothing to enforce with: exit status 3, by name."""

    without = ("nf_tables",)
    # Its rules would be in nftables, too.
    engine_options = {"flags": {"iptables": "false", "ip6tables": None, "experimental": None}}

    def setUp(self):
        super().setUp()
        # There is nothing to clear, and no way to.
        self.addCleanup(setattr, self.bulkhead, "wrote", False)

    def test_every_command_says_so(self):
        self.begin()
        for command in ("apply", "plan", "list"):
            self.assert_status(command, 3, "nf_tables")

    def test_service(self):
        """It goes on trying: the module may come."""
        self.begin()
        self.bulkhead.start(ready=False)
        wait_until(lambda: "error" in self.bulkhead.log_text() or self.bulkhead.process.poll() is not None, self.bulkhead.log_text)
        if self.bulkhead.process.poll() is not None:
            self.assertEqual(self.bulkhead.process.returncode, 3, self.bulkhead.log_text())
            self.bulkhead.process = None
        self.assertIn("nf_tables", self.bulkhead.log_text())


class BridgeNames(KernelTest):
    """The module nft_meta_bridge was built with the kernel, and is not installed: such a kernel refuses `meta` in the
    bridge family altogether, and there is no guard.  (One that was built without it has `meta`, but no `ibrname`.)"""

    without = ("nft_meta_bridge",)

    def test_it_is_said(self):
        self.begin()
        self.assert_status("apply", 3, "nft_meta_bridge|NFT_BRIDGE_META")
        self.assert_status("verify", 1, "nft_meta_bridge|NFT_BRIDGE_META")


class BridgeNetfilter(KernelTest):
    """br_netfilter is a module, and absent."""

    without = ("br_netfilter",)

    def test_commands(self):
        self.begin()
        self.assert_status("apply", 3, "modprobe br_netfilter")
        self.assert_status("verify", 1, "br_netfilter is not loaded|modprobe br_netfilter")

    def test_loaded_later(self):
        """The service says that it is absent; meanwhile everything is closed; it comes, and what is declared opens."""
        self.begin()
        self.bulkhead.start()
        wait_until(lambda: "br_netfilter" in self.bulkhead.log_text(), self.bulkhead.log_text)
        self.assert_closed_altogether(self.web, self.db)
        self.withheld.give_back()
        loaded = modprobe("br_netfilter")
        self.assertEqual(loaded.returncode, 0, loaded.stderr)
        self.bulkhead.settle()
        wait_until(lambda: "again" in self.bulkhead.log_text(), self.bulkhead.log_text)
        self.assert_web_to_db(self.web, self.db)

    def test_taken_away(self):
        """It is unloaded under the service, and loaded again by an administrator."""
        self.withheld.give_back()
        modprobe("br_netfilter")
        self.begin()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_web_to_db(self.web, self.db)
        taken = Without("br_netfilter")
        self.addCleanup(taken.give_back)
        wait_until(lambda: "br_netfilter is not loaded" in self.bulkhead.log_text(), self.bulkhead.log_text)
        self.assert_closed_altogether(self.web, self.db)
        taken.give_back()
        modprobe("br_netfilter")
        wait_until(lambda: "again" in self.bulkhead.log_text(), self.bulkhead.log_text)
        self.assert_web_to_db(self.web, self.db)


if __name__ == "__main__":
    unittest.main()
