# SPDX-License-Identifier: GPL-2.0-or-later
"""What bulkhead leaves behind, and how it gets along with the engine's own rules."""
import os
import re
import subprocess
import unittest

import engine as engines
from engine import probe_path
from fixtures import SERVE, WEB_TO_DB, EngineTest, normalised_ruleset, shop, specification
from traffic import WAIT_MS, parse


class Clear:
    """Mixed into a test case for ICC on and for ICC off."""

    def snapshot(self):
        """The whole host's rules, as each tool tells them."""
        return {
            "nft": normalised_ruleset(self.engine),
            "iptables": self.engine.run_inside("iptables", "-S").stdout,
            "ip6tables": self.engine.run_inside("ip6tables", "-S").stdout,
            "iptables -t nat": self.engine.run_inside("iptables", "-t", "nat", "-S").stdout,
        }

    def assert_same(self, before):
        self.maxDiff = None
        after = self.snapshot()
        for tool, text in before.items():
            self.assertEqual(text, after[tool], tool)

    def prepare(self):
        self.engine.create_network("app", icc=self.icc)
        self.run_shop("app")
        self.engine.run(**specification("shop", "web", 2, command=SERVE))
        self.bulkhead.write_flows(shop(WEB_TO_DB))

    def test_clear_after_apply(self):
        self.prepare()
        before = self.snapshot()
        for _ in range(3):
            self.bulkhead.must("apply")
            self.assertIn("table inet bulkhead", normalised_ruleset(self.engine))
            said = self.bulkhead.must("clear").stdout
            self.assertIn("inet bulkhead", said)
            self.assert_same(before)
        self.assertEqual(os.listdir(self.bulkhead.directory).count("state"), 0, "the state directory")

    def test_clear_after_run(self):
        self.prepare()
        before = self.snapshot()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.bulkhead.stop()
        self.bulkhead.must("clear")
        self.assert_same(before)

    def test_clear_after_kill(self):
        self.prepare()
        before = self.snapshot()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.bulkhead.kill()
        self.bulkhead.must("clear")
        self.assert_same(before)
        self.bulkhead.must("clear")
        self.assert_same(before)

    def test_clear_without_the_engine(self):
        self.prepare()
        before = self.snapshot()
        self.bulkhead.must("apply")
        self.assertIn("table inet bulkhead", normalised_ruleset(self.engine))
        self.engine.stop()
        self.bulkhead.must("clear")
        self.assert_same(before)
        self.engine.start()


class ClearIccOn(Clear, EngineTest):
    icc = True


class ClearIccOff(Clear, EngineTest):
    icc = False


class BesideTheEngine:
    """Docker manages its chains with iptables while our rule stands in them."""

    def assert_readable(self):
        for tool in ("iptables", "ip6tables"):
            answer = self.engine.run_inside(tool, "-S", check=False)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertNotIn("incompatible", answer.stderr)

    def assert_mark_first(self):
        """The rule for the mark stands once, above everything in its chain that drops."""
        for tool in ("iptables", "ip6tables"):
            rules = self.engine.run_inside(tool, "-S").stdout.splitlines()
            # 20.10 makes no such chain for IPv6.
            chain = "DOCKER-USER" if "-N DOCKER-USER" in rules else "FORWARD"
            marks = [rule for rule in rules if "--mark 0x10000000/0x10000000" in rule]
            self.assertEqual(len(marks), 1, rules)
            self.assertRegex(marks[0], f"^-A {chain} .*-j ACCEPT$")
            above = rules[: rules.index(marks[0])]
            self.assertFalse([rule for rule in above if rule.startswith(f"-A {chain} ") and "DROP" in rule], rules)

    def reach_published(self):
        """From the host, where the world's packets come from, to the published port."""
        door = f"tcp/10.{100 + self.engine.index}.0.1/8080"
        answer = subprocess.run(
            self.engine.inside(probe_path(), "connect", str(WAIT_MS), door), stdout=subprocess.PIPE, text=True, check=False
        )
        return parse(answer.stdout)[door][0]

    def operate(self):
        """What an administrator does on any day."""
        web = self.engine.run(
            **specification("shop", "web", command=SERVE),
            ExposedPorts={"80/tcp": {}},
            host_config={"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}},
        )
        self.bulkhead_settles()  # until then the host opens nothing to it
        self.assertEqual(self.reach_published(), "open")
        self.assert_readable()
        self.engine.create_network("today", icc=self.icc)
        db = self.engine.run(**specification("shop", "db", command=SERVE, network="today"))
        self.engine.connect("today", web)
        self.assert_readable()
        self.bulkhead_settles()
        self.assert_doors((self.after, web, db, {"network": "today"}))
        self.engine.disconnect("today", web)
        db.remove()
        self.engine.remove_network("today")
        self.assert_readable()
        self.engine.restart()
        self.assert_readable()
        self.bulkhead_settles()
        self.assertEqual(self.reach_published(), "open")
        web.remove()

    def bulkhead_settles(self):
        if self.bulkhead.process:
            self.bulkhead.settle(20)
            if not engines.has_nftables_backend():  # that is told the mark, and has no place for a rule of ours
                self.assert_mark_first()

    def complaints(self, since):
        """What the engine's log says about its rules, as a warning or an error."""
        return [
            line
            for line in self.engine.log_text()[since:].splitlines()
            if re.search("level=(error|warning)", line) and re.search("(?i)ip6?tables|chain|firewall|rule", line)
        ]

    def test_engine_operations(self):
        self.after = "open" if self.icc else "silent"
        begin = len(self.engine.log_text())
        self.operate()
        control = self.complaints(begin)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.after = "open"
        begin = len(self.engine.log_text())
        self.operate()
        # Some are the engine's own.
        self.assertLessEqual(len(self.complaints(begin)), len(control), self.complaints(begin))


class BesideTheEngineIccOn(BesideTheEngine, EngineTest):
    icc = True


class BesideTheEngineIccOff(BesideTheEngine, EngineTest):
    icc = False


if __name__ == "__main__":
    unittest.main()
