# SPDX-License-Identifier: GPL-2.0-or-later
"""
The world, for an engine that has none: two namespaces more, and no way out of them either.

    engine (host)                 out (servers, clients, a router)            far
    world0 198.51.100.1, .7  ──   eth0 198.51.100.10, .11, .53, .54
           2001:db8:51::1, ::7         2001:db8:51::10, ::11, ::53, ::54
                                  far0 203.0.113.1   ── MTU 1400 ──   eth0 203.0.113.10
                                       2001:db8:113::1                     2001:db8:113::10

What comes from `far` offers segments that the way back is too narrow for, so that it depends on path-MTU discovery.
"""
import os
import subprocess
import sys

from docker_api import wait_until
from engine import attack_path, end, probe_path, remove_namespace
from traffic import WAIT_MS, parse

NET4, NET6 = "198.51.100.", "2001:db8:51::"
HOST, SECOND_HOST, SERVER, CLIENT, DNS, OTHER_DNS = "1", "7", "10", "11", "53", "54"
FAR4, FAR6 = "203.0.113.", "2001:db8:113::"
NARROW = 1400
ROUTER = "1"
PORTS = "80-82"


def world(who, family=4):
    return (NET4 if family == 4 else NET6) + who


def far(who, family=4):
    return (FAR4 if family == 4 else FAR6) + who


class Namespace:
    def __init__(self, name):
        self.name = name
        self.processes = []
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.ip("link", "set", "lo", "up")

    def inside(self, *command):
        return ["nsenter", f"--net=/var/run/netns/{self.name}", *command]

    def run(self, *command, check=True):
        return subprocess.run(
            self.inside(*command), check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ).stdout

    def ip(self, *arguments):
        self.run("ip", *arguments)

    def start(self, *command, word="listening\n"):
        """A server; it says a word when it is ready."""
        process = subprocess.Popen(self.inside(*command), stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        if word:
            said = process.stdout.readline()
            assert said == word, f"{command}: {said!r}"
        return process

    def addresses(self, link, *addresses):
        for address in addresses:
            # Of several IPv6 addresses, the first is the one that answers and asks.
            second = ":" in address and address != next(one for one in addresses if ":" in one)
            flags = ["nodad"] if ":" in address else []
            self.ip("address", "add", address, "dev", link, *flags, *(["preferred_lft", "0"] if second else []))
        self.ip("link", "set", link, "up")

    def close(self):
        for process in self.processes:
            process.terminate()
            process.wait()
            process.stdout.close()
        self.processes = []
        if os.path.exists(f"/var/run/netns/{self.name}"):
            left = subprocess.run(["ip", "netns", "pids", self.name], stdout=subprocess.PIPE, text=True, check=False)
            for pid in left.stdout.split():
                end(int(pid))
            remove_namespace(self.name)


class Outside:
    """Made for a test, closed with it, or at the latest with its engine."""

    def __init__(self, engine):
        self.engine = engine
        self.receipt_files = {name: f"{engine.directory}/receipts.{name}" for name in ("out", "far", "host")}
        self.out = Namespace(f"{engine.namespace}-out")
        self.far = Namespace(f"{engine.namespace}-far")
        engine.surroundings.append(self)
        self.host_server = None
        self.wire()
        self.serve(self.out, "out")
        self.serve(self.far, "far")
        self.out.start(
            sys.executable,
            f"{os.path.dirname(os.path.abspath(__file__))}/nameserver.py",
            world(SERVER),
            *(world(who, family) for who in (DNS, OTHER_DNS) for family in (4, 6)),
        )

    def host(self, *command):
        return self.engine.run_inside(*command).stdout

    def wire(self):
        self.host("ip", "link", "add", "world0", "type", "veth", "peer", "name", "eth0", "netns", self.out.name)
        for who in (HOST, SECOND_HOST):
            self.host("ip", "address", "add", world(who) + "/24", "dev", "world0")
            self.host("ip", "address", "add", world(who, 6) + "/64", "dev", "world0", "nodad")
        self.host("ip", "link", "set", "world0", "up")
        self.out.addresses(
            "eth0",
            *(world(who) + "/24" for who in (SERVER, CLIENT, DNS, OTHER_DNS)),
            *(world(who, 6) + "/64" for who in (SERVER, CLIENT, DNS, OTHER_DNS)),
        )
        self.out.ip("link", "add", "far0", "type", "veth", "peer", "name", "eth0", "netns", self.far.name)
        self.out.addresses("far0", far(ROUTER) + "/24", far(ROUTER, 6) + "/64")
        self.far.addresses("eth0", far(SERVER) + "/24", far(SERVER, 6) + "/64")
        self.out.ip("link", "set", "far0", "mtu", str(NARROW))
        self.far.ip("link", "set", "eth0", "mtu", str(NARROW))
        for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
            self.out.run("sysctl", "-q", "-w", f"{key}=1")
        # The world knows the way to the containers; whether it may go there is the host's business.
        for namespace, via4, via6 in (
            (self.out, world(HOST), world(HOST, 6)),
            (self.far, far(ROUTER), far(ROUTER, 6)),
        ):
            wide = ["advmss", "1440"] if namespace is self.far else []
            namespace.ip("route", "add", "default", "via", via4, *wide)
            namespace.ip("-6", "route", "add", "default", "via", via6, *wide)
        self.host("ip", "route", "add", "default", "via", world(SERVER))
        self.host("ip", "-6", "route", "add", "default", "via", world(SERVER, 6))

    def serve(self, namespace, name):
        namespace.start(
            probe_path(), "serve", self.receipt_files[name], f"tcp:{PORTS}", f"udp:{PORTS}", word=""
        )
        self.await_server(name)

    def await_server(self, name):
        def ready():
            try:
                return "ready" in self.receipts(name)
            except OSError:
                return False

        wait_until(ready, f"the server of {name} serves")

    def serve_on_host(self, first=80, last=82):
        """The host's own service, on all of its addresses."""
        command = [probe_path(), "serve", self.receipt_files["host"], f"tcp:{first}-{last}", f"udp:{first}-{last}"]
        self.host_server = subprocess.Popen(self.engine.inside(*command))
        self.await_server("host")

    def receipts(self, name):
        with open(self.receipt_files[name], encoding="ascii") as file:
            return file.read().splitlines()

    def try_from(self, namespace, targets, milliseconds=WAIT_MS):
        """{target: result} of a client in that namespace."""
        said = namespace.run(probe_path(), "connect", str(milliseconds), *targets, check=False)
        return {name: result for name, (result, _) in parse(said).items()}

    def attack_from(self, namespace, *arguments):
        return namespace.run(attack_path(), *arguments, check=False).strip()

    def close(self):
        if self.host_server:
            self.host_server.terminate()
            self.host_server.wait()
            self.host_server = None
        self.far.close()
        self.out.close()
        if self in self.engine.surroundings:
            self.engine.surroundings.remove(self)
