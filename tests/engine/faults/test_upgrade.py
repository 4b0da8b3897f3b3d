# SPDX-License-Identifier: GPL-2.0-or-later
"""Another version's rules are in the kernel: replaced in one transaction, with packets on every path.

skeleton-older.nft is what a version before this one installed, without elements.  What the sets hold is put into it."""
import os
import re
import time
import unittest

from docker_api import wait_until
from faults.common import OwnEngine

OLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "skeleton-older.nft")
# What that version called some sets.
OLDER_NAMES = {
    "known_ports": "ports",
    **{f"published_observed{family}": f"watched{family}" for family in (4, 6)},
    **{f"published_closed{family}": f"gated{family}" for family in (4, 6)},
    **{f"to_published{family}": f"doors{family}" for family in (4, 6)},
    **{f"world_to_published{family}": f"gates{family}" for family in (4, 6)},
}


def sets_of(text):
    """{name: elements as nft writes them} of one table's text."""
    found = {}
    for name, body in re.findall(r"^\tset (\w+) \{\n(.*?)^\t\}", text, re.M | re.S):
        elements = re.search(r"elements = \{(.*)\}", body, re.S)
        found[name] = elements.group(1).strip() if elements else None
    return found


class Upgrade(OwnEngine):
    def older(self):
        """A transaction that puts the older version's tables in the place of ours, with the same elements."""
        with open(OLDER, encoding="utf-8") as file:
            skeleton = re.sub(r"^\t\telements = .*\n", "", file.read(), flags=re.M)
        lines = ["delete table inet bulkhead", "delete table bridge bulkhead", skeleton]
        for family in ("inet", "bridge"):
            table = re.search(rf"^table {family} bulkhead \{{.*?^\}}", skeleton, re.M | re.S).group(0)
            older_sets = sets_of(table)
            now = sets_of(self.nft("list", "table", family, "bulkhead").stdout)
            for name, elements in now.items():
                name = OLDER_NAMES.get(name, name)
                if elements and name in older_sets and not name.startswith("denied"):
                    elements = re.sub(r"counter packets \d+ bytes \d+ ", "", elements)
                    lines.append(f"add element {family} bulkhead {name} {{ {elements} }}")
        return "\n".join(lines) + "\n"

    def install_older(self):
        self.bulkhead.stop()
        answer = self.nft("-f", "-", text=self.older())
        self.assertEqual(answer.returncode, 0, answer.stderr[-2000:])
        self.assertNotEqual(self.bulkhead.command("plan").returncode, 0, "it differs")

    def rules(self):
        return self.nft("--stateless", "list", "chain", "inet", "bulkhead", "between").stdout

    def test_older_skeleton(self):
        self.begin_here()
        ours = self.rules()
        self.install_older()
        self.assertNotEqual(self.rules(), ours)
        since = time.monotonic_ns()
        self.end_fault("(an older version's rules)", "hold", since)
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertEqual(self.rules(), ours)
        self.end_fault("the binary is upgraded, its rules changed", "replaced in one transaction", since)

    def test_rules_alone(self):
        """The tables are as they should be, one rule is not."""
        self.begin_here()
        self.bulkhead.stop()
        since = time.monotonic_ns()
        self.assertEqual(self.nft("insert", "rule", "inet", "bulkhead", "between", "counter").returncode, 0)
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertIn("writing the rules of the tables", self.bulkhead.log_text())
        self.end_fault("one rule was changed while the service was down", "all rules written anew", since)

    def test_newer_rules_that_the_kernel_refuses(self):
        """What stands stays until the kernel takes the other."""
        self.begin_here()
        self.install_older()
        since = time.monotonic_ns()
        log = len(self.bulkhead.log_text())
        self.fault.expression("dynset")
        self.bulkhead.start(ready=False)
        wait_until(lambda: self.log_since(log).count("nothing of the transaction was applied") >= 3, "it is refused")
        self.end_fault("an upgrade that the kernel refuses", "the older rules stay", since)
        self.fault.expression("")
        self.bulkhead.settle(20)
        self.end_fault("… and takes later", "replaced in one transaction", since)


if __name__ == "__main__":
    unittest.main()
