# SPDX-License-Identifier: GPL-2.0-or-later
"""
What engines have learnt since 20.10: kinds of networks, addresses, ways in.  Each where the engine has it; each begins with
the engine alone.
"""
import dataclasses
import json
import os
import unittest
import unittest.mock

import engine as engines
from attacks.outside import SERVER, Outside, world
from bulkhead import Bulkhead
from docker_api import ApiError, wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, compose, door, shop, specification
from traffic import target, try_all, try_one

BRIDGE = "com.docker.network.bridge"
SECONDS_TO_FIND = 20  # a neighbour that has another MAC now


@dataclasses.dataclass
class Kind:
    """Of a network: what it is created with, and since when there is that."""

    name: str
    since: tuple  # of the API
    options: dict
    body: dict = dataclasses.field(default_factory=dict)
    families: tuple = (4, 6)
    pings: tuple = ()  # families in which the engine lets echo requests pass with ICC off as well


def modes(mode4, mode6=None):
    return {f"{BRIDGE}.gateway_mode_ipv4": mode4, f"{BRIDGE}.gateway_mode_ipv6": mode6 or mode4}


KINDS = [
    Kind("nat", (1, 47), modes("nat")),
    Kind("nat-unprotected", (1, 48), modes("nat-unprotected")),
    Kind("routed", (1, 47), modes("routed"), pings=(4, 6)),
    Kind("nat, and routed in IPv6", (1, 47), modes("nat", "routed"), pings=(6,)),
    Kind("isolated", (1, 48), modes("isolated"), {"Internal": True}),
    Kind("internal", (1, 41), {}, {"Internal": True}),
    Kind("no address of the bridge's, IPv4", (1, 45), {f"{BRIDGE}.inhibit_ipv4": "true"}),
    Kind("IPv6 only", (1, 48), {}, {"EnableIPv4": False}, (6,)),
    Kind("trusted interfaces", (1, 50), {f"{BRIDGE}.trusted_host_interfaces": "world0"}),
]


class NewerTest(EngineTest):
    def need(self, version, what):
        if self.engine.api_version < version:
            self.skipTest(f"{what}: from API {version[0]}.{version[1]} on, this engine has {self.engine.api_version[1]}")

    def make_network(self, kind, name="app"):
        self.engine.networks_made += 1
        subnets = {4: self.engine.next_subnet(), 6: f"fd00:{100 + self.engine.index}:{self.engine.networks_made:x}::/64"}
        body = {
            "Name": name,
            "Driver": "bridge",
            "EnableIPv6": True,
            "Options": {f"{BRIDGE}.enable_icc": "true" if self.icc else "false", **kind.options},
            "IPAM": {"Config": [{"Subnet": subnets[family]} for family in kind.families]},
            **kind.body,
        }
        self.engine.api.json("POST", "/networks/create", body)

    def doors(self, web, db, evil, kind, declared, undeclared, pings=()):
        """As assert_doors wants them."""
        for family in kind.families:
            ping = "open" if family in pings else undeclared
            yield declared, web, db, {"family": family, "network": "app"}
            yield declared, web, db, {"family": family, "network": "app", "protocol": "udp"}
            yield undeclared, web, db, {"family": family, "network": "app", "port": 81}
            yield undeclared, db, web, {"family": family, "network": "app"}
            yield undeclared, evil, db, {"family": family, "network": "app"}
            yield ping, evil, db, {"family": family, "network": "app", "protocol": "icmp"}


class Kinds:
    """Mixed into a test case for ICC on and for ICC off: policy holds on networks of each kind."""

    def try_kind(self, kind):
        self.need(kind.since, kind.name)
        # See NftablesBackend.
        nothing_passes = kind.body.get("Internal") and not self.icc and engines.has_nftables_backend()
        self.make_network(kind)
        if kind.body.get("Internal") and self.icc and self.engine.major < 23:
            # That engine drops neighbour discovery there, for its multicast is not of the network's subnet.
            kind = dataclasses.replace(kind, families=(4,))
        containers = self.run_shop("app", ("web", "db", "evil"))
        plain = "open" if self.icc else "silent"
        self.assert_doors(*self.doors(**containers, kind=kind, declared=plain, undeclared=plain, pings=kind.pings))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        # Docker's drop let no neighbour be found over IPv6, and who asked in vain asks again after a while.
        web, db = containers["web"], containers["db"]
        if nothing_passes:  # not even the question for a neighbour
            doors = list(self.doors(**containers, kind=kind, declared="", undeclared=""))
            wishes = [(source, [door(destination, **options)]) for _, source, destination, options in doors]
            self.assertNotIn("open", [result for results in try_all(wishes) for result, _ in results.values()])
            return
        for family in kind.families:
            wanted = door(db, family=family, network="app")
            wait_until(
                lambda wanted=wanted: try_one(web, wanted) == "open", f"{wanted} opens\n{self.bulkhead.log_text()}", 40
            )
        self.assert_doors(*self.doors(**containers, kind=kind, declared="open", undeclared="silent"))
        # What the service said that it did holds for a newcomer as well, whose first act it is.
        self.assertNotIn("error", self.bulkhead.log_text())


def add_kinds(cls):
    for kind in KINDS:
        name = "".join(letter if letter.isalnum() else "_" for letter in kind.name)
        setattr(cls, f"test_{name}", lambda self, kind=kind: self.try_kind(kind))


add_kinds(Kinds)


class KindsIccOn(Kinds, NewerTest):
    icc = True


class KindsIccOff(Kinds, NewerTest):
    icc = False


class Addresses(NewerTest):
    def test_random_macs(self):
        """A container that is started again has another MAC, and its flows; those that know the old one learn the new."""
        if self.engine.major < 28:
            self.skipTest("MACs are random from 28 on")
        self.engine.create_network("app")
        shops = self.run_shop("app", ("web", "db", "evil"))
        self.assert_open(shops["evil"], shops["db"])
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_web_to_db(shops["web"], shops["db"])
        for name in ("db", "web"):
            before = shops[name].macs["app"]
            shops[name].restart()
            wait_until(shops[name].serving, f"{name} serves again")
            self.assertNotEqual(shops[name].macs["app"], before)
            for family in (4, 6):
                wanted = door(shops["db"], family=family)
                wait_until(
                    lambda wanted=wanted: try_one(shops["web"], wanted) == "open", f"{wanted} opens", SECONDS_TO_FIND
                )
            self.assert_web_to_db(shops["web"], shops["db"])
            self.assert_closed_altogether(shops["evil"], shops["db"])

    def two_networks(self, **gateway_priorities):
        for name in ("front", "back"):
            self.engine.create_network(name)
        db = self.engine.run(**specification("shop", "db", command=SERVE, network="back"))
        edge = self.engine.run(**specification("shop", "edge", command=SERVE, network="front"))
        self.bulkhead.write_flows(shop(WEB_TO_DB, {"from": "edge", "to": "web", "ports": ["80"]}))
        endpoints = {
            name: {"GwPriority": gateway_priorities[name]} if name in gateway_priorities else {}
            for name in ("front", "back")
        }
        web = self.engine.create(
            "shop-web-1",
            SERVE,
            network="front",
            labels=compose("shop", "web"),
            NetworkingConfig={"EndpointsConfig": endpoints},
        )
        return web, db, edge

    def check_two_networks(self, web, db, edge):
        for family in (4, 6):
            self.assert_doors(
                ("open", web, db, {"family": family, "network": "back"}),
                ("silent", web, db, {"family": family, "network": "back", "port": 81}),
                ("silent", db, web, {"family": family, "network": "back"}),
                ("open", edge, web, {"family": family, "network": "front"}),
                ("silent", edge, web, {"family": family, "network": "front", "port": 81}),
                ("silent", web, edge, {"family": family, "network": "front"}),
            )

    def test_two_networks_before_the_start(self):
        """From API 1.44 on a container is created with several networks, and has all of them from its first moment on."""
        self.need((1, 44), "several networks at creation")
        web, db, edge = self.two_networks()
        web.start()
        wait_until(web.serving, "web serves")
        self.assertEqual(set(web.networks), {"front", "back"})
        self.assert_open(web, db, network="back", port=81)
        self.assert_open(edge, web, network="front", port=81)
        web.stop()
        self.bulkhead.start()
        self.bulkhead.settle()
        web.start()
        wait_until(web.serving, "web serves")
        self.bulkhead.settle()
        # It has another MAC now (28), which its neighbours have to learn.
        for family in (4, 6):
            wanted = door(web, family=family, network="front")
            wait_until(lambda wanted=wanted: try_one(edge, wanted) == "open", f"{wanted} opens", SECONDS_TO_FIND)
        self.check_two_networks(web, db, edge)

    def test_the_gateway_of_the_higher_priority(self):
        """Which network's gateway a container uses is no way around either network's rules."""
        self.need((1, 48), "gw-priority")
        outside = Outside(self.engine)
        self.addCleanup(outside.close)
        web, db, edge = self.two_networks(front=1, back=2)
        web.start()
        wait_until(web.serving, "web serves")
        route = self.engine.run_inside(*web.inside("ip", "route", "show", "default")).stdout
        back = self.engine.api.json("GET", "/networks/back")["IPAM"]["Config"][0]["Subnet"].rpartition(".")[0]
        self.assertIn(f"via {back}.", route)
        out = target("tcp", world(SERVER), 80)
        self.assertEqual(try_one(web, out), "open")
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check_two_networks(web, db, edge)
        self.assertEqual(try_one(web, out), "open")
        self.bulkhead.write_flows({**shop(WEB_TO_DB), "boundary": {"egress": "declared"}})
        self.bulkhead.reload()
        self.bulkhead.settle()
        self.assertEqual(try_one(web, out), "silent")


class WaysIn(NewerTest):
    """From outside to a container's own address: which of them the engine leaves open differs by network."""

    # {name: (kind, whether the engine alone lets the world in by the container's address to a published, another port)}
    NETWORKS = {
        "nat": (Kind("nat", (1, 48), modes("nat")), (False, False)),
        "unprotected": (Kind("nat-unprotected", (1, 48), modes("nat-unprotected")), (True, True)),
        "routed": (Kind("routed", (1, 48), modes("routed")), (True, False)),
        "trusting": (Kind("trusted interfaces", (1, 50), {f"{BRIDGE}.trusted_host_interfaces": "world0"}), (True, False)),
    }

    def from_outside(self, outside, doors):
        return {name: result == "open" for name, result in outside.try_from(outside.out, doors).items()}

    def try_network(self, name):
        kind, (published, other) = self.NETWORKS[name]
        self.need(kind.since, kind.name)
        outside = Outside(self.engine)
        self.addCleanup(outside.close)
        self.make_network(kind)
        options = {
            "ExposedPorts": {"80/tcp": {}, "81/tcp": {}},
            "host_config": {"PortBindings": {f"{port}/tcp": [{"HostPort": str(port + 8000)}] for port in (80, 81)}},
        }
        web = self.engine.run(**specification("shop", "web", command=SERVE, network="app", **options))
        ways = {
            target("tcp", web.address("app", family), port): published if port != 82 else other
            for family in (4, 6)
            for port in (80, 81, 82)
        }
        tentative = ("ip", "-6", "address", "show", "tentative")
        wait_until(lambda: not self.engine.run_inside(*tentative).stdout, "no address is tentative")
        self.assertEqual(self.from_outside(outside, ways), ways, "the engine alone")
        self.bulkhead.write_flows(shop())
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertEqual(self.from_outside(outside, ways), ways, "ingress open")
        declared = {"from": "world", "to": "web", "ports": ["80"]}
        self.bulkhead.write_flows({**shop(declared), "boundary": {"ingress": "declared"}})
        self.bulkhead.reload()
        self.bulkhead.settle()
        closed = {way: is_open and way.endswith("/80") for way, is_open in ways.items()}
        self.assertEqual(self.from_outside(outside, ways), closed, "ingress declared")


def add_networks(cls):
    for name in cls.NETWORKS:
        setattr(cls, f"test_{name}", lambda self, name=name: self.try_network(name))


add_networks(WaysIn)


class Restarted(NewerTest):
    """A container has another MAC after each start (28 and later), and says so at once: who is connected to it must not wait
    until it says so again, a second later."""

    rounds = 10

    def neighbour(self, container, address):
        """The MAC that it takes for the address's."""
        said = json.loads(self.engine.run_inside(*container.inside("ip", "-j", "neigh", "show", "to", address)).stdout)
        return said[0].get("lladdr") if said else None

    def heard(self, web, db):
        """How many of the starts web has heard of, by the time at which db serves; and how often db had another MAC."""
        heard = moved = 0
        for _ in range(self.rounds):
            self.assertEqual(try_one(web, door(db, 80)), "open")
            before = db.macs["app"]
            db.restart()
            wait_until(db.serving, "db serves")
            moved += db.macs["app"] != before
            heard += self.neighbour(web, db.address("app")) == db.macs["app"]
        return heard, moved

    def test_restarted(self):
        self.engine.create_network("app")
        shops = self.run_shop("app")
        heard, moved = self.heard(shops["web"], shops["db"])
        if not moved:
            self.skipTest("on this engine a container keeps its MAC")
        with self.subTest(f"open: {heard} of {self.rounds} starts are heard on the engine alone"):
            self.assertEqual(heard, self.rounds)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        heard, _ = self.heard(shops["web"], shops["db"])
        with self.subTest(f"passes: {heard} of {self.rounds} starts are heard"):
            self.assertEqual(heard, self.rounds)


class OwnEngine(unittest.TestCase):
    """An engine that is started otherwise."""

    def begin(self, **options):
        self.engine = engines.make(**options)
        self.addCleanup(self.engine.destroy)
        self.engine.start()
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)

    def assert_policy(self, web, db, families=(4, 6)):
        doors = [target("tcp", db.address(family=family), port) for family in families for port in (80, 81)]
        [result] = try_all([(web, doors)])
        self.assertEqual([result[one][0] for one in doors], ["open", "silent"] * len(families))

    def run_shop(self):
        self.engine.create_network("app")
        return self.engine.run_all(
            [specification("shop", name, command=SERVE, network="app") for name in ("web", "db")]
        )


class Settings(OwnEngine):
    def test_ip6tables_without_asking(self):
        """It is on by default from 27 on: policy in IPv6 beside it, with ICC off as well."""
        self.begin(icc=False, flags={"ip6tables": None, "experimental": None})
        if self.engine.major < 27:
            self.skipTest("ip6tables is on by default from 27 on")
        self.engine.create_network("app", icc=False)
        web, db = self.engine.run_all(
            [specification("shop", name, command=SERVE, network="app") for name in ("web", "db")]
        )
        doors = [target("tcp", db.address(family=family), 80) for family in (4, 6)]
        self.assertEqual([try_one(web, one) for one in doors], ["silent", "silent"])
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        # Who asked for its neighbour in vain asks again after a while.
        wait_until(lambda: try_one(web, doors[1]) == "open", "the declared door opens over IPv6", 40)
        self.assert_policy(web, db)

    def test_containerd_image_store(self):
        """Images are known by other digests and names there: a service that is told by its image is still that one."""
        self.begin_with_image_store()
        self.engine.create_network("app")
        web = self.engine.run("front", SERVE, network="app")
        db = self.engine.run("store", SERVE, network="app")
        digest = self.engine.api.json("GET", f"/images/{engines.IMAGE}/json")["Id"]
        by_digest = self.engine.run("bare", SERVE, network="app", image=digest)
        self.bulkhead.write_flows(
            {
                "app": "defined",
                "services": {
                    "any": {"image": "probe:*"},
                    "web": {"container": "front", "image": engines.IMAGE},
                    "db": {"container": "store", "image": "probe*"},
                    "nobody": {"container": "store", "image": "probe:1"},
                },
                "flows": [
                    {"from": "web", "to": "db", "ports": ["80"]},
                    {"from": "web", "to": "nobody", "ports": ["81"]},
                ],
            }
        )
        self.assertEqual([try_one(web, door(db, port)) for port in (80, 81)], ["open", "open"])
        self.assertEqual(try_one(by_digest, door(db)), "open")
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_policy(web, db)
        self.assertEqual(try_one(by_digest, door(db)), "silent")

    def begin_with_image_store(self):
        """On by default from 29 on, behind a switch from 24 on."""
        self.engine = engines.make()
        self.addCleanup(self.engine.destroy)
        with open(f"{self.engine.directory}/daemon.json", "w", encoding="ascii") as file:
            file.write('{"features": {"containerd-snapshotter": true}}\n')
        self.engine.start()
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)
        driver = self.engine.api.json("GET", "/info").get("DriverStatus") or []
        if not any("io.containerd.snapshotter" in value for _, value in driver):
            self.skipTest("this engine has no containerd image store")

    def test_nothing_but_the_newest_api(self):
        """An engine may refuse all older versions of its API (29 and later do, bit by bit)."""
        probe = engines.shared(True)
        if probe.api_version < (1, 44):
            self.skipTest("the oldest version of the API can be set from 25 on")
        newest = ".".join(map(str, probe.api_version))
        with unittest.mock.patch.dict(os.environ, DOCKER_MIN_API_VERSION=newest):
            try:
                self.begin()
            except AssertionError as error:
                if "DOCKER_MIN_API_VERSION" in str(error) or "API version" in str(error):
                    self.skipTest(f"this engine cannot be told to refuse all but {newest}")
                raise
        with self.assertRaises(ApiError):
            self.engine.api.json("GET", "/v1.41/info")
        web, db = self.run_shop()
        self.assertEqual(try_one(web, door(db, 81)), "open")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_policy(web, db)


class NftablesBackend(OwnEngine):
    """ICC off beside Docker's nftables backend (29): its drop has to be told the mark of what bulkhead admits."""

    MARK = "0x10000000/0x10000000"

    def begin_with(self, mark):
        if engines.shared(True).major < 29:
            self.skipTest("the nftables backend is there from 29 on")
        self.begin(icc=False, flags={"firewall-backend": "nftables", "bridge-accept-fwmark": mark})

    def run_on(self, network, **body):
        options = {f"{BRIDGE}.enable_icc": "false"}
        self.engine.api.json("POST", "/networks/create", {"Name": network, "Driver": "bridge", "Options": options, **body})
        web, db = self.engine.run_all(
            [specification("shop", name, command=SERVE, network=network) for name in ("web", "db")]
        )
        self.assertEqual([try_one(web, door(db, port)) for port in (80, 81)], ["silent", "silent"], "the engine alone")
        return web, db

    def findings(self, check):
        """{subject: finding} that verify gives."""
        answer = self.bulkhead.command("verify", "--json", f"--only={check}")
        return {finding["subject"]: finding for finding in json.loads(answer.stdout)["findings"]}

    def test_the_mark(self):
        """Without it declared flows stay closed, and everything says which line is missing; with it they are open."""
        self.begin_with(None)
        web, db = self.run_on("app")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        said = self.bulkhead.must("apply").stderr
        self.assertIn(f'"bridge-accept-fwmark": "{self.MARK}"', said)
        self.assertEqual([try_one(web, door(db, port)) for port in (80, 81)], ["silent", "silent"])
        finding = self.findings("docker-accept")["IPv4"]
        self.assertEqual(finding["status"], "fail", finding)
        self.assertIn(f'"bridge-accept-fwmark": "{self.MARK}"', finding["remedy"])
        self.engine.flags["bridge-accept-fwmark"] = self.MARK
        self.engine.restart()
        self.assertNotIn("bridge-accept-fwmark", self.bulkhead.must("apply").stderr)
        wait_until(lambda: try_one(web, door(db)) == "open", "the declared door opens")
        self.assert_policy(web, db, (4,))
        self.assertEqual(self.findings("docker-accept")["IPv4"]["status"], "pass")

    def closed_altogether(self, network, **body):
        """The engine drops everything there before it looks at the mark: said before it hurts."""
        self.begin_with(self.MARK)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        web, db = self.run_on(network, **body)
        plan = self.bulkhead.command("plan")
        self.assertEqual(plan.returncode, 1, plan)
        self.bulkhead.must("apply")
        self.assertEqual([try_one(web, door(db, port)) for port in (80, 81)], ["silent", "silent"])
        finding = self.findings("docker-accept")[f"network {network}"]
        self.assertEqual(finding["status"], "fail", finding)
        self.assertTrue(finding["remedy"])
        self.assertIn(network, plan.stderr)
        self.assertIn("bridge-accept-fwmark", plan.stderr)

    def test_an_internal_network(self):
        self.closed_altogether("inner", Internal=True)

    def test_an_isolated_network(self):
        self.closed_altogether("alone", Internal=True, Options={f"{BRIDGE}.enable_icc": "false", **modes("isolated")})


if __name__ == "__main__":
    unittest.main()
