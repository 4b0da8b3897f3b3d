# SPDX-License-Identifier: GPL-2.0-or-later
"""Flow files are added, changed, broken, repaired and removed under a running service."""
import os
import time
import unittest

from fixtures import SERVE, WEB_TO_DB, EngineTest, shop, specification
from traffic import NS_PER_MS

TO_81 = {"from": "web", "to": "db", "ports": ["81"]}
STREAMS = {"from": "web", "to": "db", "ports": ["9000/tcp", "9000/udp"]}


class Reload(EngineTest):
    def setUp(self):
        super().setUp()
        app = self.run_shop()
        self.web, self.db = app["web"], app["db"]
        for port in (80, 81):
            self.assert_open(self.web, self.db, port=port)

    def begin(self, *documents):
        self.bulkhead.write_flows(*documents)
        self.bulkhead.start()
        self.bulkhead.settle()

    def reload(self):
        self.bulkhead.reload()
        self.bulkhead.settle()

    def assert_ports(self, *open_ports):
        self.assert_doors(
            *(
                ("open" if port in open_ports else "silent", self.web, self.db, {"port": port, "family": family})
                for port in (80, 81, 82)
                for family in (4, 6)
            )
        )

    def break_file(self):
        self.bulkhead.write(self.bulkhead.flow_path("shop"), '{ "app": "shop", "flows": [ { "from": "web", }')

    def test_added_changed_broken_repaired_removed(self):
        self.begin()
        self.assert_ports()
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.assert_ports()
        self.reload()
        self.assert_ports(80)
        self.bulkhead.write_flows(shop(TO_81))
        self.reload()
        self.assert_ports(81)
        self.break_file()
        self.bulkhead.reload()
        self.assert_ports(81)
        self.assertIn("shop.json:1:", self.bulkhead.log_text())
        self.bulkhead.must("check", self.bulkhead.flows_directory, status=1)
        self.bulkhead.write_flows(shop(WEB_TO_DB, TO_81))
        self.reload()
        self.assert_ports(80, 81)
        self.bulkhead.remove_flows("shop")
        self.reload()
        self.assert_ports()
        self.assertEqual(self.bulkhead.list()["flows"], [])

    def test_broken_at_start(self):
        """The app of the broken file is closed, the others work."""
        other = self.engine.run_all(
            [specification("other", service, command=SERVE) for service in ("one", "two")]
        )
        self.assert_open(*other)
        self.bulkhead.write_flows({"app": "other", "flows": [{"from": "one", "to": "two", "ports": ["80"]}]})
        self.break_file()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_ports()
        self.assert_open(*other)
        self.assert_closed(*other, port=81)
        self.assertIn("shop.json:1:", self.bulkhead.log_text())
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.reload()
        self.assert_ports(80)

    def test_file_that_others_can_write(self):
        self.begin(shop(WEB_TO_DB))
        self.assert_ports(80)
        path = self.bulkhead.flow_path("shop")
        self.bulkhead.write_flows(shop(TO_81))
        for mode in (0o646, 0o664):
            os.chmod(path, mode)
            self.bulkhead.must("check", self.bulkhead.flows_directory, status=1)
            self.bulkhead.reload()
            self.assert_ports(80)
        self.assertIn("shop.json", self.bulkhead.log_text())
        self.bulkhead.stop()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_ports()
        os.chmod(path, 0o644)
        self.reload()
        self.assert_ports(81)

    def test_foreign_owner(self):
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        os.chown(self.bulkhead.flow_path("shop"), 65534, 0)
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_ports()
        os.chown(self.bulkhead.flow_path("shop"), 0, 0)
        self.reload()
        self.assert_ports(80)

    def test_withdrawal_cuts_live_streams(self):
        self.begin(shop(WEB_TO_DB, STREAMS))
        streams = [
            self.stream(self.web, self.db, protocol, 9000, family) for protocol, family in (("tcp", 4), ("udp", 4))
        ]
        for stream in streams:
            stream.runs()
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.reload()
        # What was on its way is allowed a moment.
        cut = time.monotonic_ns() + 20 * NS_PER_MS
        for stream in streams:
            self.assertEqual(stream.silent_since(cut), {"server": 0, "client": 0}, stream.name)
        self.assert_ports(80)
        self.bulkhead.write_flows(shop(WEB_TO_DB, STREAMS))
        self.reload()
        for stream in streams:
            stream.runs()

    def test_withdrawal_cuts_live_streams_over_ipv6(self):
        self.begin(shop(STREAMS))
        streams = [self.stream(self.web, self.db, protocol, 9000, 6) for protocol in ("tcp", "udp")]
        for stream in streams:
            stream.runs()
        self.bulkhead.remove_flows("shop")
        self.reload()
        cut = time.monotonic_ns() + 20 * NS_PER_MS
        for stream in streams:
            self.assertEqual(stream.silent_since(cut), {"server": 0, "client": 0}, stream.name)

    def test_observe(self):
        """Recorded and let through, and closed as soon as the mode says so."""
        self.begin(shop(WEB_TO_DB, mode="observe"))
        self.assert_ports(80, 81, 82)
        denied = {
            (one["source"]["container"], one["destination"]["container"], one["port"]): one["let_through"]
            for one in self.bulkhead.list("--denied")["denied"]
        }
        self.assertEqual(
            denied, {("shop-web-1", "shop-db-1", 81): True, ("shop-web-1", "shop-db-1", 82): True}
        )
        self.bulkhead.write_flows(shop(WEB_TO_DB, mode="enforce"))
        self.reload()
        self.assert_ports(80)


if __name__ == "__main__":
    unittest.main()
