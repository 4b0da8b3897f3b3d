# SPDX-License-Identifier: GPL-2.0-or-later
"""
Networks that the engine routes to (gateway_mode=routed, 28 and later): it opens the ports that are published there at the
container's own address, for the world and for its other networks.  Between containers only what is declared passes.
"""
import json
import unittest

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


class RoutedIccOn(Routed, EngineTest):
    icc = True


class RoutedIccOff(Routed, EngineTest):
    icc = False


if __name__ == "__main__":
    unittest.main()
