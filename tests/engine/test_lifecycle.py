# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers and networks come, change and go while bulkhead runs."""
import unittest

from docker_api import wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, shop, specification


class Lifecycle:
    """Mixed into a test case for ICC on and for ICC off."""

    icc_of_networks = True

    def setUp(self):
        super().setUp()
        self.engine.create_network("app", icc=self.icc_of_networks)
        self.bulkhead.write_flows(shop(WEB_TO_DB))

    def begin(self, *controls, network="app"):
        """Checks that the doors (source, destination) are what ICC makes them, then starts bulkhead."""
        expected = "open" if self.icc_of_networks else "silent"
        self.assert_doors(
            *((expected, *pair, {"port": port, "network": network}) for pair in controls for port in (80, 81))
        )
        self.bulkhead.start()
        self.bulkhead.settle()

    def endpoints(self):
        """{(container, network): {address …}} as `list` reads it from the kernel."""
        found = {}
        for endpoint in self.bulkhead.list("--endpoints")["endpoints"]:
            found.setdefault((endpoint["container"], endpoint["network"]), set()).add(endpoint["address"])
        return found

    def flow_addresses(self):
        flows = self.bulkhead.list()["flows"]
        return {flow[side]["address"] for flow in flows for side in ("source", "destination")}

    def await_gone(self, addresses):
        wait_until(
            lambda: not addresses & self.flow_addresses(), lambda: f"flows of {addresses} go: {self.flow_addresses()}"
        )

    def serving(self, service, number=1, network="app"):
        return self.engine.run(**specification("shop", service, number, command=SERVE, network=network))

    def test_scale_up_and_down(self):
        app = self.run_shop("app")
        self.begin((app["web"], app["db"]))
        web2, db2 = self.serving("web", 2), self.serving("db", 2)
        self.bulkhead.settle()
        for web in (app["web"], web2):
            for db in (app["db"], db2):
                self.assert_web_to_db(web, db)
        self.assert_closed_altogether(app["web"], web2)
        self.assert_closed_altogether(app["db"], db2)
        gone = set(web2.networks["app"]) | set(db2.networks["app"])
        web2.remove()
        db2.stop()
        self.await_gone(gone)
        self.bulkhead.settle()
        self.assertFalse(gone & set().union(*self.endpoints().values()))
        self.assert_web_to_db(app["web"], app["db"])

    def test_restart(self):
        app = self.run_shop("app")
        web, db = app["web"], app["db"]
        self.begin((web, db))
        for container in app.values():
            container.restart()
            wait_until(container.serving, "it serves again")
            self.bulkhead.settle()
            undeclared = ((web, db, {"port": 81}), (db, web, {}), (web, db, {"protocol": "icmp"}))
            self.assert_doors(*(("silent", *ends, {"family": v, **how}) for *ends, how in undeclared for v in (4, 6)))
            self.assert_web_to_db(web, db)

    def test_rename(self):
        app = self.run_shop("app")
        self.begin((app["web"], app["db"]))
        app["web"].rename("front-door")
        wait_until(lambda: ("front-door", "app") in self.endpoints(), "list shows the new name")
        wait_until(
            lambda: {"front-door"} == {flow["source"]["container"] for flow in self.bulkhead.list()["flows"]},
            "flows show the new name",
        )
        self.assertNotIn(("shop-web-1", "app"), self.endpoints())
        self.bulkhead.settle()
        self.assert_web_to_db(app["web"], app["db"])

    def test_connect_and_disconnect_of_a_running_container(self):
        self.engine.create_network("back", icc=self.icc_of_networks)
        web, db = self.serving("web"), self.serving("db", network="back")
        self.engine.connect("back", web)
        self.begin((web, db), network="back")
        self.assert_web_to_db(web, db, "back")
        for _ in range(3):
            gone = set(web.networks["back"])
            self.engine.disconnect("back", web)
            self.await_gone(gone)
            self.assertNotIn(("shop-web-1", "back"), self.endpoints())
            self.engine.connect("back", web)
            self.bulkhead.settle()
            self.assert_web_to_db(web, db, "back")

    def test_network_created_and_removed_while_it_runs(self):
        app = self.run_shop("app")
        self.begin((app["web"], app["db"]))
        self.engine.create_network("late", icc=self.icc_of_networks)
        bridge = self.engine.bridge("late")
        stranger = self.engine.run("stranger", SERVE, network="late")
        web, db = self.serving("web", 2, "late"), self.serving("db", 2, "late")
        self.bulkhead.settle()
        self.assert_web_to_db(web, db, "late")
        self.assert_closed_altogether(stranger, db, "late")
        networks = {network["bridge"]: network for network in self.bulkhead.list("--networks")["networks"]}
        self.assertEqual((networks[bridge]["network"], networks[bridge]["state"]), ("late", "managed"))
        for container in (stranger, web, db):
            container.remove()
        self.engine.remove_network("late")
        wait_until(
            lambda: bridge not in {network["bridge"] for network in self.bulkhead.list("--networks")["networks"]},
            "the network leaves the list",
        )
        self.bulkhead.settle()
        self.assert_web_to_db(app["web"], app["db"])

    def test_network_created_while_it_is_stopped_is_closed(self):
        self.begin()
        self.assertEqual(self.bulkhead.stop(), 0)
        self.engine.create_network("unseen", icc=self.icc_of_networks)
        app = self.run_shop("unseen")
        self.assert_closed_altogether(app["web"], app["db"])
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_web_to_db(app["web"], app["db"], "unseen")
        self.bulkhead.stop()
        self.bulkhead.must("clear")
        self.assert_doors(("open" if self.icc_of_networks else "silent", app["web"], app["db"], {"port": 81}))

    def test_two_networks_in_common(self):
        self.engine.create_network("second", icc=self.icc_of_networks)
        app = self.run_shop("app")
        for container in app.values():
            self.engine.connect("second", container)
        self.begin((app["web"], app["db"]))
        for network in ("app", "second"):
            self.assert_web_to_db(app["web"], app["db"], network)

    def test_no_network_in_common_stays_closed(self):
        """Docker's own isolation between networks is not ours to open."""
        self.engine.create_network("second", icc=self.icc_of_networks)
        web, db = self.serving("web"), self.serving("db", network="second")
        self.assert_closed(web, db)
        self.begin()
        self.assert_closed(web, db)
        self.engine.connect("second", web)
        self.bulkhead.settle()
        self.assert_web_to_db(web, db, "second")

    def test_container_in_no_app(self):
        app = self.run_shop("app")
        stranger = self.engine.run("stranger", SERVE, network="app")
        pairs = [(stranger, app["db"]), (app["web"], stranger)]
        self.begin(*pairs)
        for pair in pairs:
            self.assert_closed_altogether(*pair)

    def test_replicas_among_themselves(self):
        replicas = [self.serving("db", number) for number in (1, 2, 3)]
        pairs = [(a, b) for a in replicas for b in replicas if a is not b]
        self.begin(pairs[0])
        self.assert_doors(*(("silent", *pair, {}) for pair in pairs))
        self.bulkhead.write_flows(shop({"from": "db", "to": "db", "ports": ["80/tcp"]}))
        self.bulkhead.reload()
        self.bulkhead.settle()
        self.assert_doors(*(("open", *pair, {"family": family}) for pair in pairs for family in (4, 6)))
        self.assert_doors(*(("silent", *pair, {"port": 81}) for pair in pairs))

    def test_shared_network_namespace(self):
        """A container that lives in another one's namespace is that address too, as long as it runs."""
        db = self.serving("db")
        host = self.engine.run("host-of-both", network="app")
        self.begin((host, db))
        self.assert_closed(host, db)
        sidecar = self.engine.run(**specification("shop", "web", network=f"container:{host.id}"))
        self.bulkhead.settle()
        self.assert_open(host, db)
        self.assert_closed(host, db, port=81)
        sidecar.remove()
        self.await_gone(set(host.networks["app"]))
        self.assert_closed(host, db)

    def test_address_reuse(self):
        app = self.run_shop("app")
        web, db = app["web"], app["db"]
        self.begin((web, db))
        self.assert_web_to_db(web, db)
        address, address6 = web.networks["app"]
        web.remove()
        place = {"IPAMConfig": {"IPv4Address": address, "IPv6Address": address6}}
        heir = self.engine.run(
            "heir", network="app", NetworkingConfig={"EndpointsConfig": {"app": place}}
        )
        self.assertEqual(heir.networks["app"], (address, address6))
        self.assert_closed_altogether(heir, db)
        self.bulkhead.settle()
        self.assertNotIn(address, self.flow_addresses())
        self.assertEqual(self.endpoints()[("heir", "app")], {address, address6})


class LifecycleIccOn(Lifecycle, EngineTest):
    icc_of_networks = True


class LifecycleIccOff(Lifecycle, EngineTest):
    icc_of_networks = False


if __name__ == "__main__":
    unittest.main()
