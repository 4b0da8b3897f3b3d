# SPDX-License-Identifier: GPL-2.0-or-later
"""A cold boot: nothing in the kernel, and containers whose restart policy starts them with the engine."""
import shutil
import time
import unittest

from docker_api import wait_until
from faults.common import DECLARED, FLOW, RECORD, UNDECLARED, OwnEngine
from fixtures import shop, specification

# Which address the engine gives to whom it starts first, it decides anew: packets go to all of them.
HOSTS = range(2, 8)
ALWAYS = {"host_config": {"RestartPolicy": {"Name": "always"}}}


class Boot(OwnEngine):
    """The senders are the containers themselves: their first act is to send."""

    live_restore = False

    def setUp(self):
        super().setUp()
        self.receivers = []

    def run_group(self, network, subnet):
        """web, db and a stranger.  A packet's path is its port, and 10000 more where a stranger sent it."""
        targets = {"web": [], "stranger": []}
        for host in HOSTS:
            for port in (DECLARED, UNDECLARED):
                targets["web"].append(f"{port}=udp/{subnet}.{host}/{port}")
            targets["stranger"].append(f"{10000 + DECLARED}=udp/{subnet}.{host}/{DECLARED}")
        common = {"network": network, "entrypoint": "/pulse", **ALWAYS}
        number = len(self.receivers) + 1
        receive = ("receive", "/log", "eth0", str(DECLARED), str(UNDECLARED))
        self.receivers.append(self.engine.run(**specification("shop", "db", number, receive, **common)))
        for app, service in (("shop", "web"), ("other", "stranger")):
            send = ("send", "/counts", *targets[service])
            self.engine.run(**specification(app, service, number, send, **common))

    def arrived(self, receiver, since):
        """{path: how many}"""
        with open(receiver.refresh().file("/log"), "rb") as log:
            data = log.read()
        found = {}
        for path, _, sent, _ in RECORD.iter_unpack(data[: len(data) // RECORD.size * RECORD.size]):
            if sent >= since:
                found[path] = found.get(path, 0) + 1
        return found

    def declared_arrives(self, receiver, since):
        try:
            return DECLARED in self.arrived(receiver, since)
        except OSError:
            return False  # it has not started yet

    def go_down(self):
        """As after a reset: nothing of what the kernel held."""
        self.bulkhead.stop()
        self.engine.stop()
        self.engine.run_inside("nft", "flush", "ruleset")
        links = self.engine.run_inside("ip", "-brief", "link", "show", "type", "bridge").stdout.splitlines()
        for link in links:
            self.engine.run_inside("ip", "link", "del", link.split()[0])
        self.assertEqual(self.engine.run_inside("nft", "list", "ruleset").stdout, "")

    def everything_undeclared_arrives(self):
        since = time.monotonic_ns()
        wanted = {DECLARED, UNDECLARED, 10000 + DECLARED}
        for receiver in self.receivers:
            wait_until(lambda: wanted <= set(self.arrived(receiver, since)), "all of it arrives: nothing is closed")

    def boot(self, name):
        since = time.monotonic_ns()
        self.bulkhead.start()
        self.engine.start()
        for receiver in self.receivers:
            wait_until(lambda: self.declared_arrives(receiver, since), lambda: f"it is open\n{self.bulkhead.log_text()}", 40)
        self.bulkhead.settle(20)
        settled = time.monotonic_ns()
        for receiver in self.receivers:
            wait_until(lambda: self.declared_arrives(receiver, settled), "it is open", 40)
            found = self.arrived(receiver, since)
            passed = sum(count for path, count in found.items() if path != DECLARED)
            self.assertEqual(passed, 0, found)
            self.tell({"fault": name, "then": "closed before the engine starts them", "declared": found[DECLARED], "passed": passed})

    def test_cold_boot(self):
        subnet = f"10.{100 + self.engine.index}.0"
        self.run_group("bridge", subnet)
        self.engine.create_network("harbour", ipv6=False, options={"com.docker.network.bridge.name": "harbour0"})
        harbour = self.engine.api.json("GET", "/networks/harbour")["IPAM"]["Config"][0]["Subnet"]
        self.run_group("harbour", harbour.rsplit(".", 1)[0])
        self.everything_undeclared_arrives()
        self.bulkhead.write_flows(shop(FLOW))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.go_down()
        self.boot("cold boot")

    def test_without_a_state_directory(self):
        """docker0, and networks with the engine's default names."""
        self.run_group("bridge", f"10.{100 + self.engine.index}.0")
        self.engine.create_network("nameless", ipv6=False)
        nameless = self.engine.api.json("GET", "/networks/nameless")["IPAM"]["Config"][0]["Subnet"]
        self.run_group("nameless", nameless.rsplit(".", 1)[0])
        self.everything_undeclared_arrives()
        self.bulkhead.write_flows(shop(FLOW))
        self.go_down()
        shutil.rmtree(self.bulkhead.state_directory)
        self.boot("cold boot without a state directory")

    def test_control(self):
        """The same boot without bulkhead: what the containers send first arrives."""
        self.run_group("bridge", f"10.{100 + self.engine.index}.0")
        self.go_down()
        since = time.monotonic_ns()
        self.engine.start()
        wait_until(lambda: self.declared_arrives(self.receivers[0], since), "it starts", 40)
        wait_until(lambda: UNDECLARED in self.arrived(self.receivers[0], since), "what is undeclared arrives", 40)


if __name__ == "__main__":
    unittest.main()
