# SPDX-License-Identifier: GPL-2.0-or-later
"""
Networks that the engine routes to (gateway_mode=routed, 28 and later): it opens the ports that are published there at the
container's own address, for the world and for its other networks.  Between containers only what is declared passes.
"""
import json
import unittest

import engine as engines
from docker_api import wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, shop, specification

MODE = "com.docker.network.bridge.gateway_mode"
# In what the engine is told no port of the host's is named: it uses none, and on other networks it chooses one.
PORTS = ("80/tcp", "80/udp", "81/tcp")
PUBLISH = {
    "ExposedPorts": {port: {} for port in PORTS},
    "host_config": {"PortBindings": {port: [{"HostPort": ""}] for port in PORTS}},
}


class Routed:
    """Mixed into a test case for ICC on and for ICC off."""

    # Families in which the network of db is routed.
    def begin(self, families):
        if self.engine.major < 28:
            self.skipTest("gateway_mode=routed as it is now: from 28 on")
        modes = {f"{MODE}_ipv{family}": "routed" if family in families else "nat" for family in (4, 6)}
        self.engine.create_network("front", icc=self.icc)
        self.engine.create_network("inner", icc=self.icc, options=modes)
        self.web, self.evil = self.engine.run_all(
            [specification("shop", name, command=SERVE, network="front") for name in ("web", "evil")]
        )
        self.db = self.engine.run(**specification("shop", "db", command=SERVE, network="inner", **PUBLISH))
        tentative = ("ip", "-6", "address", "show", "tentative")
        wait_until(lambda: not self.engine.run_inside(*tentative).stdout, "no address is tentative")

    def doors(self, families, declared, undeclared):
        """As assert_doors wants them."""
        for family in (4, 6):
            there = {"family": family, "network": "inner"}
            if family not in families:
                yield "silent", self.web, self.db, there
                continue
            for protocol in ("tcp", "udp"):
                yield declared, self.web, self.db, {**there, "protocol": protocol}
                yield undeclared, self.evil, self.db, {**there, "protocol": protocol}
            yield undeclared, self.web, self.db, {**there, "port": 81}
            yield undeclared, self.web, self.db, {**there, "protocol": "icmp"}
            # The engine opens nothing that is not published, nor the other way.
            yield "silent", self.web, self.db, {**there, "port": 82}
            yield "silent", self.db, self.web, {"family": family, "network": "front"}

    def try_families(self, *families):
        self.begin(families)
        self.assert_doors(*self.doors(families, "open", "open"))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_doors(*self.doors(families, "open", "silent"))

    def test_both_families(self):
        self.try_families(4, 6)

    def test_ipv4(self):
        self.try_families(4)

    def test_ipv6(self):
        self.try_families(6)


    def findings(self, check):
        """{subject: [finding]} that verify gives."""
        answer = self.bulkhead.command("verify", "--json", f"--only={check}")
        found = {}
        for finding in json.loads(answer.stdout)["findings"]:
            found.setdefault(finding["subject"], []).append(finding)
        return found


class RoutedIccOn(Routed, EngineTest):
    icc = True

    def is_apart(self, source, destination, port):
        self.bulkhead.write_flows(shop({"from": source, "to": destination, "ports": [port]}))
        found = self.findings("flow-apart")
        return "warn" in [finding["status"] for findings in found.values() for finding in findings]

    def test_flow_apart(self):
        """What the engine opens is no flow that opens nothing, and all else is one."""
        self.begin((4, 6))
        for port, apart in (("80", False), ("80/udp", False), ("79-90", False), ("icmp", False), ("82", True), ("81/udp", True)):
            self.assertEqual(self.is_apart("web", "db", port), apart, port)
        self.assertTrue(self.is_apart("db", "web", "80"))

    def test_published_any(self):
        """Each family by the way that the engine publishes it; and on no network alone."""
        self.begin((4,))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        [finding] = self.findings("published-any")["container shop-db-1"]
        self.assertEqual(finding["status"], "warn")
        for way in ("80/tcp at its own IPv4 address", "81/tcp at its own IPv4 address", "80/udp at [::]:"):
            self.assertIn(way, finding["evidence"])
        self.assertNotIn("0.0.0.0", finding["evidence"])

    def test_published_directly_alone(self):
        self.begin((4, 6))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        [finding] = self.findings("published-any")["container shop-db-1"]
        self.assertEqual(finding["status"], "warn")
        self.assertIn("80/tcp at its own IPv6 address", finding["evidence"])
        self.assertNotIn(":80", finding["evidence"])
        self.bulkhead.write_flows({**shop(WEB_TO_DB), "boundary": {"ingress": "declared"}})
        self.assertNotIn("container shop-db-1", self.findings("published-any"))

    def test_nothing_is_chosen(self):
        """No port of the host's stays closed to containers because of a binding that uses none."""
        self.begin((4, 6))
        self.bulkhead.start()
        self.bulkhead.settle()
        for family in (4, 6):
            unsettled = self.engine.run_inside("nft", "list", "set", "inet", "bulkhead", f"unsettled{family}").stdout
            self.assertNotIn("elements", unsettled)
            published = self.engine.run_inside("nft", "list", "set", "inet", "bulkhead", f"published{family}").stdout
            self.assertNotIn("elements", published)


class RoutedIccOff(Routed, EngineTest):
    icc = False

    @unittest.skipIf(engines.has_nftables_backend(), "about iptables' chains")
    def test_icc_drop(self):
        """There the engine lets ICMP pass from one container to another, with ICC off."""
        self.begin((4,))
        other = self.engine.run(**specification("shop", "other", command=SERVE, network="inner"))
        inside = {"family": 4, "network": "inner"}
        self.assert_doors(("silent", other, self.db, inside), ("open", other, self.db, {**inside, "protocol": "icmp"}))
        self.assert_icc_drop("fail")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_doors(("silent", other, self.db, {**inside, "protocol": "icmp"}))
        self.assert_icc_drop("warn")

    def assert_icc_drop(self, expected):
        found = self.findings("docker-icc-drop")
        of_inner = found[f"network inner ({self.engine.bridge('inner')})"]
        self.assertEqual({one["evidence"][:4]: one["status"] for one in of_inner}, {"IPv4": expected, "IPv6": "pass"}, of_inner)
        self.assertIn("ICMP", of_inner[0]["evidence"])
        for one in found[f"network front ({self.engine.bridge('front')})"]:
            self.assertEqual(one["status"], "pass", one)


if __name__ == "__main__":
    unittest.main()
