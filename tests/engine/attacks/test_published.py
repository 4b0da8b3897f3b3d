# SPDX-License-Identifier: GPL-2.0-or-later
"""
Published ports of another container, through every address that the host has.  Docker lets containers of any of its
networks in there, with ICC off too: by docker-proxy, whose connections come from the host, or by DNAT.
"""
import concurrent.futures
import json
import unittest

import workers
from attacks import packets
from attacks.common import CONTROL_ONLY, Listener, Party, publish
from attacks.outside import CLIENT, HOST, SECOND_HOST, Outside, world
from docker_api import wait_until
from fixtures import EngineTest, shop, specification
from traffic import WAIT_MS, parse

CLOSED, DECLARED, ONE_ADDRESS, LOOPBACK = 8080, 8081, 8082, 8083
# Each another one: Docker's nftables backend refuses, without docker-proxy, to publish a container's port twice.
INSIDE = {CLOSED: 80, DECLARED: 81, ONE_ADDRESS: 83, LOOPBACK: 84}
UNPUBLISHED = 82
SERVE = ("serve", "/receipts", "tcp:80-84", "udp:80-84")
# Raw attacks that the engine itself drops, from its major version on.
ENGINE_DROPS = {"to the host's loopback address": 28}
FLOWS = [{"from": ["evil", "far", "stray"], "to": "db", "ports": ["81", "81/udp"]}]


class Published:
    """Mixed into a test case for each kind of engine."""

    # Docker with DNAT for packets of its own bridges refuses them between networks, by its isolation: closed already.
    across_networks = True

    def begin(self):
        self.outside = Outside(self.engine)
        self.addCleanup(self.outside.close)
        for network in ("app", "other"):
            self.engine.create_network(network, icc=self.icc)
        self.db = self.engine.run(
            **specification("shop", "db", command=SERVE, network="app"),
            **publish(
                ("", CLOSED, INSIDE[CLOSED]),
                ("", DECLARED, INSIDE[DECLARED]),
                (world(SECOND_HOST), ONE_ADDRESS, INSIDE[ONE_ADDRESS]),
                ("127.0.0.1", LOOPBACK, INSIDE[LOOPBACK]),
            ),
        )
        names = {"evil": "app", "far": "other", "stray": "bridge"}
        containers = self.engine.run_all(
            [specification("shop", name, network=network) for name, network in names.items()]
        )
        self.attackers = dict(zip(names, containers))
        self.bulkhead.write_flows(shop(*FLOWS))
        self.listener = Listener(self.db.inside())
        self.addCleanup(self.listener.close)

    def host_addresses(self):
        """{what it is: address}, of both families."""
        found = {}
        for link in json.loads(self.engine.run_inside("ip", "-j", "address").stdout):
            names = {self.engine.bridge(name): f"{name}'s gateway" for name in ("app", "other", "bridge")}
            for one in link.get("addr_info", []):
                if one["scope"] == "global":
                    name = names.get(link["ifname"], link["ifname"])
                    found[f"{name} {one['local']}"] = one["local"]
        return found

    def doors(self, port):
        """{name of the host's address: address}, where that port is published for it."""
        return {
            name: address
            for name, address in self.host_addresses().items()
            if port != ONE_ADDRESS or address == world(SECOND_HOST)
        }

    def connect(self, port):
        """{(who, address): result}, tried by the containers themselves."""
        targets = {f"tcp/{address}/{port}": address for address in self.doors(port).values()}

        def attack(who):
            said = parse(self.attackers[who].exec("/probe", "connect", str(WAIT_MS), *targets))
            return {(who, address): said[target][0] for target, address in targets.items()}

        with concurrent.futures.ThreadPoolExecutor(len(self.attackers)) as pool:
            return {door: result for results in pool.map(attack, self.attackers) for door, result in results.items()}

    def datagrams(self, port):
        """{(who, address): mark} of datagrams that the containers have sent.

        What tells whether one came is the interface of db: docker-proxy answers from whatever address is nearest.
        """
        marks = {}
        for number, (who, container) in enumerate(self.attackers.items()):
            sent = []
            for address in self.doors(port).values():
                marks[who, address] = packets.new_mark()
                source = container.address(family=6 if ":" in address else 4)
                segment = packets.udp(source, address, 6000 + number, port, marks[who, address].encode())
                sent.append(packets.ip(source, address, packets.UDP, segment).hex())
            said = container.exec("/attack", "packets", *sent)
            self.assertEqual(said, "")
        return marks

    def ways(self, port):
        """{(who, address, protocol)}: all that there are to that port."""
        return {
            (who, address, protocol)
            for who in self.attackers
            for address in self.doors(port).values()
            for protocol in ("tcp", "udp")
        }

    def measure(self, port, expected):
        """{(who, address, protocol)}: those that are open.  It waits for the expected ones."""
        connections, marks = self.connect(port), self.datagrams(port)
        self.await_marks([marks[who, address] for who, address, protocol in expected if protocol == "udp"])
        honest, witness = self.declared_raw()
        self.send(honest)
        self.listener.expect(witness, "a datagram through the declared port")
        found = {(who, address, "tcp") for (who, address), result in connections.items() if result == "open"}
        return found | {(who, address, "udp") for (who, address), mark in marks.items() if self.listener.heard(mark)}

    def check(self, port, expected, words):
        """expected: {(who, address, protocol)} that should be open."""
        found = self.measure(port, expected)
        for name, address in self.doors(port).items():
            for who in self.attackers:
                for protocol in ("tcp", "udp"):
                    with self.subTest(f"{words}: {who} by {name} {protocol}/{port}"):
                        self.assertEqual((who, address, protocol) in found, (who, address, protocol) in expected)

    def ask_the_engine(self, port):
        """The ways that it leaves open by itself; those of evil, who is on db's network, at the least.

        Which others there are differs from engine to engine.  Those that the attacks were written on are held to all."""
        ways = self.ways(port)
        if self.engine.major < 29:
            expected = {way for way in ways if self.across_networks or way[0] == "evil"}
            self.check(port, expected, "open")
            return expected
        found = self.measure(port, ways)
        workers.say(f"    {len(found)} of {len(ways)} ways to port {port} are open on the engine alone")
        with self.subTest(f"open: evil by tcp/{port}"):
            self.assertTrue({way for way in found if way[0] == "evil" and way[2] == "tcp"})
        return found

    def await_marks(self, marks):
        """Until all are there, or it is clear that some will not come: then it is the caller's to say which."""
        try:
            wait_until(lambda: all(self.listener.heard(mark) for mark in marks), "", 15)
        except AssertionError:
            pass

    def await_addresses(self):
        """IPv6 addresses of a bridge are no one's until the kernel has looked for duplicates."""
        wait_until(
            lambda: not self.engine.run_inside("ip", "-6", "address", "show", "tentative").stdout, "no address is tentative"
        )

    def from_the_world(self, port, source=CLIENT):
        """{target: result} for the host's addresses outside."""
        targets = [
            f"{protocol}/{world(who, family)}/{port}"
            for who in (HOST, SECOND_HOST)
            for family in (4, 6)
            for protocol in ("tcp", "udp")
        ]
        return self.outside.try_from(self.outside.out, targets)

    def connections_at_db(self):
        return len([line for line in self.db.receipts() if line.startswith("tcp ")])

    def gateway(self):
        bridge = self.engine.bridge("app")
        [link] = json.loads(self.engine.run_inside("ip", "-j", "link", "show", "dev", bridge).stdout)
        addresses = list(self.host_addresses().items())
        v4, v6 = ([one for name, one in addresses if name.startswith("app's") and (":" in one) == v] for v in (False, True))
        return Party(link["address"], v4[0], v6[0])

    def raw_attacks(self):
        """{name: (frame, mark)}: what a socket would not send."""
        evil = self.attackers["evil"]
        me = Party(evil.macs["app"], *evil.networks["app"])
        gateway = self.gateway()
        db = Party(self.db.macs["app"], *self.db.networks["app"])
        found = {}

        def add(name, source, destination, port, tags=()):
            mark = packets.new_mark()
            segment = packets.udp(source, destination, 5000, port, mark.encode())
            packet = packets.ip(source, destination, packets.UDP, segment)
            frame = packets.ether(me.mac, gateway.mac, packets.IPV6 if ":" in destination else packets.IPV4, packet)
            found[name] = (packets.tagged(frame, *tags), mark)

        for tag in (packets.VLAN, packets.QINQ):
            add(f"priority tag {tag:04x}, IPv4", me.v4, gateway.v4, CLOSED, [(tag, 0)])
            add(f"priority tag {tag:04x}, IPv6", me.v6, gateway.v6, CLOSED, [(tag, 0)])
        add("to the host's loopback address", me.v4, "127.0.0.1", LOOPBACK)
        add("to the host's loopback address, an open door", me.v4, "127.0.0.1", DECLARED)
        add("to another loopback address", me.v4, "127.1.2.3", CLOSED)
        if self.icc:
            add("to db, over the gateway, IPv4", me.v4, db.v4, UNPUBLISHED)
            add("to db, over the gateway, IPv6", me.v6, db.v6, UNPUBLISHED)
        return found

    def declared_raw(self):
        """A declared datagram by the same way, after which everything before it has arrived or never will."""
        mark = packets.new_mark()
        evil, gateway = self.attackers["evil"], self.gateway()
        segment = packets.udp(evil.address(), gateway.v4, 5003, DECLARED, mark.encode())
        packet = packets.ipv4(evil.address(), gateway.v4, packets.UDP, segment)
        return packets.ether(evil.macs["app"], gateway.mac, packets.IPV4, packet), mark

    def send(self, *frames):
        said = self.attackers["evil"].exec("/attack", "frames", "eth0", *(frame.hex() for frame in frames))
        self.assertEqual(said, "")

    def control_raw(self):
        # With docker-proxy the engine leaves this switch alone; others (Kubernetes, hand-made NAT) turn it on.
        switch = f"net.ipv4.conf.{self.engine.bridge('app')}.route_localnet"
        before = self.engine.run_inside("sysctl", "-n", switch).stdout.strip()
        self.engine.run_inside("sysctl", "-q", "-w", f"{switch}=1")
        try:
            for name, (frame, mark) in self.raw_attacks().items():
                if self.engine.major >= ENGINE_DROPS.get(name, 1000):
                    continue
                if name.startswith("to another loopback") and not self.userland_proxy:
                    name += " (by DNAT, which looks for local addresses)"
                with self.subTest(f"open: {name}"):
                    self.send(frame)
                    self.listener.expect(mark, name)
        finally:
            self.engine.run_inside("sysctl", "-q", "-w", f"{switch}={before}")

    def defend_raw(self):
        switch = f"net.ipv4.conf.{self.engine.bridge('app')}.route_localnet"
        self.engine.run_inside("sysctl", "-q", "-w", f"{switch}=1")
        for name, (frame, mark) in self.raw_attacks().items():
            with self.subTest(f"closed: {name}"):
                honest, witness = self.declared_raw()
                self.send(frame, honest)
                self.listener.expect(witness, "a declared datagram through the published port")
                self.assertEqual(self.listener.heard(mark), [])

    def test_published(self):
        self.begin()

        self.await_addresses()
        plain = {port: self.ask_the_engine(port) for port in (CLOSED, DECLARED, ONE_ADDRESS)}
        self.control_raw()
        for target, result in self.from_the_world(CLOSED).items():
            with self.subTest(f"open: the world by {target}"):
                self.assertEqual(result, "open")
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        before = self.connections_at_db()
        self.check(CLOSED, set(), "closed")
        self.check(ONE_ADDRESS, set(), "closed")
        self.assertEqual(self.connections_at_db(), before, "nothing arrived at db")
        self.check(DECLARED, plain[DECLARED], "passes")
        self.defend_raw()
        # Its own door a container may use, and the world may go on.
        own = {
            name: f"tcp/{address}/{CLOSED}" for name, address in self.doors(CLOSED).items() if "app's gateway" in name
        }
        said = parse(self.db.exec("/probe", "connect", str(WAIT_MS), *own.values()))
        for name, target in own.items():
            with self.subTest(f"passes: db itself by {name}"):
                self.assertEqual(said[target][0], "open")
        for target, result in self.from_the_world(CLOSED).items():
            with self.subTest(f"passes: the world by {target}"):
                self.assertEqual(result, "open")


class PublishedIccOn(Published, EngineTest):
    icc = True


class PublishedIccOff(Published, EngineTest):
    icc = False


class PublishedWithoutProxy(Published, EngineTest):
    icc = True
    userland_proxy = False
    across_networks = False


class Starting(EngineTest):
    """A container that is only just starting: what it publishes stands before bulkhead can know it."""

    rounds = 12

    def begin(self):
        self.engine.create_network("app")
        self.gateway = json.loads(
            self.engine.run_inside("ip", "-j", "address", "show", "dev", self.engine.bridge("app")).stdout
        )[0]["addr_info"]
        self.mark, self.witness = packets.new_mark(), packets.new_mark()
        doors = [
            f"{protocol}/{one['local']}/{CLOSED}"
            for one in self.gateway
            if one["scope"] == "global"
            for protocol in ("udp", "tcp")
        ]
        # Both knock from before it starts: evil at the published port, web at the container, where it may.
        self.place = {"IPv4Address": self.engine.next_subnet().replace("0/24", "77")}
        self.evil = self.engine.run(
            **specification("shop", "evil", network="app", command=("knock", self.mark, "/log", *doors)),
            entrypoint="/attack",
        )
        self.web = self.engine.run(
            **specification(
                "shop", "web", network="app",
                command=("knock", self.witness, "/log", f"udp/{self.place['IPv4Address']}/81"),
            ),
            entrypoint="/attack",
        )  # fmt: skip
        self.bulkhead.write_flows(shop({"from": "web", "to": "db", "ports": ["81/udp"]}))

    def log(self, container):
        try:
            with open(container.file("/log"), encoding="ascii") as file:
                return file.read().splitlines()
        except OSError:
            return []

    def one_start(self, number):
        """What evil has got through to the container, when that has been there for a while and its witness is there."""
        victim = self.engine.run(
            **specification("shop", "db", number, network="app",
                            command=("knock", packets.new_mark(), "/log", "udp/127.0.0.1/9")),
            **publish(("", CLOSED, 80)),
            NetworkingConfig={"EndpointsConfig": {"app": {"IPAMConfig": self.place}}},
            entrypoint="/attack",
        )  # fmt: skip
        log = []

        def tried():
            log[:] = self.log(victim)
            words = {line.split()[0] for line in log}
            return "knocked" in words and any(self.witness in line for line in log)

        wait_until(tried, lambda: f"the declared packet arrives, and time has passed: {log}")
        victim.remove()
        return [(number, line) for line in log if self.mark in line]

    def test_starting(self):
        self.begin()
        with self.subTest("open: evil reaches a starting container by its published port"):
            self.assertTrue(any([self.one_start(number) for number in range(1, 4)]))
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        with self.subTest(f"closed: evil does not, in {self.rounds} starts"):
            self.maxDiff = None
            self.assertEqual(sum((self.one_start(number) for number in range(self.rounds)), []), [])


if __name__ == "__main__":
    unittest.main()
