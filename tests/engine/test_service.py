# SPDX-License-Identifier: GPL-2.0-or-later
"""The service and its host: one writer, exit statuses, an engine that is absent, restarted or killed."""
import os
import subprocess
import time
import unittest

import engine as engines
from bulkhead import Bulkhead, program_path
from docker_api import wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, shop, specification

STREAMS = {"from": "web", "to": "db", "ports": ["9000/tcp", "9000/udp"]}


class OneWriter(EngineTest):
    def test_apply_plan_clear(self):
        app = self.run_shop()
        self.assert_open(app["web"], app["db"], port=81)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        plan = self.bulkhead.must("plan", status=1).stdout
        self.assertIn("shop-web-1", plan)
        self.assertTrue(any(line.startswith("+") for line in plan.splitlines()), plan)
        self.assert_open(app["web"], app["db"], port=81)
        self.bulkhead.must("apply")
        self.bulkhead.must("plan")
        self.assert_web_to_db(app["web"], app["db"])
        self.bulkhead.write_flows(shop())
        plan = self.bulkhead.must("plan", status=1).stdout
        self.assertTrue(any(line.startswith("-") for line in plan.splitlines()), plan)
        self.bulkhead.must("apply")
        self.assert_closed(app["web"], app["db"])
        self.bulkhead.must("clear")
        self.assert_open(app["web"], app["db"], port=81)

    def test_others_are_refused_while_it_runs(self):
        app = self.run_shop()
        self.assert_open(app["web"], app["db"])
        self.bulkhead.write_flows(shop())
        self.bulkhead.start()
        for command in ("apply", "clear", "run"):
            answer = self.bulkhead.must(command, status=3)
            self.assertIn(str(self.bulkhead.process.pid), answer.stderr)
        self.assert_closed(app["web"], app["db"])
        self.bulkhead.must("list")
        self.bulkhead.settle()
        self.bulkhead.must("plan")
        self.assertEqual(self.bulkhead.stop(), 0)
        self.assert_closed(app["web"], app["db"])
        self.bulkhead.must("apply")

    def test_exit_statuses(self):
        nowhere = [f"--docker=unix://{self.bulkhead.directory}/nobody.sock", *self.bulkhead.options[1:]]
        for command in ("apply", "plan"):
            answer = self.bulkhead.command(command, options=nowhere)
            self.assertEqual(answer.returncode, 3, answer.stderr)
            self.assertIn("nobody.sock", answer.stderr)
        for arguments in (["--nonsense"], ["surplus"], ["--docker"]):
            self.assertEqual(self.bulkhead.command("apply", *arguments, options=[]).returncode, 2, arguments)
        self.assertEqual(self.bulkhead.command("nonsense", options=[]).returncode, 2)
        self.assertEqual(self.bulkhead.command("list").returncode, 0)

    def test_an_answer_that_is_not_told(self):
        """A standard output that takes nothing: whatever was done, 3 and a message, and never a yes."""
        self.bulkhead.wrote = True
        for command in ("plan", "apply", "list", "clear"):
            for form in ((), ("--json",)):
                for where in (">/dev/full", ">&-"):
                    answer = self.engine.run_inside(
                        "sh", "-c", f'exec "$@" {where}', "sh", program_path(), command, *form,
                        *self.bulkhead.options, check=False,
                    )
                    self.assertEqual(answer.returncode, 3, (command, form, where, answer.stderr))
                    self.assertIn("standard output", answer.stderr)

    def test_engine_in_another_namespace(self):
        """Rules where the engine's packets do not pass would protect nothing: said, not done."""
        self.run_shop()
        elsewhere = f"{self.engine.namespace}-else"
        subprocess.run(["ip", "netns", "add", elsewhere], check=True)
        self.addCleanup(engines.remove_namespace, elsewhere)
        command = ["nsenter", f"--net=/var/run/netns/{elsewhere}"]
        answer = subprocess.run(
            [*command, program_path(), "apply", *self.bulkhead.options], stderr=subprocess.PIPE, text=True, check=False
        )
        self.assertEqual(answer.returncode, 3, answer.stderr)
        rules = subprocess.run([*command, "nft", "list", "ruleset"], stdout=subprocess.PIPE, check=True).stdout
        self.assertEqual(rules, b"")


class EngineComesAndGoes:
    """Mixed into a test case for ICC on and for ICC off."""

    def setUp(self):
        super().setUp()
        app = self.run_shop()
        self.web, self.db = app["web"], app["db"]
        self.without = "open" if self.icc else "silent"
        self.assert_doors((self.without, self.web, self.db, {"port": 81}))

    def begin(self):
        self.bulkhead.write_flows(shop(WEB_TO_DB, STREAMS))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.declared = [
            self.stream(self.web, self.db, protocol, 9000, family)
            for protocol, family in (("tcp", 4), ("udp", 6))
        ]
        self.undeclared = [self.stream(self.web, self.db, "udp", 9001, family) for family in (4, 6)]
        for stream in self.declared:
            stream.runs()

    def assert_order(self):
        """Declared streams live, and not one undeclared record has passed so far."""
        for stream in self.declared:
            stream.runs()
        for stream in self.undeclared:
            self.assertEqual((stream.records("server"), stream.records("client")), ([], []), stream.name)

    def assert_follows_again(self):
        late = self.engine.run(**specification("shop", "web", 2, command=SERVE))
        self.bulkhead.settle(20)
        self.assert_web_to_db(late, self.db)
        self.assert_order()

    def test_engine_is_restarted(self):
        self.begin()
        self.engine.stop()
        self.assert_order()
        self.engine.start()
        self.assert_order()
        self.assert_follows_again()

    def test_engine_is_killed(self):
        self.begin()
        self.engine.kill()
        self.assert_order()
        self.engine.start()
        self.assert_order()
        self.assert_follows_again()

    def test_engine_is_absent_at_start(self):
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.engine.stop()
        self.assert_doors((self.without, self.web, self.db, {"port": 81}))
        self.bulkhead.start()
        self.assert_closed_altogether(self.web, self.db)
        self.engine.start()
        self.bulkhead.settle(20)
        self.assert_web_to_db(self.web, self.db)

    def test_known_bridges_are_closed_at_boot(self):
        """A cold boot: nothing in the kernel, no engine yet, only the list of bridges of the last run."""
        self.engine.create_network("named", icc=self.icc, options={"com.docker.network.bridge.name": "harbour0"})
        app = self.engine.run_all(
            [specification("shop", service, 7, command=SERVE, network="named") for service in ("web", "db")]
        )
        self.assert_doors((self.without, *app, {"port": 81}))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.bulkhead.stop()
        self.engine.stop()
        for family in ("inet", "bridge"):
            self.engine.run_inside("nft", "delete", "table", family, "bulkhead")
        self.assert_doors((self.without, *app, {"port": 81}))
        self.bulkhead.start()
        self.assert_closed_altogether(*app)
        self.assert_closed_altogether(self.web, self.db)
        self.engine.start()
        self.bulkhead.settle(20)
        self.assert_web_to_db(*app)


class EngineComesAndGoesIccOn(EngineComesAndGoes, EngineTest):
    icc = True


class EngineComesAndGoesIccOff(EngineComesAndGoes, EngineTest):
    icc = False


class ContainerEndsUnseen(EngineTest):
    """With an engine of its own: this one leaves the dead container's interface on its bridge, address and all."""

    def setUp(self):
        self.engine = engines.make(icc=True).start()
        self.addCleanup(self.engine.destroy)
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)

    def test_container_ends_while_the_engine_is_away(self):
        """The address is free when the engine comes back, and nobody has heard of it."""
        web = self.run_shop()["web"]
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertIn(web.address(), self.addresses())
        self.engine.kill()
        os.kill(web.pid, 9)
        self.engine.start()
        wait_until(lambda: web.address() not in self.addresses(), "the dead container's flows go", 20)

    def addresses(self):
        flows = self.bulkhead.list()["flows"]
        return {flow[side]["address"] for flow in flows for side in ("source", "destination")}


class Drift(EngineTest):
    def test_deleted_table_comes_back(self):
        """Without owner flag others can delete it; with it they cannot.  Either way it is there again at once."""
        app = self.run_shop()
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        owned = "flags owner" in self.engine.run_inside("nft", "list", "table", "inet", "bulkhead").stdout
        undeclared = self.stream(app["web"], app["db"], "udp", 9001)
        for _ in range(5):
            self.engine.run_inside("nft", "flush", "chain", "inet", "bulkhead", "between", check=False)
            self.engine.run_inside("nft", "delete", "table", "inet", "bulkhead", check=False)
            self.bulkhead.settle()
            self.assert_web_to_db(app["web"], app["db"])
        if owned:
            self.assertEqual(undeclared.records("server"), [])
        settled = time.monotonic_ns()
        self.assertEqual(undeclared.silent_since(settled), {"server": 0, "client": 0})


if __name__ == "__main__":
    unittest.main()
