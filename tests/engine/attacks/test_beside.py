# SPDX-License-Identifier: GPL-2.0-or-later
"""
What is not bulkhead's to close, and goes on; and what is closed as long as nobody knows it.

Services that route for others, other people's bridges, Swarm's gateway bridge, and containers that start while the
service is down.
"""
import unittest

import engine as engines
from attacks import packets
from attacks.common import CONTROL_ONLY, SERVE, WITNESS_PORT, AttackTest, Frames, Listener, Party
from attacks.outside import HOST, SERVER, Namespace, Outside, world
from attacks.test_frames import OTHER_TYPES, TAGS
from attacks.test_spoofing import ADDRESSES, DISCOVERY, SOURCES
from bulkhead import Bulkhead
from docker_api import wait_until
from engine import attack_path, probe_path
from fixtures import EngineTest, shop, specification
from traffic import WAIT_MS, parse, target, try_all

VIP4, VIP6 = "10.99.0.5", "2001:db8:99::5"


class OptingOut(AttackTest):
    """`"guard": "off"`: it may send with addresses that are nobody's here, and be sent to, but with no neighbour's."""

    def begin(self):
        super().begin()
        scene = self.scene
        scene.vpn = scene.party(
            self.engine.run(**specification("shop", "vpn", network="app"))
        )
        scene.vpn.listener = Listener(scene.vpn.container.inside())
        self.addCleanup(scene.vpn.listener.close)
        document = shop(*self.flows)
        document["services"] = {"vpn": {"compose": "vpn", "guard": "off"}}
        document["flows"].append({"from": "vpn", "to": "db", "ports": [f"{WITNESS_PORT}/udp"]})
        self.bulkhead.write_flows(document)

    def frame_as(self, who, source4, source6, family, mark, mac=None, to="gateway"):
        """UDP to the host, over which it would go to the world."""
        destination = self.party(to)
        sender = Party(mac or self.party(who).mac, source4, source6)
        return self.scene.udp(sender, destination, 80, mark, family)

    def assert_arrives(self, who, make, arrives, at="gateway"):
        """make(mark): a frame."""
        mark, later = packets.new_mark(), packets.new_mark()
        listener = self.party(at).listener
        self.scene.send(
            self.party(who),
            make(mark.encode()),
            self.scene.udp(self.party(who), self.party(at), WITNESS_PORT, later.encode()),
        )
        listener.expect(later, "its own packet arrives")
        self.assertEqual(bool(listener.heard(mark)), arrives)

    def lines(self, guarded):
        """(name, who, make, whether it passes, at whose link)"""
        scene = self.scene
        web = scene.web
        for family in (4, 6):
            for who in ("vpn", "evil"):
                passes = who == "vpn" or not guarded
                yield (f"{who} with a foreign address, IPv{family}", who,
                       lambda m, f=family, w=who: self.frame_as(w, VIP4, VIP6, f, m), passes, "gateway")
                yield (f"{who} as web, IPv{family}", who,
                       lambda m, f=family, w=who: self.frame_as(w, web.v4, web.v6, f, m), not guarded, "gateway")
                yield (f"{who} as web, web's MAC, IPv{family}", who,
                       lambda m, f=family, w=who: self.frame_as(w, web.v4, web.v6, f, m, web.mac), not guarded, "gateway")
        for who in ("vpn", "evil"):
            mac = self.party(who).mac
            yield (f"{who} says by ARP that it has a foreign address", who,
                   lambda m, mac=mac: packets.ether(mac, scene.gateway.mac, packets.ARP, packets.arp(
                       2, mac, VIP4, scene.gateway.mac, scene.gateway.v4, m)),
                   who == "vpn" or not guarded, "gateway")
            yield (f"{who} says by ARP that it has web's", who,
                   lambda m, mac=mac: packets.ether(mac, scene.gateway.mac, packets.ARP, packets.arp(
                       2, mac, web.v4, scene.gateway.mac, scene.gateway.v4, m)),
                   not guarded, "gateway")
            yield (f"{who} as web, to what only web may", who,
                   lambda m, mac=mac: scene.udp(web, scene.db, 81, m, mac=mac), not guarded, "db")
            yield (f"{who} with a foreign address, to db", who,
                   lambda m, mac=mac: scene.udp(Party(mac, VIP4, VIP6), scene.db, 80, m), not guarded, "db")
            yield (f"{who} with another ethertype", who,
                   lambda m, mac=mac: packets.ether(mac, scene.db.mac, 0x88B5, m + bytes(46)), not guarded, "db")

    def try_lines(self, guarded):
        for name, who, make, passes, at in self.lines(guarded):
            with self.subTest(f"{'passes' if passes and guarded else 'closed' if guarded else 'open'}: {name}"):
                self.assert_arrives(who, make, passes, at)

    def try_answer(self, words):
        """The host sends to the foreign address, which is behind vpn."""
        mark = packets.new_mark()
        segment = packets.udp(self.scene.gateway.v4, VIP4, 80, 5000, mark.encode())
        packet = packets.ipv4(self.scene.gateway.v4, VIP4, packets.UDP, segment)
        with self.subTest(f"{words}: from the host to the foreign address"):
            self.engine.run_inside(attack_path(), "packets", packet.hex())
            self.scene.vpn.listener.expect(mark, "it comes to vpn")

    def test_opting_out(self):
        self.begin()
        bridge = self.engine.bridge("app")
        self.engine.run_inside("ip", "route", "add", VIP4, "dev", bridge)
        self.engine.run_inside("ip", "neigh", "add", VIP4, "lladdr", self.scene.vpn.mac, "dev", bridge, "nud", "permanent")
        self.try_lines(False)
        self.try_answer("open")
        if CONTROL_ONLY:
            return
        self.scene.forget_neighbours()
        self.guard()
        self.try_lines(True)
        self.try_answer("passes")


class ForeignScene(Frames):
    """The same parties as in the other attacks, on a bridge that is not the engine's: none of them a container."""

    def __init__(self, prefix4, prefix6):
        for number, name in enumerate(("gateway", "web", "db", "evil"), 1):
            setattr(self, name, Party(f"02:00:00:00:99:0{number}", f"{prefix4}{number}", f"{prefix6}{number}"))


class ForeignBridges(EngineTest):
    """What bulkhead refuses containers, others may do on their own bridges, whatever these and their ports are called."""

    def lan(self, bridge, ports):
        """evil's and db's namespaces behind a bridge."""
        number = len(self.places)
        scene = ForeignScene(f"198.18.{number}.", f"2001:db8:{0x90 + number:x}::")
        self.engine.run_inside("ip", "link", "add", bridge, "type", "bridge")
        self.addCleanup(self.engine.run_inside, "ip", "link", "del", bridge)
        self.engine.run_inside("ip", "link", "set", bridge, "up")
        for tool in ("iptables", "ip6tables"):
            rule = ["FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT"]
            self.engine.run_inside(tool, "-I", *rule)
            self.addCleanup(self.engine.run_inside, tool, "-D", *rule)
        for name, port in zip(("evil", "db"), ports):
            namespace = Namespace(f"{self.engine.namespace}-{name}{number}")
            self.addCleanup(namespace.close)
            self.engine.run_inside(
                "ip", "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace.name
            )
            self.engine.run_inside("ip", "link", "set", port, "master", bridge, "up")
            namespace.ip("link", "set", "eth0", "address", getattr(scene, name).mac, "up")
            getattr(scene, name).container = namespace
        self.engine.await_forwarding(*ports)
        scene.db.listener = Listener(scene.db.container.inside())
        self.addCleanup(scene.db.listener.close)
        return scene

    def try_place(self, words, scene):
        """The attacks of the other modules that go from evil to db, all of them: here they are nobody's business."""
        table = [attack for attack in OTHER_TYPES + TAGS + SOURCES + ADDRESSES + DISCOVERY if attack.victim == "db"]
        # The kernel's bridge looks at the source, and sends nothing back to where that was last seen.
        marks = {attack.name: packets.new_mark() for attack in table}
        frames = [attack.frames(scene, marks[attack.name].encode()) for attack in table]
        scene.evil.container.run(attack_path(), "frames", "eth0", *(frame.hex() for frame in frames))
        with self.subTest(f"{words}: {len(table)} kinds of frames"):
            for name, mark in marks.items():
                scene.db.listener.expect(mark, name)

    def test_foreign_bridges(self):
        self.places = {}
        for bridge, ports in {
            "lan0": ("lan0-evil", "lan0-db"),
            "br-lan": ("veth0a1b2c3", "veth0a1b2c4"),
        }.items():
            self.places[bridge] = self.lan(bridge, ports)
        for bridge, scene in self.places.items():
            self.try_place(f"open: {bridge}", scene)
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        self.engine.create_network("app")
        self.run_shop("app")
        self.bulkhead.settle()
        for bridge, scene in self.places.items():
            self.try_place(f"passes: {bridge}, while the service runs", scene)
        # One that comes while it runs.
        late = self.lan("lan1", ("vethfffffff", "lan1-db"))
        self.places["lan1"] = late
        self.try_place("passes: lan1, which came later", late)
        self.bulkhead.stop()
        for bridge, scene in self.places.items():
            self.try_place(f"passes: {bridge}, after the service", scene)


class GatewayBridge(unittest.TestCase):
    """docker_gwbridge, by which Swarm's containers reach the world: its endpoints come without events."""

    def setUp(self):
        # Swarm and live-restore exclude one another.
        self.engine = engines.make(live_restore=False).start()
        self.addCleanup(self.engine.destroy)
        self.outside = Outside(self.engine)
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)

    def reach(self, container):
        """{target: result} of the world's servers."""
        targets = [target(protocol, world(SERVER), 80) for protocol in ("tcp", "udp", "icmp")]
        return {name: result for name, (result, _) in try_all([(container, targets)])[0].items()}

    def run_on_overlay(self, name):
        return self.engine.run(name, SERVE, network="overlay")

    def begin_swarm(self):
        self.engine.api.json(
            "POST",
            "/swarm/init",
            {"ListenAddr": "127.0.0.1:2377", "AdvertiseAddr": "127.0.0.1", "DataPathAddr": "127.0.0.1"},
        )
        self.engine.api.json(
            "POST", "/networks/create", {"Name": "overlay", "Driver": "overlay", "Attachable": True}
        )
        self.addCleanup(self.engine.api.request, "POST", "/swarm/leave", query={"force": 1})

    def state(self):
        """What bulkhead says of docker_gwbridge; None while it knows none."""
        networks = {one["bridge"]: one["state"] for one in self.bulkhead.list("--networks")["networks"]}
        return networks.get("docker_gwbridge")

    @unittest.skipIf(engines.has_nftables_backend(), "that backend refuses Swarm")
    def test_gateway_bridge_that_appears(self):
        """Swarm makes it without an event, while the service runs; nobody waits for the next look at everything."""
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertIsNone(self.state())
        self.begin_swarm()
        container = self.run_on_overlay("first")
        wait_until(lambda: self.state() == "managed", lambda: f"docker_gwbridge is managed: {self.state()}", 30)
        self.bulkhead.settle()
        for name, result in self.reach(container).items():
            with self.subTest(f"passes: by docker_gwbridge to {name}"):
                self.assertEqual(result, "open")

    @unittest.skipIf(engines.has_nftables_backend(), "that backend refuses Swarm")
    def test_gateway_bridge(self):
        self.begin_swarm()
        early = self.run_on_overlay("early")
        for name, result in self.reach(early).items():
            with self.subTest(f"open: by docker_gwbridge to {name}"):
                self.assertEqual(result, "open")
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        late = self.run_on_overlay("late")
        self.bulkhead.settle()
        for container in (early, late):
            for name, result in self.reach(container).items():
                with self.subTest(f"passes: {container.name} by docker_gwbridge to {name}"):
                    self.assertEqual(result, "open")
            with self.subTest(f"passes: {container.name} to the other one by the overlay"):
                other = late if container is early else early
                result = try_all([(container, [target("tcp", other.address("overlay"), 80)])])[0]
                self.assertEqual([one for one, _ in result.values()], ["open"])


class Unseen(EngineTest):
    """Containers that start while the service is down: closed to everything until it is back."""

    def doors(self, container):
        gateway = self.engine.api.json("GET", f"/containers/{container.id}/json")["NetworkSettings"]["Networks"]["app"]
        hosts = [gateway["Gateway"], gateway["IPv6Gateway"]]
        addresses = {
            "the host": hosts + [world(HOST), world(HOST, 6)],
            "the world": [world(SERVER), world(SERVER, 6)],
            "db": [self.db.address(), self.db.address(family=6)],
        }
        # UDP only at the nearest of the host's addresses: its server answers from there.
        return {
            target(protocol, address, 80): who
            for who, places in addresses.items()
            for address in places
            for protocol in ("tcp", "udp", "icmp")
            if (protocol, address) not in (("udp", world(HOST)), ("udp", world(HOST, 6)))
        }

    def reach(self, container):
        """{(who, target): whether open}"""
        doors = self.doors(container)
        said = try_all([(container, list(doors))])[0]
        return {(doors[wanted], wanted): result == "open" for wanted, (result, _) in said.items()}

    def inward(self, container):
        """Whether the host and db reach it."""
        targets = [target(protocol, container.address(family=family), 80) for family in (4, 6) for protocol in ("tcp", "udp")]
        host = parse(
            self.engine.run_inside(probe_path(), "connect", str(WAIT_MS), *targets, check=False).stdout
        )
        from_db = try_all([(self.db, targets)])[0]
        found = {name: [result for result, _ in said.values()] for name, said in (("host", host), ("db", from_db))}
        # The host's own are refused where they are sent: the container would not refuse, it serves.
        refused = ("refused", "EPERM")
        found["host"] = ["silent" if result in refused else result for result in found["host"]]
        return found

    def newcomer(self, number):
        container = self.engine.run(**specification("shop", "web", number, command=SERVE, network="app"))
        show = ("ip", "-6", "address", "show", "tentative")
        for side in (container.inside(*show), (*show, "dev", self.engine.bridge("app"))):
            wait_until(lambda: not self.engine.run_inside(*side).stdout, "no address is tentative")
        return container

    def test_unseen(self):
        outside = Outside(self.engine)
        self.addCleanup(outside.close)
        outside.serve_on_host()
        self.engine.create_network("app")
        self.db = self.engine.run(**specification("shop", "db", command=SERVE, network="app"))
        self.bulkhead.write_flows(
            shop({"from": "web", "to": "db", "ports": ["80", "80/udp", "icmp"]})
        )
        control = self.newcomer(1)
        with self.subTest("open: a container reaches host, world and db, and is reached"):
            self.assertNotIn(False, self.reach(control).values())
            self.assertEqual(set(sum(self.inward(control).values(), [])), {"open"})
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertNotIn(False, self.reach(control).values())
        self.bulkhead.stop()
        unseen = self.newcomer(2)
        for (who, wanted), is_open in self.reach(unseen).items():
            with self.subTest(f"closed: while the service is down, to {who} by {wanted}"):
                self.assertFalse(is_open)
        with self.subTest("closed: while the service is down, from the host and db"):
            self.assertNotIn("open", sum(self.inward(unseen).values(), []))
        with self.subTest("passes: who was known, while the service is down"):
            self.assertNotIn(False, self.reach(control).values())
        self.bulkhead.start()
        self.bulkhead.settle()
        for (who, wanted), is_open in self.reach(unseen).items():
            with self.subTest(f"passes: when it is back, to {who} by {wanted}"):
                self.assertTrue(is_open)
        with self.subTest("passes: when it is back, from the host, and not from db"):
            reached = self.inward(unseen)
            self.assertEqual((set(reached["host"]), set(reached["db"])), ({"open"}, {"silent"}))


if __name__ == "__main__":
    unittest.main()
