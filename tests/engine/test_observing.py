# SPDX-License-Identifier: GPL-2.0-or-later
"""What the service says of itself: `status`, and metrics for Prometheus."""
import ctypes
import json
import os
import signal

import engine as engines
import prometheus
from docker_api import wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, shop, specification

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contrib", "docs", "json.md")


class Observing(EngineTest):
    def setUp(self):
        super().setUp()
        self.metrics_file = f"{self.bulkhead.directory}/metrics/bulkhead.prom"
        os.mkdir(os.path.dirname(self.metrics_file))
        self.configure()

    def configure(self, **settings):
        settings = {"owner": False, "metrics": self.metrics_file, **settings}
        self.bulkhead.write(self.bulkhead.config_file, json.dumps(settings))

    def status(self, result="in_step"):
        """The document; text and exit status say the same."""
        answer = self.bulkhead.command("status", "--json")
        document = json.loads(answer.stdout)
        wanted = {"in_step": 0, "wrong": 1, "unknown": 3}
        self.assertEqual(wanted[document["result"]], answer.returncode, answer)
        if result:
            self.assertEqual(document["result"], result, document)
        self.assertEqual(bool(document["problems"]), document["result"] == "wrong")
        self.assertEqual(bool(document["error"]), document["result"] == "unknown")
        self.assertEqual(document["service"] is None, document["result"] == "unknown")
        return document

    def assert_as_documented(self, service):
        """Each key of the page's example is there, and no other."""
        with open(PAGE, encoding="utf-8") as file:
            example = file.read().partition("## status")[2].partition("```json\n")[2].partition("```")[0]
        example = json.loads(example)["service"]
        for key, value in example.items():
            if isinstance(value, dict):
                self.assertEqual(set(service[key]), set(value), key)
        self.assertEqual(set(service), set(example))
        for key in ("repairs", "refused"):
            if service[key]:
                self.assertEqual(set(service[key][0]), set(example[key][0]))

    def await_status(self, result):
        wait_until(
            lambda: self.status(None)["result"] == result,
            lambda: f"{result}: {self.status(None)}\n{self.bulkhead.log_text()}",
        )
        return self.status(result)

    def metrics(self):
        with open(self.metrics_file, encoding="utf-8") as file:
            samples = prometheus.parse(file.read())
        return {(name.removeprefix("bulkhead_"), *dict(labels).values()): value for (name, labels), value in samples.items()}

    def test_the_whole_day(self):
        document = self.status("unknown")
        self.assertFalse(document["running"])
        self.assertIn("does not run", document["error"])
        app = self.run_shop()
        web, db = app["web"], app["db"]
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.write(self.bulkhead.flow_path("broken"), '{ "app": "broken", "flows": [] \x1b }')
        self.bulkhead.start()
        self.bulkhead.settle()

        # A file is refused.
        document = self.await_status("wrong")
        self.assertEqual(document["problems"], ["1 flow file is not in force"])
        [refused] = document["service"]["refused"]
        self.assert_as_documented(document["service"])
        self.assertEqual((refused["file"], refused["kept"]), (self.bulkhead.flow_path("broken"), False))
        self.assertRegex(refused["why"], r"^1:\d+: ")
        text = self.bulkhead.command("status").stdout
        self.assertRegex(text, r"(?m)^refused   \S+broken.json:1:\d+: ")
        self.assertRegex(text, r"(?m)^wrong     1 flow file is not in force$")
        self.assertNotIn("\x1b", text)
        self.assertEqual(self.metrics()[("refused_files",)], 1)

        # In step.
        self.bulkhead.remove_flows("broken")
        self.bulkhead.reload()
        service = self.await_status("in_step")["service"]
        self.assertEqual(service["pid"], self.bulkhead.process.pid)
        self.assertEqual(service["engine"]["version"], self.engine_version())
        self.assertTrue(service["engine"]["reachable"])
        self.assertEqual(service["engine"]["rules_ipv4"], "nftables" if engines.has_nftables_backend() else "iptables")
        self.assertEqual((service["loaded"]["apps"], service["loaded"]["flows"]), (1, 1))
        self.assertEqual(service["loaded"]["containers"], 2)
        self.assertEqual(service["settings"], {"mode": "enforce", "repair": True, "owner": False})
        self.assertEqual(service["kernel"]["release"], os.uname().release)
        sanitized = bool(os.environ.get("BULKHEAD_SANITIZED"))
        landlock = ctypes.CDLL(None).syscall(444, None, 0, 1) > 0  # landlock_create_ruleset: the kernel's version
        confined = {
            "capabilities": True,
            "no_new_privs": True,
            "landlock": landlock and not sanitized,
            "seccomp": not sanitized,
        }
        self.assertEqual(service["confined"], confined)
        self.assertEqual((service["kernel"]["owned"], service["refused"], service["repairs"]), (False, [], []))
        self.assertGreater(service["loaded"]["elements"], len(self.bulkhead.list()["flows"]))
        before = service["reconciles"]["done"]
        late = self.engine.run(**specification("shop", "web", 2, command=SERVE))
        self.bulkhead.settle()
        wait_until(lambda: self.status()["service"]["loaded"]["containers"] == 3, "the newcomer is told")
        reconciles = self.status()["service"]["reconciles"]
        self.assertGreater(reconciles["done"], before)
        self.assertGreater(reconciles["last_work_us"], 0)
        self.assertRegex(self.bulkhead.command("status").stdout, r"(?m)^last      reconcile \d{4}-.*ms")

        # Denied: by apps, as list --denied has it.
        self.assert_doors(("open", web, db, {}), ("silent", web, db, {"port": 81}))
        self.bulkhead.reload()
        denied = sum(one["packets"] for one in self.bulkhead.list("--denied")["denied"])
        self.assertGreater(denied, 0)
        found = self.metrics()
        counted = found[("denied_packets_total", "dropped", "shop", "shop")]
        self.assertTrue(0 < counted <= denied, (counted, denied))
        self.assertEqual((found[("in_force",)], found[("engine_up",)], found[("apps",)]), (1, 1, 1))
        self.assertGreater(found[("events_total", "engine")], 0)
        self.assertGreater(found[("reconciles_total", "everything")], 1)
        self.assertEqual(os.stat(self.metrics_file).st_mode & 0o777, 0o644)

        # Somebody else's change is put right: by whom.
        key = f"{web.address()} . {db.address()} . tcp . 80"
        self.engine.run_inside("nft", "delete", "element", "inet", "bulkhead", "flows4", f"{{ {key} }}")
        wait_until(lambda: self.status()["service"]["repairs"], "the repair is told")
        service = self.status()["service"]
        [repair] = service["repairs"]
        self.assert_as_documented(service)
        self.assertEqual((repair["by"], service["drift"]["put_right"]), ("nft", 1))
        self.assertGreater(repair["pid"], 0)
        self.assertIn("put back: +1 -0 elements", repair["what"])
        self.assertRegex(self.bulkhead.command("status").stdout, r"(?m)^ +\d{4}-.*: the tables .* by nft \(pid \d+\)")
        late.remove()

        # A broken file at a reload: the last good flows.
        self.bulkhead.write(self.bulkhead.flow_path("shop"), "{")
        self.bulkhead.reload()
        [refused] = self.await_status("wrong")["service"]["refused"]
        self.assertTrue(refused["kept"])
        self.assertIn("keeps its last good flows", self.bulkhead.command("status").stdout)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.reload()
        self.await_status("in_step")
        self.assertEqual(self.metrics()[("repairs_total",)], 1)

        # Drift that is left.
        self.configure(repair=False)
        self.bulkhead.reload()
        self.engine.run_inside("nft", "delete", "element", "inet", "bulkhead", "flows4", f"{{ {key} }}")
        document = self.await_status("wrong")
        self.assertRegex(document["problems"][0], r"not in force since .*changed by nft \(pid \d+\): found, and not put back")
        self.assertEqual(document["service"]["drift"]["left_lost"], 1)
        self.bulkhead.reload()
        self.await_status("in_step")

        # No engine.
        self.engine.stop()
        document = self.await_status("wrong")
        self.assertIn("the engine is not followed since", document["problems"][0])
        self.assertFalse(document["service"]["engine"]["reachable"])
        self.assertIn("not reached since", self.bulkhead.command("status").stdout)
        self.engine.start()
        self.await_status("in_step")

        self.hangs_and_ends()

    def engine_version(self):
        return json.loads(self.bulkhead.command("verify", "--json", "--only", "icc-default").stdout)["engine"]

    def hangs_and_ends(self):
        path = f"/run/bulkhead/netns-{os.stat(self.engine.netns).st_ino}.status"
        process = self.bulkhead.process
        process.send_signal(signal.SIGSTOP)
        self.addCleanup(process.send_signal, signal.SIGCONT)
        with open(path, encoding="utf-8") as file:
            good = file.read()
        written = json.loads(good)["written_ms"]
        self.bulkhead.write(path, good.replace(f'"written_ms":{written}', f'"written_ms":{written - 16000}'))
        document = self.status("wrong")
        self.assertRegex(document["problems"][0], rf"the service \(pid {process.pid}\) has said nothing for \d+ s")
        for text in (good.replace(f'"pid":{process.pid},', '"pid":1,', 1), good[:-20], "{}", good + " x"):
            self.bulkhead.write(path, text)
            self.assertTrue(self.status("unknown")["running"], text)
        self.bulkhead.write(path, good)
        for mode in (0o664, 0o646):
            os.chmod(path, mode)
            self.assertIn("can be written by others", self.status("unknown")["error"])
        process.send_signal(signal.SIGCONT)
        self.await_status("in_step")
        self.assertTrue(os.path.exists(self.metrics_file))
        self.bulkhead.stop()
        self.assertFalse(self.status("unknown")["running"])
        self.assertFalse(os.path.exists(self.metrics_file) or os.path.exists(path), "old words, old figures")

    def test_metrics_that_cannot_be_written(self):
        """Told once; the service goes on; none is made where nobody asked for it."""
        self.configure(metrics=f"{self.bulkhead.directory}/nowhere/bulkhead.prom")
        self.bulkhead.start()
        self.bulkhead.settle()
        self.bulkhead.reload()
        self.await_status("in_step")
        self.assertEqual(self.bulkhead.log_text().count("metrics cannot be written: No such file"), 1)
        self.configure()
        self.bulkhead.reload()
        self.assertIn('"metrics" changed: that needs a restart', self.bulkhead.log_text())
        self.assertFalse(os.path.exists(self.metrics_file))
