# SPDX-License-Identifier: GPL-2.0-or-later
"""
A container that says it will publish what the host itself serves, and whose start hangs: what it may publish is closed as long
as it starts, but nobody can take a port from the host by saying so.
"""
import json
import threading
import unittest

from attacks.common import CONTROL_ONLY
from attacks.outside import Outside
from docker_api import ApiError, wait_until
from engine import probe_path
from fixtures import EngineTest, shop, specification
from traffic import try_all

HOSTS, FREE, HANGS = 9100, 9150, 10514
SECONDS_TO_PROVE = 30


class Claims(EngineTest):
    """Its log driver waits for an answer that does not come."""

    def begin(self):
        self.outside = Outside(self.engine)
        self.addCleanup(self.outside.close)
        self.outside.serve_on_host(HOSTS, HOSTS)
        self.engine.create_network("app")
        self.client = self.engine.run(**specification("shop", "client", network="app"))
        [link] = json.loads(
            self.engine.run_inside("ip", "-j", "-4", "address", "show", "dev", self.engine.bridge("app")).stdout
        )
        self.gateway = link["addr_info"][0]["local"]
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"log": "debug"}))
        self.bulkhead.write_flows(shop())

    def reaches(self, port):
        wanted = f"tcp/{self.gateway}/{port}"
        return try_all([(self.client, [wanted])])[0][wanted][0]

    def published(self):
        return self.engine.run_inside("nft", "list", "table", "inet", "bulkhead").stdout

    def hang(self, number, bindings):
        """One whose start does not end, with its addresses."""
        victim = self.engine.create(
            f"shop-late-{number}",
            network="app",
            ExposedPorts={"80/tcp": {}},
            host_config={
                "PortBindings": {"80/tcp": bindings},
                "LogConfig": {
                    "Type": "syslog",
                    "Config": {"syslog-address": f"tcp://{self.gateway}:{HANGS}", "syslog-format": "rfc5424"},
                },
            },
        )

        def start():
            try:
                self.engine.api.request("POST", f"/containers/{victim.id}/start", timeout=200)
            except (ApiError, OSError):
                pass

        thread = threading.Thread(target=start, daemon=True)
        thread.start()
        try:
            wait_until(lambda: victim.name in self.endpoints(), "it has an endpoint")
        except AssertionError:
            if self.engine.major < 28:
                raise
            self.skipTest("this engine asks the log driver before it makes an endpoint: nothing is claimed meanwhile")
        return thread

    def endpoints(self):
        """By the names that the network calls them: newer engines do not tell yet whose one is."""
        return [one["Name"] for one in self.engine.api.json("GET", "/networks/app")["Containers"].values()]

    def test_claims(self):
        self.begin()
        drop = ("INPUT", "-p", "tcp", "--dport", str(HANGS), "-j", "DROP")
        self.engine.run_inside("iptables", "-I", *drop)
        self.addCleanup(self.engine.run_inside, "iptables", "-D", *drop, check=False)
        with self.subTest("open: the host's own port, on the engine alone"):
            self.assertEqual(self.reaches(HOSTS), "open")
        if CONTROL_ONLY:
            return
        self.bulkhead.start()
        self.bulkhead.settle()
        # The host's socket has been there for long; that of one who has just come has to prove itself.
        self.assertEqual((self.reaches(HOSTS), self.reaches(FREE)), ("open", "refused"))
        wait_until(self.is_proven, self.bulkhead.log_text, SECONDS_TO_PROVE)
        thread = self.hang(1, [{"HostIp": "", "HostPort": f"{HOSTS - 50}-{HOSTS + 100}"}])
        with self.subTest("closed: a port that the host does not serve, and that may be its"):
            wait_until(lambda: self.reaches(FREE) == "silent", self.published)
        with self.subTest("passes: the host's own port, while a start hangs that may publish it"):
            self.assertEqual(self.reaches(HOSTS), "open")
        # Now it is not even known what it publishes: the engine does not answer while it starts.
        self.bulkhead.stop()
        self.bulkhead.start()
        self.bulkhead.settle()
        with self.subTest("closed: after a restart"):
            self.assertEqual(self.reaches(FREE), "silent")
        with self.subTest("passes: the host's own port, after a restart"):
            self.assertEqual(self.reaches(HOSTS), "open")
        self.engine.run_inside("iptables", "-D", *drop)
        thread.join(200)

    def is_proven(self):
        """The service lists the host's sockets now and then."""
        return "the host serves" in self.bulkhead.log_text()


if __name__ == "__main__":
    unittest.main()
