# SPDX-License-Identifier: GPL-2.0-or-later
"""The service is stopped, killed and started again under traffic."""
import subprocess
import time
import unittest

from docker_api import wait_until
from fixtures import WEB_TO_DB, EngineTest, normalised_ruleset, shop
from traffic import NS_PER_MS

STREAMS = {"from": "web", "to": "db", "ports": ["9000/tcp", "9000/udp"]}
ROUNDS = 5


class RestartUnderTraffic:
    """Mixed into a test case for ICC on and for ICC off."""

    def begin(self):
        app = self.run_shop()
        self.web, self.db = app["web"], app["db"]
        self.assert_doors(("open" if self.icc else "silent", self.web, self.db, {}))
        self.bulkhead.write_flows(shop(WEB_TO_DB, STREAMS))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.declared = [
            (protocol, self.stream(self.web, self.db, protocol, 9000, family))
            for protocol, family in (("tcp", 4), ("udp", 4))
        ]
        self.undeclared = [
            self.stream(self.web, self.db, "udp", 9001, 4),
            self.stream(self.db, self.web, "udp", 9000, 6),
        ]
        for _, stream in self.declared:
            stream.runs()

    def assert_undisturbed(self, since):
        for _, stream in self.declared:
            stream.runs()
        # However quick what was done is, there has to be something to look at.
        wait_until(lambda: time.monotonic_ns() > since + 500 * NS_PER_MS, "half a second of traffic", 5)
        until = time.monotonic_ns() - 50 * NS_PER_MS
        for protocol, stream in self.declared:
            if protocol == "udp":
                for end in ("server", "client"):
                    self.assertEqual(stream.lost(end, since, until), 0, f"lost at the {end}")
        # TCP makes good what it lost; what was denied it is on record.
        denied = {
            (one["source"]["container"], one["destination"]["container"], one["protocol"], one["port"])
            for one in self.bulkhead.list("--denied")["denied"]
        }
        web, db = self.web.name, self.db.name
        self.assertEqual(denied, {(web, db, "udp", 9001), (db, web, "udp", 9000)})
        for stream in self.undeclared:
            self.assertEqual((stream.records("server"), stream.records("client")), ([], []), stream.name)

    def restart_rounds(self, end):
        self.begin()
        since = time.monotonic_ns()
        for _ in range(ROUNDS):
            end()
            for _, stream in self.declared:
                stream.runs()
            self.bulkhead.start()
            self.bulkhead.settle()
        self.assert_undisturbed(since)

    def test_stopped_and_started(self):
        self.restart_rounds(lambda: self.assertEqual(self.bulkhead.stop(), 0))

    def test_killed_and_started(self):
        self.restart_rounds(self.bulkhead.kill)

    def test_reloaded(self):
        self.begin()
        since = time.monotonic_ns()
        for note in ("a", "b", "c"):
            self.bulkhead.write_flows(shop(WEB_TO_DB, {**STREAMS, "note": note}))
            self.bulkhead.reload()
        self.assert_undisturbed(since)

    def test_a_restart_commits_nothing(self):
        self.begin()
        before = {family: normalised_ruleset(self.engine, (family, "bulkhead")) for family in ("inet", "bridge")}
        self.bulkhead.stop()
        with open(f"{self.bulkhead.directory}/monitor", "w+", encoding="utf-8") as heard:
            monitor = subprocess.Popen(self.engine.inside("nft", "--numeric", "monitor"), stdout=heard, stderr=heard)
            try:
                # It listens when it shows a change of ours.
                wait_until(lambda: self.monitor_hears(heard.name), "nft monitor listens")
                self.bulkhead.start()
                self.bulkhead.settle()
                self.engine.run_inside("nft", "add", "table", "inet", "monitor_end")
                wait_until(lambda: "monitor_end" in self.read(heard.name), "nft monitor shows the end")
            finally:
                monitor.terminate()
                monitor.wait()
            for table in ("monitor_begin", "monitor_end"):
                self.engine.run_inside("nft", "delete", "table", "inet", table)
            lines = [line.strip() for line in self.read(heard.name).splitlines()]
        # A new owner may have to say so: that is about the tables, not about what they hold.
        claims = ("add table inet bulkhead", "add table bridge bulkhead", "flags owner")
        ours = [
            line
            for line in lines
            if line and not line.startswith("#") and "monitor_" not in line and line not in claims
        ]
        self.assertEqual(ours, [])
        for family, text in before.items():
            after = normalised_ruleset(self.engine, (family, "bulkhead"))
            self.assertEqual(text.replace("flags owner", ""), after.replace("flags owner", ""))

    def monitor_hears(self, path):
        if "monitor_begin" in self.read(path):
            return True
        self.engine.run_inside("nft", "add", "table", "inet", "monitor_begin")
        self.engine.run_inside("nft", "delete", "table", "inet", "monitor_begin")
        self.engine.run_inside("nft", "add", "table", "inet", "monitor_begin")
        return False

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8") as file:
            return file.read()


class RestartIccOn(RestartUnderTraffic, EngineTest):
    icc = True


class RestartIccOff(RestartUnderTraffic, EngineTest):
    icc = False


if __name__ == "__main__":
    unittest.main()
