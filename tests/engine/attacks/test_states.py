# SPDX-License-Identifier: GPL-2.0-or-later
"""
What is closed for a container is closed for each of its addresses, and whatever another container says of itself: the host
by link-local addresses, and a published port that a starting container says it will publish too.  And a denial is recorded
in whatever frame it came.
"""
import dataclasses
import json
import subprocess
import sys
import unittest

from attacks import packets
from attacks.common import CONTROL_ONLY, AttackTest, publish
from attacks.outside import Outside
from docker_api import wait_until
from fixtures import EngineTest, shop, specification
from traffic import parse

PUBLISHED = 8080


class LinkLocal(AttackTest):
    """`host: declared`, and the host is asked at the bridge's own fe80:: address."""

    icc = True

    def arrived(self, base):
        """Ports, counted from base, at which datagrams from evil's link-local address have arrived, and one honest one."""
        scene = self.scene
        own = dataclasses.replace(scene.evil, v6=scene.evil.link_local)
        bridge = dataclasses.replace(scene.gateway, v6=scene.gateway.link_local)
        frames = [scene.udp(own, bridge, base + number, b"local", 6) for number in range(4)]
        scene.send(scene.evil, *frames, scene.udp(scene.evil, scene.gateway, base + 9, b"honest", 6))

        def seen():
            lines = [line.split() for line in self.outside.receipts("host") if line.startswith("udp ")]
            return {(address.split("%")[0], int(port) - base) for _, address, port in lines}

        wait_until(lambda: (scene.evil.v6, 9) in seen(), "an honest datagram arrives")
        return {number for address, number in seen() if address == scene.evil.link_local and 0 <= number < 4}

    def test_link_local(self):
        self.begin()
        self.outside = Outside(self.engine)
        self.addCleanup(self.outside.close)
        self.outside.serve_on_host(6000, 6099)
        tentative = ("ip", "-6", "address", "show", "dev", self.engine.bridge("app"), "tentative")
        wait_until(lambda: not self.engine.run_inside(*tentative).stdout, "no address is tentative")
        with self.subTest("open: the host, by link-local addresses"):
            self.assertEqual(self.arrived(6000), {0, 1, 2, 3})
        if CONTROL_ONLY:
            return
        document = shop(*self.flows, {"from": "evil", "to": "host", "ports": ["6059/udp"]})
        document["boundary"] = {"host": "declared"}
        self.bulkhead.write_flows(document)
        self.guard()
        with self.subTest("closed: the host, by link-local addresses"):
            self.assertEqual(self.arrived(6050), set())


class Claims(EngineTest):
    """Its start hangs, and what it may publish meanwhile is another one's."""

    def hang(self):
        """A log server that says nothing more: whoever logs there by TLS waits to start."""
        code = "import socket, sys; s = socket.create_server(('127.0.0.1', 6514)); print('there', flush=True); sys.stdin.read()"
        server = subprocess.Popen(
            self.engine.inside(sys.executable, "-c", code), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.assertEqual(server.stdout.readline(), "there\n")
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.stdin.close)
        return server

    def claim(self):
        """A container of an observed app that says it will publish a range; its start is under way."""
        ports = publish(("", f"{PUBLISHED}-{PUBLISHED + 50}", 80))
        ports["host_config"]["LogConfig"] = {
            "Type": "syslog",
            "Config": {"syslog-address": "tcp+tls://127.0.0.1:6514", "syslog-tls-skip-verify": "true"},
        }
        container = self.engine.create(**specification("lab", "claimant", network="app"), **ports)
        code = (
            "import http.client, socket, sys\n"
            "c = http.client.HTTPConnection('localhost'); c.sock = socket.socket(socket.AF_UNIX); c.sock.connect(sys.argv[1])\n"
            "c.request('POST', f'/containers/{sys.argv[2]}/start'); c.getresponse()\n"
        )
        starting = subprocess.Popen(
            [sys.executable, "-c", code, self.engine.docker_url.removeprefix("unix://"), container.id],
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(starting.wait)
        self.addCleanup(starting.kill)
        network = self.engine.api.json("GET", "/networks/app")["Id"]
        try:
            wait_until(
                lambda: container.id in self.engine.api.json("GET", f"/networks/{network}")["Containers"], "it is connected", 20
            )
        except AssertionError:
            if self.engine.major < 28:
                raise
            self.skipTest("this engine asks the log driver before it makes an endpoint: nothing is claimed meanwhile")
        return container

    def test_claims(self):
        self.engine.create_network("app")
        web = self.engine.run(
            **specification("shop", "web", command=("serve", "/receipts", "tcp:80", "udp:80"), network="app"),
            **publish(("", PUBLISHED, 80)),
        )
        db, evil = self.engine.run_all([specification("shop", name, network="app") for name in ("db", "evil")])
        [link] = json.loads(self.engine.run_inside("ip", "-j", "address", "show", "dev", self.engine.bridge("app")).stdout)
        gateway = next(one["local"] for one in link["addr_info"] if one["family"] == "inet")
        door = f"tcp/{gateway}/{PUBLISHED}"

        def reaches(container):
            return parse(container.exec("/probe", "connect", "900", door))[door][0] == "open"

        with self.subTest("open: evil by web's published port"):
            self.assertTrue(reaches(evil))
        if CONTROL_ONLY:
            return
        self.bulkhead.write_flows(
            shop({"from": "db", "to": "web", "ports": ["80"]}), {"app": "lab", "mode": "observe", "flows": []}
        )
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assertEqual((reaches(evil), reaches(db)), (False, True))
        server = self.hang()
        self.claim()
        self.bulkhead.settle()
        with self.subTest("closed: evil by web's published port, which an observed container claims"):
            self.assertFalse(reaches(evil))
        with self.subTest("passes: db, by a flow"):
            self.assertTrue(reaches(db))
        server.stdin.close()


class Broadcasts(AttackTest):
    icc = True

    def test_broadcast_frames(self):
        self.begin()
        scene = self.scene
        everybody = dataclasses.replace(scene.db, mac=packets.BROADCAST)

        def attempt(port):
            mark = packets.new_mark()
            scene.send(scene.evil, *(scene.udp(scene.evil, everybody, port, mark.encode(), family) for family in (4, 6)))
            return mark

        mark = attempt(82)
        with self.subTest("open: unicast IP in a broadcast frame"):
            scene.db.listener.expect(mark, "it arrives")
        if CONTROL_ONLY:
            return
        self.guard()
        mark = attempt(83)

        def recorded():
            denied = self.bulkhead.list("--denied")["denied"]
            return {one["destination"]["address"] for one in denied if one["port"] == 83} >= {scene.db.v4, scene.db.v6}

        wait_until(recorded, "the denial is recorded")
        self.assertEqual(scene.db.listener.heard(mark), [])


if __name__ == "__main__":
    unittest.main()
