# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every service to every service on every port, against the oracle: ICC on and off, default bridge and a network of the
user's, IPv4 and IPv6.  Before it, the control: without bulkhead everything is open with ICC on, and nothing with ICC off.
"""
import unittest

import engine as engines
import oracle
from bulkhead import Bulkhead
from fixtures import specification
from traffic import WAIT_MS, target, try_all, try_one

TCP_PORTS = [80, 81, 3000, 5432, 6999, 7000, 7005, 7010, 7011, 8080, 9090, 9102]
UDP_PORTS = [53, 5432, 6999, 7000, 7005, 7006, 7010, 8125, 9091]
SERVE = (
    ["serve", "/receipts"] + [f"tcp:{port}" for port in TCP_PORTS] + [f"udp:{port}" for port in UDP_PORTS]
)
DOORS = [("tcp", port) for port in TCP_PORTS] + [("udp", port) for port in UDP_PORTS] + [("icmp", None)]

FLOWS = [
    {
        "app": "shop",
        "flows": [
            {"from": "web", "to": "api", "ports": ["8080"], "note": "the default protocol is tcp"},
            {"from": "api", "to": "db", "ports": ["5432/tcp"], "note": "orders"},
            {"from": "db", "to": "db", "ports": ["7000-7010/tcp", "icmp"], "note": "replicas among themselves"},
            {"from": ["web", "db"], "to": "api", "ports": ["53/udp", "7000-7005/udp"]},
            {"from": "mon/prom", "to": "web", "ports": ["9102"]},
            {"from": "mon/*", "to": ["api", "db"], "ports": ["3000/tcp"]},
            {"from": "*/*", "to": "web", "ports": ["81/tcp"]},
            {"from": "*", "to": "web", "ports": ["icmp"]},
            {"from": "api", "to": "web", "ports": ["udp"], "note": "a protocol alone"},
        ],
    },
    {
        "app": "mon",
        "services": {
            "agent": {"container": "agent-*"},
            "prom": {"labels": {"role": "prometheus"}},
            "edge": {"image": "probe:*", "labels": {"place": "edge"}},
        },
        "flows": [
            {"from": "shop/*", "to": "prom", "ports": ["9090/tcp", "9091/udp"]},
            {"from": "graf", "to": "prom", "ports": ["any"]},
            {"from": "agent", "to": ["prom", "graf"], "ports": ["tcp"]},
            {"from": "*", "to": "*", "ports": ["8125/udp"]},
            {"from": ["shop/web", "edge"], "to": "graf", "ports": ["3000", "7005-7010/udp", "7006-7011/udp"]},
        ],
    },
]


def specifications(network):
    options = {"command": SERVE, "network": network}
    return [
        specification("shop", "web", **options),
        specification("shop", "api", **options),
        specification("shop", "db", 1, **options),
        specification("shop", "db", 2, **options),
        {"name": "thermometer", "labels": {"role": "prometheus"}, **options},
        {"name": "mon-graf", "labels": {"bulkhead.app": "mon", "bulkhead.service": "graf"}, **options},
        {"name": "agent-7", **options},
        {"name": "corner", "labels": {"place": "edge"}, **options},
        # The same service name in another project: no part of shop.
        specification("other", "web", **options),
        {"name": "stranger", **options},
    ]


class Matrix:
    """Mixed into a test case below for each place."""

    icc = True
    user_network = False

    @classmethod
    def setUpClass(cls):
        cls.engine = engines.shared(cls.icc)
        cls.network = "bridge"
        if cls.user_network:
            cls.network = "matrix"
            # ICC on is what a network without the option has.
            cls.engine.create_network(cls.network, icc=None if cls.icc else False)
        cls.containers = cls.engine.run_all(specifications(cls.network))
        cls.bulkhead = Bulkhead(cls.engine)
        cls.addClassCleanup(cls.bulkhead.close)

    def pairs(self):
        return [(a, b) for a in self.containers for b in self.containers if a is not b]

    def measure(self, family):
        """{(source, destination, protocol, port): result}"""
        wishes = []
        for source in self.containers:
            targets = [
                target(protocol, destination.address(self.network, family), port)
                for destination in self.containers
                if destination is not source
                for protocol, port in DOORS
            ]
            wishes.append((source, targets))
        results = dict(zip([container.name for container in self.containers], try_all(wishes)))
        return {
            (source, destination, protocol, port): results[source.name][
                target(protocol, destination.address(self.network, family), port)
            ][0]
            for source, destination in self.pairs()
            for protocol, port in DOORS
        }

    def compare(self, expected, family):
        wrong = []
        for (source, destination, protocol, port), result in self.measure(family).items():
            wanted = "open" if expected(source, destination, protocol, port) else "silent"
            if result != wanted:
                wrong.append(f"{source.name} -> {destination.name} {protocol} {port}: {result}, not {wanted}")
        self.assertFalse(wrong, f"IPv{family}, {len(wrong)} doors are wrong:\n" + "\n".join(wrong[:40]))

    def declared(self, source, destination, protocol, port):
        return oracle.admits(FLOWS, source, destination, protocol, port)

    def admitted_receipts(self, container):
        """What may arrive at a container, as it writes it down."""
        return {
            f"{protocol} {source.address(self.network, family)} {port}"
            for source in self.containers
            for family in (4, 6)
            for protocol, port in DOORS
            if source is not container and self.declared(source, container, protocol, port)
        }

    def test_1_control(self):
        for family in (4, 6):
            self.compare(lambda *_: self.icc, family)

    def test_2_declared_passes_and_nothing_else(self):
        self.bulkhead.write_flows(*FLOWS)
        self.bulkhead.must("check", self.bulkhead.flows_directory)
        self.bulkhead.start()
        self.bulkhead.settle()
        before = {container: len(container.receipts()) for container in self.containers}
        for family in (4, 6):
            self.compare(self.declared, family)
        for container in self.containers:
            arrived = set(container.receipts()[before[container] :])
            self.assertEqual(arrived, {one for one in self.admitted_receipts(container) if "icmp" not in one})
        self.own_process()

    def own_process(self):
        """A container's own process sees what a probe in its namespace sees."""
        web, api = self.containers[:2]
        doors = [target("tcp", api.address(self.network, family), port) for family in (4, 6) for port in (8080, 80)]
        printed = web.exec("/probe", "connect", str(WAIT_MS), *doors)
        self.assertEqual([line.split()[1] for line in printed.splitlines()], ["open", "silent"] * 2)
        self.assertEqual([try_one(web, door) for door in doors], ["open", "silent"] * 2)

    def test_3_after_clear_as_before(self):
        self.bulkhead.stop()
        self.bulkhead.must("clear")
        # Docker lets pass what belongs to a connection, and a port may be drawn again.
        self.engine.run_inside("conntrack", "--flush")
        self.compare(lambda *_: self.icc, 4)


class IccOnDefaultBridge(Matrix, unittest.TestCase):
    icc, user_network = True, False


class IccOnUserNetwork(Matrix, unittest.TestCase):
    icc, user_network = True, True


class IccOffDefaultBridge(Matrix, unittest.TestCase):
    icc, user_network = False, False


class IccOffUserNetwork(Matrix, unittest.TestCase):
    icc, user_network = False, True
