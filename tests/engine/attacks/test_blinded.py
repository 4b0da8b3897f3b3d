# SPDX-License-Identifier: GPL-2.0-or-later
"""
One object that is too much for whoever asks the engine: labels of megabytes, a bridge with a strange name.  What comes
after it, on a bridge whose name no rule knows, is open to everybody unless the service goes on.
"""
import unittest

import engine as engines
from attacks.common import CONTROL_ONLY, publish
from attacks.outside import HOST, Outside, world
from docker_api import ApiError, wait_until
from faults.proxy import Proxy
from fixtures import EngineTest, compose, shop, specification
from traffic import target, try_all

SERVE = ("serve", "/receipts", "tcp:80-82", "udp:80-82")
MIB = 1024 * 1024
BRIDGE = "com.docker.network.bridge.name"
PUBLISHED = 8080
STRANGE = ("x\x01", 'q"*\\', "\N{WHALE}")


def strange_bridge(test):
    for number, name in enumerate(STRANGE):
        try:
            test.engine.create_network(f"strange{number}", options={BRIDGE: name})
        except ApiError:
            # Of the others some engines refuse some; the nftables backend cannot write any of them into its rules.
            test.assertTrue(name != STRANGE[0] or engines.has_nftables_backend())


def large_container(test):
    test.engine.create("large", labels={"x": "y" * (70 * MIB)})


def many_labels(test):
    test.engine.create("many", labels={f"label{number}": "y" * 1000 for number in range(10000)})


def fourteen_containers(test):
    for number in range(14):
        test.engine.create(f"large{number}", labels={"x": "y" * (5 * MIB)})


def large_network(test):
    body = {"Name": "large", "Driver": "bridge", "Labels": {"x": "y" * (70 * MIB)}}
    test.engine.api.json("POST", "/networks/create", body)


def long_names(test):
    test.engine.create("n" * 3000)
    body = {"Name": "m" * 70000, "Driver": "bridge", "Options": {BRIDGE: "foo9"}}
    test.engine.api.json("POST", "/networks/create", body)


OBJECTS = [strange_bridge, large_container, many_labels, fourteen_containers, large_network, long_names]


class Blinded(EngineTest):
    def begin(self):
        self.outside = Outside(self.engine)
        self.addCleanup(self.outside.close)
        self.outside.serve_on_host()
        self.engine.create_network("app")
        self.web = self.engine.run(
            **specification("shop", "web", command=SERVE, network="app"), **publish(("", PUBLISHED, 80))
        )
        document = shop({"from": "client", "to": "db", "ports": ["80"]})
        document["boundary"] = {"host": "declared"}
        self.bulkhead.write_flows(document)
        self.number = 0

    def newcomers(self):
        """Two on a network whose bridge has a name of its own, as it was made just now."""
        self.number += 1
        network = f"foo{self.number}"
        self.engine.create_network(network, options={BRIDGE: network})
        containers = self.engine.run_all(
            [
                specification("shop", f"{service}{self.number}", command=SERVE, network=network)
                for service in ("evil", "victim")
            ]
        )
        return network, containers

    def doors(self, network, victim):
        detail = self.engine.api.json("GET", f"/containers/{victim.id}/json")
        gateway = detail["NetworkSettings"]["Networks"][network]["Gateway"]
        return {
            "its neighbour": target("tcp", victim.address(network), 80),
            "its neighbour, IPv6": target("tcp", victim.address(network, 6), 80),
            "web's published port": target("tcp", gateway, PUBLISHED),
            "the host": target("tcp", world(HOST), 80),
        }

    def check(self, words, is_open, network, containers):
        evil, victim = containers
        doors = self.doors(network, victim)
        results = try_all([(evil, list(doors.values()))])[0]
        for name, wanted in doors.items():
            with self.subTest(f"{words}: to {name}"):
                self.assertEqual(results[wanted][0] == "open", is_open, results[wanted][0])

    def declared(self, words):
        """A newcomer on a network that was there before has its flows, from the start."""
        self.number += 1
        containers = self.engine.run_all(
            [
                {"name": f"{service}{self.number}", "command": SERVE, "labels": compose("shop", service), "network": "app"}
                for service in ("client", "db")
            ]
        )
        with self.subTest(f"passes: {words}: what is declared, of newcomers"):
            wait_until(lambda: self.reaches(*containers), lambda: self.bulkhead.log_text()[-3000:])

    def reaches(self, client, server):
        wanted = target("tcp", server.address("app"), 80)
        return try_all([(client, [wanted])])[0][wanted][0] == "open"

    def test_blinded(self):
        self.begin()
        self.check("open", True, *self.newcomers())
        if CONTROL_ONLY:
            for make in OBJECTS:
                make(self)
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        for make in OBJECTS:
            words = make.__name__.replace("_", " ")
            make(self)
            self.check(f"closed: after {words}", False, *self.newcomers())
            self.declared(f"after {words}")
        with self.subTest("the engine is followed all the time"):
            # That others change the ruleset while it is read is no matter of the engine's answers.
            again = [line for line in self.bulkhead.log_text().split("\n") if "trying again" in line]
            self.assertFalse([line for line in again if "the ruleset changed while it was read" not in line])
        with self.subTest("who says too much is closed, and named"):
            wait_until(lambda: "container large is closed" in self.bulkhead.log_text(), "it is named")
        self.bulkhead.stop()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("closed: after a restart", False, *self.newcomers())
        self.declared("after a restart")
        peak = self.peak_mib()
        with self.subTest(f"in {peak:.0f} MiB"):
            self.assertLess(peak, 100)

    def peak_mib(self):
        with open(f"/proc/{self.bulkhead.process.pid}/status", encoding="ascii") as file:
            [line] = [line for line in file if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024


class Silent(EngineTest):
    """The engine works, and does not answer: a bridge that came meanwhile may be the engine's, or somebody else's."""

    def make(self, number):
        network = f"foo{number}"
        self.engine.create_network(network, options={BRIDGE: network})
        specifications = [
            specification("shop", f"{service}{number}", command=SERVE, network=network) for service in ("evil", "victim")
        ]
        return network, self.engine.run_all(specifications)

    def reached(self, network, containers):
        evil, victim = containers
        targets = [target("tcp", victim.address(network, family), 80) for family in (4, 6)]
        return [result == "open" for result, _ in try_all([(evil, targets)])[0].values()]

    def lan(self, name):
        """Somebody's virtual machines: ports that are no containers'."""
        inside = self.engine.run_inside
        inside("ip", "link", "add", name, "type", "bridge")
        self.addCleanup(inside, "ip", "link", "del", name)
        inside("ip", "link", "add", f"{name}p", "type", "ifb")
        self.addCleanup(inside, "ip", "link", "del", f"{name}p")
        inside("ip", "link", "set", f"{name}p", "master", name, "up")
        inside("ip", "link", "set", name, "up")

    def closed_bridges(self):
        text = self.engine.run_inside("nft", "list", "set", "inet", "bulkhead", "bridges").stdout
        return text

    def test_silent(self):
        proxy = Proxy(self.engine)
        self.addCleanup(proxy.close)
        self.bulkhead.options[0] = f"--docker={proxy.docker_url}"
        network, containers = self.make(1)
        with self.subTest("open: on the engine alone"):
            self.assertEqual(self.reached(network, containers), [True, True])
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        proxy.fault = ("silent", None)
        network, containers = self.make(2)
        with self.subTest("closed: while the engine is silent"):
            self.assertEqual(self.reached(network, containers), [False, False])
        self.bulkhead.stop()
        with self.subTest("closed: and after the service"):
            self.assertEqual(self.reached(network, containers), [False, False])
        self.bulkhead.start()
        with self.subTest("closed: and after a restart"):
            self.assertEqual(self.reached(network, containers), [False, False])
        self.lan("lan9")
        with self.subTest("passes: what has ports that the engine never makes is left alone"):
            wait_until(lambda: "lan9" not in self.closed_bridges(), self.closed_bridges)
        proxy.fault = (None, None)
        proxy.gate.set()
        self.bulkhead.settle(20)
        with self.subTest("closed: when it answers"):
            self.assertEqual(self.reached(network, containers), [False, False])
        self.bulkhead.write_flows(shop({"from": "evil2", "to": "victim2", "ports": ["80"]}))
        self.bulkhead.reload()
        with self.subTest("passes: what is declared there, when it answers"):
            self.assertEqual(self.reached(network, containers), [True, True])


if __name__ == "__main__":
    unittest.main()
