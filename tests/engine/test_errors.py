# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP errors: from an end of a declared connection they pass, from anybody else they do not."""
import os
import subprocess
import sys

from fixtures import SERVE, EngineTest, shop, specification
from pace import patience

FORGE = f"{os.path.dirname(os.path.abspath(__file__))}/forge.py"
LOCAL_PORT = 40000
# A door that is declared and that nobody serves: db itself answers with an error.
UNSERVED = {"from": "web", "to": "db", "ports": ["99/udp", "80/udp"]}


class Errors(EngineTest):
    def setUp(self):
        super().setUp()
        self.app = self.run_shop()
        self.attacker = self.engine.run(**specification("other", "attacker", command=SERVE))

    def errors_at_web(self, provoke, sender=None):
        """Who sent the errors that arrive at web after `provoke`: until one of `sender`'s does, or for a second."""
        with subprocess.Popen(
            self.app["web"].inside(sys.executable, FORGE, "await", sender or "-"), stdout=subprocess.PIPE, text=True
        ) as listener:
            try:
                assert listener.stdout.readline() == "waiting\n"
                provoke()
                listener.wait(timeout=patience(15 if sender else 1))
            except subprocess.TimeoutExpired:
                pass
            finally:
                listener.terminate()
            return listener.stdout.read().split()

    def talk(self, port):
        """One datagram from web to db, from a known port: a connection for conntrack."""
        script = (
            "import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);"
            f"s.bind(('',{LOCAL_PORT})); s.sendto(b'hello',(sys.argv[1],{port}))"
        )
        subprocess.run(
            self.app["web"].inside(sys.executable, "-c", script, self.app["db"].address()), check=True, timeout=patience(30)
        )

    def forge(self):
        self.talk(80)
        subprocess.run(
            self.attacker.inside(
                sys.executable, FORGE, "send", self.app["web"].address(), self.app["db"].address(), "80", str(LOCAL_PORT)
            ),
            check=True,
            timeout=patience(30),
        )

    def test_forged_errors(self):
        attacker, db = self.attacker.address(), self.app["db"].address()
        self.assertIn(attacker, self.errors_at_web(self.forge, attacker), "without bulkhead the forgery arrives")
        self.bulkhead.write_flows(shop(UNSERVED), {"app": "other", "flows": []})
        self.bulkhead.must("apply")
        self.assertNotIn(attacker, self.errors_at_web(self.forge))
        # What the other end of a declared connection says about it is part of the connection …
        self.assertIn(db, self.errors_at_web(lambda: self.talk(99), db))
        # … and ends with it.
        self.bulkhead.write_flows(shop())
        self.bulkhead.must("apply")
        self.assertNotIn(db, self.errors_at_web(lambda: self.talk(99)))
