# SPDX-License-Identifier: GPL-2.0-or-later
"""
Between containers and what is none: the world and the host, each open or declared, per app and by the host's default,
against the oracle; with what has to go on: answers, names, errors about a connection, path-MTU discovery.
"""
import json
import subprocess
import unittest

import oracle
from attacks.common import CONTROL_ONLY, publish
from attacks.outside import DNS, HOST, NARROW, OTHER_DNS, SERVER, Outside, far, world
from docker_api import wait_until
from engine import probe_path
from fixtures import EngineTest, specification
from pace import wait_ms
from traffic import WAIT_MS, parse, target, try_all

SERVE = ("serve", "/receipts", "tcp:80-82", "udp:80-82")
PORTS = (80, 81, 82)
UNSERVED = 99
DECLARED = {"ingress": "declared", "egress": "declared", "host": "declared"}
OPEN = {"ingress": "open", "egress": "open", "host": "open"}
FAR = ["203.0.113.0/24", "2001:db8:113::/64"]

DOCUMENTS = [
    {
        "app": "shop",
        "boundary": DECLARED,
        "flows": [
            {"from": "web", "to": "world", "ports": ["80", "80/udp", "icmp"], "cidrs": ["198.51.100.10/32", "2001:db8:51::10/128"]},
            {"from": "web", "to": "world", "ports": ["80-81", "80/udp", f"{UNSERVED}/udp"], "cidrs": FAR},
            # Two that lie in one another.
            {"from": "web", "to": "world", "ports": ["81-82/udp"], "cidrs": ["203.0.112.0/20", "203.0.113.10/32"]},
            {"from": "web", "to": "host", "ports": ["80", "81/udp", f"{UNSERVED}/udp"]},
            {"from": "world", "to": "web", "ports": ["80", "80/udp"]},
            {"from": "world", "to": "web", "ports": ["81", "81/udp"], "cidrs": FAR},
            {"from": "host", "to": "web", "ports": ["82", "icmp"]},
            {"from": "api", "to": ["world", "host"], "ports": ["any"]},
            {"from": ["world", "host"], "to": "api", "ports": ["tcp"]},
        ],
    },
    {"app": "free", "boundary": OPEN, "flows": [{"from": "one", "to": "world", "ports": ["80"], "cidrs": FAR}]},
    {"app": "sealed", "boundary": {"egress": "declared"}, "flows": []},
    {"app": "inner", "boundary": {"ingress": "declared", "host": "open"}, "flows": []},
    {"app": "plain", "flows": [{"from": "one", "to": "world", "ports": ["81"]}]},
]  # fmt: skip

CONTAINERS = {
    "web": ("shop", "web"),
    "api": ("shop", "api"),
    "db": ("shop", "db"),
    "free": ("free", "one"),
    "sealed": ("sealed", "one"),
    "inner": ("inner", "one"),
    "plain": ("plain", "one"),
}


class Boundary:
    """Mixed into a test case for each kind of engine and default."""

    defaults = OPEN

    def begin(self):
        self.outside = Outside(self.engine)
        self.addCleanup(self.outside.close)
        self.outside.serve_on_host()
        self.engine.create_network("app", icc=self.icc)
        self.published = {}
        self.engine_closes = set()  # doors
        specifications = []
        for number, (name, place) in enumerate(CONTAINERS.items()):
            self.published[name] = {port: 8000 + 10 * number + port - 80 for port in PORTS}
            ports = [("", host_port, port) for port, host_port in self.published[name].items()]
            specifications.append(self.with_dns(specification(*place, command=SERVE, network="app", **publish(*ports))))
        specifications.append(self.with_dns({"name": "stranger", "command": SERVE, "network": "bridge"}))
        containers = self.engine.run_all(specifications)
        self.containers = dict(zip([*CONTAINERS, "stranger"], containers))
        self.published["stranger"] = {}
        wait_until(
            lambda: not self.engine.run_inside("ip", "-6", "address", "show", "tentative").stdout, "no address is tentative"
        )

    @staticmethod
    def with_dns(options):
        options.setdefault("host_config", {})["Dns"] = [world(DNS)]
        return options

    def start(self):
        config = {"boundary": self.defaults, "dns": [world(DNS), world(DNS, 6)]}
        self.bulkhead.write(self.bulkhead.config_file, json.dumps(config))
        self.bulkhead.write_flows(*DOCUMENTS)
        self.bulkhead.start()
        self.bulkhead.settle()

    def gateway(self, container, family):
        detail = self.engine.api.json("GET", f"/containers/{container.id}/json")
        [place] = detail["NetworkSettings"]["Networks"].values()
        return place["Gateway" if family == 4 else "IPv6Gateway"]

    # -- doors: {(who, target): whether the oracle opens it}

    def ask(self, function, *arguments):
        return function(DOCUMENTS, self.defaults, *arguments)

    def outward(self):
        doors = {}
        for name, container in self.containers.items():
            for address in (place(SERVER, family) for place in (world, far) for family in (4, 6)):
                for protocol in ("tcp", "udp", "icmp"):
                    for port in PORTS if protocol != "icmp" else (None,):
                        doors[name, target(protocol, address, port)] = self.ask(
                            oracle.leaves, container, address, protocol, port
                        )
        return doors

    def to_host(self):
        """UDP only at the nearest of the host's addresses: its server answers from there."""
        doors = {}
        for name, container in self.containers.items():
            for family in (4, 6):
                gateway = self.gateway(container, family)
                for address in (gateway, world(HOST, family)):
                    for protocol in ("tcp", "udp", "icmp"):
                        for port in PORTS if protocol != "icmp" else (None,):
                            if protocol == "udp" and address != gateway:
                                continue
                            doors[name, target(protocol, address, port)] = self.ask(
                                oracle.reaches_host, container, protocol, port
                            )
        return doors

    def inward(self):
        """{(namespace, target): …}, at the host's address and at the container's own, where Docker lets them pass."""
        doors = {}
        direct = self.engine.major < 28  # since then it drops them itself, as they come in
        for place, namespace in ((world, self.outside.out), (far, self.outside.far)):
            for name, container in self.containers.items():
                for port, host_port in self.published[name].items():
                    for family in (4, 6):
                        for protocol in ("tcp", "udp"):
                            source = place(SERVER, family)
                            expected = self.ask(oracle.is_reached, container, source, protocol, port)
                            doors[namespace, target(protocol, world(HOST, family), host_port)] = expected
                            own = namespace, target(protocol, container.address(family=family), port)
                            doors[own] = expected and direct
                            if not direct:
                                self.engine_closes.add(own)
        return doors

    def from_host(self):
        doors = {}
        for name, container in self.containers.items():
            published = {(protocol, port) for port in self.published[name] for protocol in ("tcp", "udp")}
            for family in (4, 6):
                for protocol in ("tcp", "udp", "icmp"):
                    for port in PORTS if protocol != "icmp" else (None,):
                        expected = self.ask(oracle.is_reached_by_host, container, protocol, port, published)
                        doors[target(protocol, container.address(family=family), port)] = expected
                        if protocol == "tcp" and port in self.published[name]:
                            doors[target(protocol, world(HOST, family), self.published[name][port])] = expected
        return doors

    # -- trying them

    def try_containers(self, doors):
        """{(who, target): result}"""
        wishes = {name: [wanted for one, wanted in doors if one == name] for name in self.containers}
        wishes = {name: targets for name, targets in wishes.items() if targets}
        results = try_all([(self.containers[name], targets) for name, targets in wishes.items()])
        return {(name, wanted): said[wanted][0] for name, said in zip(wishes, results) for wanted in said}

    def try_outside(self, doors):
        results = {}
        for namespace in (self.outside.out, self.outside.far):
            wanted = [one for where, one in doors if where is namespace]
            said = self.outside.try_from(namespace, wanted)
            results.update({(namespace, one): result for one, result in said.items()})
        return results

    def try_host(self, doors):
        answer = subprocess.run(
            self.engine.inside(probe_path(), "connect", str(WAIT_MS), *doors), stdout=subprocess.PIPE, text=True, check=False
        )
        # A datagram that the host itself may not send is refused as it is sent.
        return {
            wanted: "silent" if result == "EPERM" else result for wanted, (result, _) in parse(answer.stdout).items()
        }

    def compare(self, words, doors, results, all_open=False):
        """Every door as the oracle, or all open; one line, with all that are wrong."""
        with self.subTest(f"{words}: {len(doors)} doors, {sum(doors.values())} of them declared or open"):
            wrong = []
            for door, expected in doors.items():
                wanted = "open" if expected or (all_open and door not in self.engine_closes) else "silent"
                if results[door] != wanted:
                    names = [one.name if hasattr(one, "name") else one for one in door] if isinstance(door, tuple) else [door]
                    wrong.append(f"{' '.join(names)}: {results[door]}, not {wanted}")
            self.assertEqual(wrong, [])

    def try_everything(self, words, all_open):
        self.compare(f"{words}, container to world", doors := self.outward(), self.try_containers(doors), all_open)
        self.compare(f"{words}, container to host", doors := self.to_host(), self.try_containers(doors), all_open)
        self.compare(f"{words}, world to container", doors := self.inward(), self.try_outside(doors), all_open)
        self.compare(f"{words}, host to container", doors := self.from_host(), self.try_host(doors), all_open)

    # -- what has to go on

    def try_names(self, words):
        """By Docker's resolver, which asks out of the container, and by asking the name server itself."""
        closed = words != "open"
        for name, container in self.containers.items():
            servers = [world(DNS), world(DNS, 6)] + (["127.0.0.11"] if name != "stranger" else [])
            for server in servers:
                with self.subTest(f"{words}: {name} asks {server} for a name"):
                    said = container.exec("/attack", "resolve", str(wait_ms(4000)), server, "example.test")
                    self.assertEqual(said.strip(), world(SERVER))
        for name in ("db", "sealed", "free"):
            with self.subTest(f"{words}: {name} asks a name server that is not the host's"):
                shut = closed and self.ask(oracle.is_closed, self.containers[name], "egress")
                said = self.containers[name].exec("/attack", "resolve", str(wait_ms(900 if shut else 4000)), world(OTHER_DNS), "example.test")
                self.assertEqual(said.strip(), "silent" if shut else world(SERVER))
        doors = {("db", target("tcp", world(DNS, family), 80)): not closed for family in (4, 6)}
        results = self.try_containers(doors)
        with self.subTest(f"{words}: another port of the name server"):
            self.assertEqual({door: result == "open" for door, result in results.items()}, doors)

    def try_errors(self, words):
        """Nobody is at this port: that has to come through, or every client waits in vain."""
        web = self.containers["web"]
        doors = [
            ("web", target("udp", address, UNSERVED))
            for family in (4, 6)
            for address in (far(SERVER, family), self.gateway(web, family))
        ]
        for (_, wanted), result in self.try_containers(doors).items():
            with self.subTest(f"{words}: the error about {wanted}"):
                self.assertEqual(result, "refused")

    def try_mtu(self, words):
        web = self.containers["web"]
        for family in (4, 6):
            for protocol, expected in (("push", "20"), ("mtu", str(NARROW))):
                more = ["20"] if protocol == "push" else []
                # Whatever the ones before have taught is forgotten.
                self.engine.run_inside(*web.inside("ip", f"-{family}", "route", "flush", "cache"))
                with self.subTest(f"{words}: web finds the path's MTU, {protocol}, IPv{family}"):
                    said = web.exec("/attack", protocol, "5000", far(SERVER, family), "80", *more)
                    self.assertEqual(said.strip(), expected)
            self.engine.run_inside(*web.inside("ip", f"-{family}", "route", "flush", "cache"))
            with self.subTest(f"{words}: web finds it as a server, IPv{family}"):
                said = self.outside.attack_from(
                    self.outside.far, "push", "5000", world(HOST, family), str(self.published["web"][80]), "20"
                )
                self.assertEqual(said, "20")

    def test_boundary(self):
        self.begin()
        self.try_everything("open", True)
        self.try_names("open")
        self.try_errors("open")
        self.try_mtu("open")
        if CONTROL_ONLY:
            return
        self.start()
        self.try_everything("declared", False)
        self.try_names("declared")
        self.try_errors("declared")
        self.try_mtu("declared")


class BoundaryOpen(Boundary, EngineTest):
    pass


class BoundaryDeclared(Boundary, EngineTest):
    icc = False
    defaults = DECLARED


class BoundaryWithoutProxy(Boundary, EngineTest):
    userland_proxy = False
    defaults = DECLARED


if __name__ == "__main__":
    unittest.main()
