# SPDX-License-Identifier: GPL-2.0-or-later
"""What the configuration and an app's mode change: observe, excluded networks, other people's bridges, bridge names."""
import json
import os
import unittest.mock

import engine as engines
from docker_api import wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, door, shop, specification
from traffic import try_one


class Modes(EngineTest):
    def configure(self, **document):
        self.bulkhead.write(self.bulkhead.config_file, json.dumps(document))

    def denied(self):
        """{(source container, destination container, what it wanted): was it let through}"""
        return {
            (one["source"]["container"], one["destination"]["container"], one["wanted"]): one["let_through"]
            for one in self.bulkhead.list("--denied")["denied"]
        }

    def test_observe_records_and_lets_through(self):
        """Door by door: into the observing app everything passes and is recorded, out of it nothing undeclared does."""
        shops = self.run_shop()
        other = self.engine.run(**specification("other", "api", command=SERVE))
        self.assert_open(shops["web"], shops["db"], port=81)
        self.assert_open(shops["web"], other, port=81)
        self.bulkhead.write_flows(shop(WEB_TO_DB, mode="observe"), {"app": "other", "flows": []})
        self.bulkhead.must("apply")
        for family in (4, 6):
            for protocol in ("tcp", "udp", "icmp"):
                self.assert_open(shops["web"], shops["db"], port=81, protocol=protocol, family=family)
            self.assert_open(shops["web"], shops["db"], family=family)
            self.assert_open(other, shops["web"], port=81, family=family)
            self.assert_closed(shops["web"], other, port=81, family=family)
        denied = self.denied()
        self.assertEqual(denied[("shop-web-1", "shop-db-1", "tcp/81")], True)
        self.assertEqual(denied[("other-api-1", "shop-web-1", "tcp/81")], True)
        self.assertEqual(denied[("shop-web-1", "other-api-1", "tcp/81")], False)
        self.assertNotIn(("shop-web-1", "shop-db-1", "tcp/80"), denied, "a declared flow is no denial")
        modes = {one["container"]: one["mode"] for one in self.bulkhead.list("--endpoints")["endpoints"]}
        self.assertEqual(modes, {"shop-web-1": "observe", "shop-db-1": "observe", "other-api-1": "enforce"})
        # The file's word is taken back: closed again, on live sockets too.
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.must("apply")
        self.assert_closed(shops["web"], shops["db"], port=81)
        self.assert_open(shops["web"], shops["db"])

    def test_host_mode_observes_strangers_and_defaults(self):
        shops = self.run_shop()
        stranger = self.engine.run("stranger", SERVE)
        self.configure(mode="observe")
        self.bulkhead.write_flows(shop(mode="enforce"))
        self.bulkhead.must("apply")
        self.assert_open(shops["web"], stranger, port=81)
        self.assert_closed(stranger, shops["web"], port=81)

    def test_excluded_network_is_left_alone(self):
        self.engine.create_network("lab-one")
        self.engine.create_network("plain")
        lab = self.run_shop("lab-one")
        plain = [self.engine.run(f"plain-{n}", SERVE, network="plain") for n in (1, 2)]
        self.configure(networks={"exclude": ["lab-*"]})
        self.assert_open(*plain, port=81)
        self.bulkhead.must("apply")
        self.assert_open(lab["web"], lab["db"], port=81)
        self.assert_open(lab["web"], lab["db"], port=81, family=6)
        self.assert_closed_altogether(*plain)
        states = {one["bridge"]: one["state"] for one in self.bulkhead.list("--networks")["networks"]}
        self.assertEqual(states[self.engine.bridge("lab-one")], "not managed")
        self.assertEqual(states[self.engine.bridge("plain")], "managed")

    def test_bridge_with_a_name_of_its_own(self):
        self.engine.create_network("named", options={"com.docker.network.bridge.name": "shopnet0"})
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        shops = self.run_shop("named")
        self.assert_open(shops["web"], shops["db"], port=81)
        self.bulkhead.must("apply")
        self.assert_web_to_db(shops["web"], shops["db"])

    def test_other_peoples_bridges_are_left_alone(self):
        """A bridge named br-…, but not by Docker: hosts behind it reach each other before, with and after bulkhead."""
        self.engine.run_inside("ip", "link", "add", "br-lan", "type", "bridge")
        self.addCleanup(self.engine.run_inside, "ip", "link", "del", "br-lan")
        self.engine.run_inside("ip", "link", "set", "br-lan", "up")
        # Two endpoints of containers' namespaces, moved behind the foreign bridge by hand.
        hosts = [self.engine.run(f"host-{n}", SERVE, network="none") for n in (1, 2)]
        for number, host in enumerate(hosts, 1):
            self.engine.run_inside(
                "ip", "link", "add", f"lan{number}", "type", "veth", "peer", "name", "eth9", "netns", str(host.pid)
            )
            self.engine.run_inside("ip", "link", "set", f"lan{number}", "master", "br-lan", "up")
            for command in (["link", "set", "eth9", "up"], ["address", "add", f"192.0.2.{number}/24", "dev", "eth9"]):
                self.engine.run_inside("nsenter", f"--net=/proc/{host.pid}/ns/net", "ip", *command)
            host.networks["lan"] = [f"192.0.2.{number}", ""]
        self.engine.await_forwarding("lan1", "lan2")
        self.engine.run_inside("iptables", "-I", "FORWARD", "-i", "br-lan", "-o", "br-lan", "-j", "ACCEPT")
        self.addCleanup(
            self.engine.run_inside, "iptables", "-D", "FORWARD", "-i", "br-lan", "-o", "br-lan", "-j", "ACCEPT"
        )
        self.assert_open(*hosts, port=81, network="lan")
        self.bulkhead.must("apply")
        self.assert_open(*hosts, port=81, network="lan")
        self.assertEqual(
            {one["bridge"]: one["state"] for one in self.bulkhead.list("--networks")["networks"]}["br-lan"],
            "not managed",
        )
        self.bulkhead.must("clear")
        # The service learns of one that comes later, without the engine's help.
        self.bulkhead.start()
        self.bulkhead.settle()
        self.engine.run_inside("ip", "link", "add", "br-late", "type", "bridge")
        self.addCleanup(self.engine.run_inside, "ip", "link", "del", "br-late")
        wait_until(
            lambda: "br-late" in {one["bridge"] for one in self.bulkhead.list("--networks")["networks"]},
            "the new bridge is known as somebody else's",
        )

    def test_image_label_and_pattern_services(self):
        """Definitions, against a real engine's way of telling names, labels and images."""
        web = self.engine.run("front-7", SERVE, labels={"tier": "front"})
        db = self.engine.run("store-1", SERVE, labels={"tier": "store"})
        self.bulkhead.write_flows(
            {
                "app": "defined",
                "services": {
                    "web": {"container": "front-*", "labels": {"tier": "front"}},
                    "db": {"labels": {"tier": "store"}, "image": "*"},
                    "nobody": {"container": "front-*", "labels": {"tier": "store"}},
                },
                "flows": [
                    {"from": "web", "to": "db", "ports": ["80", "80/udp"]},
                    {"from": "nobody", "to": "db", "ports": ["81"]},
                ],
            }
        )
        self.assert_open(web, db, port=81)
        self.bulkhead.must("apply")
        self.assert_web_to_db(web, db)
        self.assertEqual({(flow["from"], flow["to"]) for flow in self.bulkhead.list()["flows"]}, {("web", "db")})

    def test_observing_opens_nothing_that_icc_off_had_closed(self):
        """What the engine dropped before bulkhead came it drops still, and it is recorded; declared flows pass."""
        self.engine.create_network("quiet", icc=False)
        self.engine.create_network("loud")
        self.bulkhead.write_flows(shop(WEB_TO_DB, mode="observe"))
        for network, undeclared in (("quiet", "silent"), ("loud", "open")):
            with self.subTest(network):
                shops = self.run_shop(network)
                try:
                    self.observe(undeclared, **shops)
                finally:
                    self.bulkhead.must("clear")
                    for container in shops.values():
                        container.remove()

    def observe(self, undeclared, web, db):
        """Before bulkhead and after: what is not declared is `undeclared` ("open", "silent")."""
        ways = [
            (undeclared, web, db, {"port": 81, "protocol": protocol, "family": family})
            for protocol in ("tcp", "udp") for family in (4, 6)
        ]
        self.assert_doors(*ways)
        self.bulkhead.must("apply")
        # Docker's drop let no neighbour be found over IPv6, and who asked in vain asks again after a while.
        wait_until(lambda: try_one(web, door(db, family=6)) == "open", "the declared door opens over IPv6", 40)
        self.assert_doors(*ways, *(("open", web, db, {"family": family}) for family in (4, 6)))
        denied = self.denied()
        for wanted in ("tcp/81", "udp/81"):
            self.assertEqual(denied[("shop-web-1", "shop-db-1", wanted)], True)

    def test_list_of_200_flows_in_80_columns(self):
        shops = self.run_shop()
        self.bulkhead.write_flows(shop({"from": "web", "to": "db", "ports": [str(port) for port in range(1, 101)]}))
        self.bulkhead.must("apply")
        with unittest.mock.patch.dict(os.environ, COLUMNS="80"):
            narrow = self.bulkhead.must("list").stdout.splitlines()
        wide = self.bulkhead.must("list").stdout.splitlines()
        self.assertEqual([line for line in narrow if len(line) > 80], [])
        for lines in (narrow, wide):
            rows = [line for line in lines if "/tcp" in line]
            self.assertEqual(len(rows), 200, "100 ports, two families")
            self.assertEqual(len({line.index("/tcp") - len(line.split("/tcp")[0].split()[-1]) for line in rows}), 1)
            self.assertTrue(all("shop-web-1" in line and "shop-db-1" in line for line in rows))
        self.assertIn("shop: web -> db", narrow)
        for family in (4, 6):
            address = shops["web"].address(family=family)
            self.assertEqual(len([line for line in narrow if address in line]), 100, address)

    @unittest.skipIf(engines.has_nftables_backend(), "test_newer asks the engine's own backend")
    def test_what_dockers_nftables_backend_needs(self):
        """The engine here has none: a table by its name, as Docker 29 makes it, and a rule as its setting makes it."""
        self.engine.create_network("quiet", icc=False)
        setting = '"bridge-accept-fwmark": "0x10000000/0x10000000"'
        self.assertNotIn(setting, self.bulkhead.must("apply").stderr)
        self.engine.run_inside("nft", "add", "table", "ip", "docker-bridges")
        self.addCleanup(self.engine.run_inside, "nft", "delete", "table", "ip", "docker-bridges")
        answer = self.bulkhead.must("apply").stderr
        self.assertIn(setting, answer)
        self.assertIn("/etc/docker/daemon.json", answer)
        self.engine.run_inside("nft", "add", "chain", "ip", "docker-bridges", "filter-forward")
        self.engine.run_inside(
            *"nft add rule ip docker-bridges filter-forward meta mark & 0x10000000 == 0x10000000 accept".split()
        )
        self.assertNotIn(setting, self.bulkhead.must("apply").stderr)
