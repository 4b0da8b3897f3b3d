# SPDX-License-Identifier: GPL-2.0-or-later
"""Others change the ruleset: with the owner and persist flags they cannot, without them it is put back at once."""
import os
import re
import time
import unittest

import engine as engines
from docker_api import wait_until
from faults.common import DECLARED, GAP_MS, UNDECLARED, OwnEngine
from traffic import NS_PER_MS

KERNEL = tuple(int(number) for number in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())
PERSIST = (6, 9)  # the first kernel that has the flag

SOMEBODYS = """flush ruleset
table inet somebody {
	chain input {
		type filter hook input priority 0
		ct state invalid drop
	}
}
"""


class Changes(OwnEngine):
    def handle(self, family, chain, needle):
        """Of a rule."""
        text = self.nft("--handle", "list", "chain", family, "bulkhead", chain).stdout
        line = next(line for line in text.splitlines() if needle in line)
        return re.search(r"# handle (\d+)", line).group(1)

    def element(self, port):
        return f"{{ {self.web.address()} . {self.db.address()} . udp . {port} }}"

    def our_changes(self):
        """(name, command or text): what is done to our tables."""
        return [
            ("nft flush ruleset", lambda: self.nft("flush", "ruleset")),
            ("nft delete table inet bulkhead", lambda: self.nft("delete", "table", "inet", "bulkhead")),
            ("nft delete table bridge bulkhead", lambda: self.nft("delete", "table", "bridge", "bulkhead")),
            ("nft flush chain inet bulkhead between", lambda: self.nft("flush", "chain", "inet", "bulkhead", "between")),
            (
                "nft delete rule: the drop in deny",
                lambda: self.nft("delete", "rule", "inet", "bulkhead", "deny", "handle", self.handle("inet", "deny", "drop")),
            ),
            (
                "nft add rule: accept all",
                lambda: self.nft("insert", "rule", "inet", "bulkhead", "forward", "accept"),
            ),
            (
                "nft add element: opens a door",
                lambda: self.nft("add", "element", "inet", "bulkhead", "flows4", self.element(UNDECLARED)),
            ),
            (
                "nft delete element: closes a door",
                lambda: self.nft("delete", "element", "inet", "bulkhead", "flows4", self.element(DECLARED)),
            ),
            ("nft flush set flows4", lambda: self.nft("flush", "set", "inet", "bulkhead", "flows4")),
            ("nft -f: somebody's ruleset", lambda: self.nft("-f", "-", text=SOMEBODYS)),
        ]

    def change(self, name, do):
        log = len(self.bulkhead.log_text())
        since = time.monotonic_ns()
        answer = do()
        if not self.flags:
            wait_until(
                lambda: re.search(r"the tables bulkhead.*: put back", self.bulkhead.log_text()[log:]),
                lambda: f"{name}: it is put back\n{answer.stderr}\n{self.bulkhead.log_text()[log:]}",
            )
            if not re.search(r"changed by \S+ \(pid \d+\): put back", self.bulkhead.log_text()[log:]):
                self.nameless.append(name)
        self.bulkhead.settle()
        leaks = [record for path in self.pulse.undeclared() for record in self.pulse.arrived(path, since)]
        open_ms = max((record[1] for record in leaks), default=0) - min((record[1] for record in leaks), default=0)
        open_ms = round(open_ms / NS_PER_MS, 1)
        self.end_fault(
            f"{name}{'' if self.flags else ', no flags'}",
            "refused" if self.flags else "put back",
            since,
            leaks=0 if self.flags else None,
            open_ms=open_ms,
        )
        self.assertLess(open_ms, GAP_MS, name)
        settled = time.monotonic_ns()
        self.pulse.await_all(self.pulse.declared())
        self.assertEqual(self.pulse.leaked(settled), {}, f"{name}: after it was put back")
        return answer, len(leaks)


@unittest.skipIf(KERNEL < PERSIST, "this kernel's tables cannot be owned for good: it is older than 6.9")
class WithFlags(Changes):
    def test_refused(self):
        self.begin_here()
        self.assertTrue("flags owner" in self.nft("list", "table", "inet", "bulkhead").stdout)
        for name, do in self.our_changes():
            with self.subTest(name):
                answer, _ = self.change(name, do)
                # That one passes over what it may not touch.
                self.assertEqual(answer.returncode == 0, "ruleset" in name, answer)


class WithoutFlags(Changes):
    flags = False

    def test_put_back(self):
        self.nameless = []
        self.begin_here()
        if KERNEL >= PERSIST:
            self.assertGreater(self.fault.happened, 0)
        self.assertFalse("flags owner" in self.nft("list", "table", "inet", "bulkhead").stdout)
        leaked = 0
        for name, do in self.our_changes():
            with self.subTest(name):
                answer, count = self.change(name, do)
                self.assertEqual(answer.returncode, 0, answer.stderr)
                leaked += count
        self.assertGreater(leaked, 0, "these changes open something: else nothing was shown")
        self.assertFalse(self.nameless, "who changed the tables is told by name")


@unittest.skipIf(engines.has_nftables_backend(), "about iptables' chains")
class DockersRules(OwnEngine):
    """Others change the engine's own rules, beside ours: with ICC off, declared flows need our accept among them."""

    icc = False

    def tool(self, family, *arguments, text=None):
        return self.engine.run_inside(f"ip{family}tables{'-restore' if text else ''}", *arguments, input=text)

    def both(self, *arguments):
        for family in ("", "6"):
            self.tool(family, *arguments)

    def restore(self):
        """As an administrator has it: saved, edited, loaded again.  What was not in it is gone."""
        for family in ("", "6"):
            text = self.engine.run_inside(f"ip{family}tables-save").stdout
            lines = [line for line in text.splitlines() if "0x10000000" not in line]
            self.tool(family, text="\n".join(lines) + "\n")

    def reload(self):
        """What a firewall's manager does: everything is taken away at once, its own rules come, and the engine, which
        hears of it, puts its own back."""
        saved = {family: self.engine.run_inside(f"ip{family}tables-save").stdout for family in ("", "6")}
        for family in ("", "6"):
            self.tool(family, text="".join(f"*{table}\nCOMMIT\n" for table in ("mangle", "nat", "filter")))
            self.tool(family, "-A", "FORWARD", "-m", "conntrack", "--ctstate", "INVALID", "-j", "DROP")
        for family, text in saved.items():
            lines = [line for line in text.splitlines() if "0x10000000" not in line]
            self.tool(family, text="\n".join(lines) + "\n")

    def test_flushed(self):
        self.begin_here()
        for name, do in (
            ("iptables -F DOCKER-USER", lambda: self.tool("", "-F", "DOCKER-USER")),
            ("ip6tables -F FORWARD", lambda: self.tool("6", "-F", "FORWARD")),
            ("iptables-restore without our rule", self.restore),
            ("a firewall's reload", self.reload),
            ("iptables -F", lambda: self.both("-F")),
        ):
            with self.subTest(name):
                since = time.monotonic_ns()
                do()
                self.bulkhead.settle()
                self.end_fault(name, "our accept is put back", since)


if __name__ == "__main__":
    unittest.main()
