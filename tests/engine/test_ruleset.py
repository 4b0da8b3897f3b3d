# SPDX-License-Identifier: GPL-2.0-or-later
"""What people read: `nft list`, which nft takes back, and `bulkhead list`, which reads the kernel alone."""
import re
import subprocess
import unittest

from docker_api import wait_until
from fixtures import SERVE, EngineTest, shop, specification
from traffic import target, try_one

FLOWS = shop(
    {"from": "web", "to": "db", "ports": ["80/tcp", "80/udp", "icmp"], "note": "orders"},
    {"from": "db", "to": "db", "ports": ["7000-7010/tcp"]},
    {"from": "mon/prom", "to": ["web", "db"], "ports": ["any"]},
)
MON = {"app": "mon", "flows": [{"from": "shop/*", "to": "prom", "ports": ["9090"]}]}


class Ruleset(EngineTest):
    def setUp(self):
        super().setUp()
        self.engine.create_network("app", icc=False)
        options = {"command": SERVE, "network": "app"}
        self.web, self.db, self.db2, self.prom, self.stranger = self.engine.run_all(
            [
                specification("shop", "web", **options),
                specification("shop", "db", 1, **options),
                specification("shop", "db", 2, **options),
                specification("mon", "prom", **options),
                {"name": "stranger", **options},
            ]
        )
        self.bulkhead.write_flows(FLOWS, MON)
        self.bulkhead.start()
        self.bulkhead.settle()

    def own_table(self):
        return self.engine.run_inside("nft", "list", "table", "inet", "bulkhead").stdout

    def make_traffic(self):
        doors = []
        for family in (4, 6):
            doors.append(("open", self.web, self.db, {"family": family}))
            doors.append(("open", self.web, self.db, {"family": family, "protocol": "icmp"}))
            doors.append(("silent", self.stranger, self.db, {"family": family}))
            doors.append(("silent", self.db, self.web, {"family": family, "protocol": "udp"}))
        self.assert_doors(*doors)

    def test_nft_takes_back_what_it_lists(self):
        self.make_traffic()
        text = re.sub(r" # progname \S+", "", self.own_table())
        # As it is: the table ends with the process that loads it, because that process owns it.
        subprocess.run(["unshare", "--net", "nft", "-f", "-"], input=text, text=True, check=True)
        text = re.sub(r"\tflags owner\n", "", text)
        again = subprocess.run(
            ["unshare", "--net", "sh", "-c", "nft -f - && nft list ruleset"],
            input=text,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        # With flags there is an empty line below them; an age goes on.
        still = [re.sub(r" expires \w+", "", listing).replace("\n\n", "\n") for listing in (text, again)]
        self.maxDiff = None
        self.assertEqual(*still)
        for word in ("shop: web (shop-web-1) -> db (shop-db-1)", "icmp", "7000-7010", "shop-db-2 (shop/db) on app"):
            self.assertIn(word, text)

    def test_list_shows_flows_and_counts(self):
        self.make_traffic()
        flows = self.bulkhead.list()["flows"]
        to_db = [
            flow
            for flow in flows
            if flow["source"]["address"] == self.web.address()
            and flow["destination"]["address"] == self.db.address()
            and flow["ports"] == "80/tcp"
        ]
        self.assertEqual(len(to_db), 1, flows)
        flow = to_db[0]
        self.assertEqual((flow["app"], flow["from"], flow["to"]), ("shop", "web", "db"))
        self.assertEqual(flow["source"]["container"], "shop-web-1")
        self.assertEqual(flow["destination"]["services"], ["shop/db"])
        self.assertGreaterEqual(flow["packets"], 3)
        self.assertGreaterEqual(flow["bytes"], 3 * 40)
        unused = [flow for flow in flows if flow["destination"]["address"] == self.db2.address() and flow["ports"] == "80/tcp"]
        self.assertEqual({flow["packets"] for flow in unused}, {0})
        self.assertEqual({flow["app"] for flow in self.bulkhead.list("--app", "mon")["flows"]}, {"mon"})
        text = self.bulkhead.must("list").stdout
        for word in ("shop", "web", "db", "shop-web-1", "shop-db-2", "7000-7010/tcp", self.db.address()):
            self.assertIn(word, text)

    def test_list_shows_endpoints_networks_and_denials(self):
        self.make_traffic()
        endpoints = {(one["container"], one["address"]): one for one in self.bulkhead.list("--endpoints")["endpoints"]}
        for container in (self.web, self.db, self.db2, self.prom, self.stranger):
            for address in container.networks["app"]:
                one = endpoints.pop((container.name, address))
                self.assertEqual((one["network"], one["bridge"]), ("app", self.engine.bridge("app")))
        self.assertFalse(endpoints)
        networks = {one["network"]: one for one in self.bulkhead.list("--networks")["networks"]}
        self.assertEqual(networks["app"]["addresses"], 10)
        self.assertEqual(networks["bridge"]["bridge"], "docker0")
        denied = {
            (one["source"]["address"], one["destination"]["address"], one["protocol"], one["port"]): one["packets"]
            for one in self.bulkhead.list("--denied")["denied"]
        }
        expected = set()
        for family in (4, 6):
            expected.add((self.stranger.address(family=family), self.db.address(family=family), "tcp", 80))
            expected.add((self.db.address(family=family), self.web.address(family=family), "udp", 80))
        self.assertEqual(set(denied), expected)
        self.assertTrue(all(packets > 0 for packets in denied.values()), denied)
        self.assertFalse(self.bulkhead.list("--denied", "--app", "mon")["denied"])
        for option, word in (("--endpoints", "stranger"), ("--networks", "docker0"), ("--denied", "stranger")):
            self.assertIn(word, self.bulkhead.must("list", option).stdout)

    def test_list_with_the_service_dead(self):
        self.make_traffic()
        alive = {option: self.names(option) for option in ("--endpoints", "--networks", "--denied")}
        self.bulkhead.kill()
        self.assertTrue(self.bulkhead.list()["flows"])
        for option, names in alive.items():
            self.assertEqual(self.names(option), names, option)
        self.bulkhead.settle()

    def names(self, option):
        (rows,) = [value for value in self.bulkhead.list(option).values() if isinstance(value, list)]
        moving = ("packets", "bytes", "age_ms")
        return [{key: value for key, value in row.items() if key not in moving} for row in rows]

    def test_every_protocol(self):
        """`any` admits what is neither tcp, udp nor icmp as well; the kernel at the other end says that it came."""
        door = target("tcp", self.web.address(), 80)
        self.assertEqual(try_one(self.prom, door), "open")
        self.assertEqual(try_one(self.prom, target("udp", self.db.address(), 9999)), "refused")
        wait_until(
            lambda: [flow for flow in self.bulkhead.list()["flows"] if flow["ports"] == "any" and flow["packets"] > 0],
            "the flow is counted",
        )


if __name__ == "__main__":
    unittest.main()
