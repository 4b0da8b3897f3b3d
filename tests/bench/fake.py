# SPDX-License-Identifier: GPL-2.0-or-later
"""A host with a fake engine: the API of a thousand containers, the real kernel in a network namespace of its own."""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile

import engine as engines

PROGRAM = os.path.join(os.path.dirname(engines.__file__), "fake_engine.py")
# 10 elements come and go with the container that is connected and disconnected: itself, and these ports.
EVENT_PORTS = [str(port) for port in range(20001, 20010)]


def spread_flows(per_network):
    """Flows of one app whose five services share `per_network` containers evenly: 9 elements a container, in all."""
    replicas = per_network // 5
    left = 9 * per_network
    share = left // 3 // replicas**2
    flows = []
    for i, (source, destination) in enumerate((("web", "api"), ("api", "db"), ("queue", "cache"))):
        count = min(max(share, 1), left // replicas**2)
        if count:
            ports = [str(1000 * (i + 1) + number) for number in range(count)]
            flows.append({"from": source, "to": destination, "ports": ports})
            left -= count * replicas**2
    # The rest, one element a port and replica.
    if left >= replicas:
        ports = [str(4000 + number) for number in range(left // replicas)]
        flows.append({"from": "web", "to": "first", "ports": ports})
    return flows


class FakeHost:
    """`networks` networks with `per_network` containers each, one app a network, about 10 elements a container."""

    def __init__(self, index, networks, per_network):
        self.networks, self.per_network = networks, per_network
        self.namespace = f"{engines.PREFIX}-{os.getpid()}-fake{index}"
        self.netns = f"/var/run/netns/{self.namespace}"
        self.directory = tempfile.mkdtemp(prefix=f"{self.namespace}-")
        self.docker_url = f"unix://{self.directory}/docker.sock"
        self.process = self.control = self.answers = None

    @property
    def endpoints(self):
        return self.networks * self.per_network

    def inside(self, *command):
        return ["nsenter", f"--net={self.netns}", *command]

    def apps(self):
        return [f"app{i + 1:03d}" for i in range(self.networks)]

    def start(self):
        options = [f"--networks={self.networks}", f"--per-network={self.per_network}", f"--apps={self.networks}"]
        command = [sys.executable, PROGRAM, *options]
        listing = subprocess.run([*command, "--print-bridges"], stdout=subprocess.PIPE, text=True, check=True)
        subprocess.run(["ip", "netns", "add", self.namespace], check=True)
        bridges = listing.stdout.split()
        batch = "".join(f"link add name {bridge} type bridge\nlink set {bridge} up\n" for bridge in bridges)
        subprocess.run(["ip", "-n", self.namespace, "-batch", "-"], input=batch, text=True, check=True)
        control = f"{self.directory}/control"
        self.process = subprocess.Popen(
            self.inside(*command, f"--socket={self.directory}/docker.sock", f"--control={control}"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise AssertionError("the fake engine does not start")
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.control.settimeout(30)
        self.control.connect(control)
        self.answers = self.control.makefile("r", encoding="utf-8")
        return self

    def flows(self, app):
        return {
            "app": app,
            "services": {"first": {"container": f"{app}-db-1"}},
            "flows": [
                *spread_flows(self.per_network),
                {"from": "guest", "to": "first", "ports": EVENT_PORTS, "note": "comes and goes"},
            ],
        }

    def command(self, verb, /, **arguments):
        self.control.sendall(json.dumps({"cmd": verb, **arguments}).encode() + b"\n")
        answer = json.loads(self.answers.readline())
        if not answer.pop("ok"):
            raise AssertionError(f"the fake engine: {verb}: {answer['error']}")
        return answer

    def destroy(self):
        try:
            if self.control:
                self.answers.close()
                self.control.close()
            if self.process:
                self.process.terminate()
                try:
                    self.process.wait(10)
                except subprocess.TimeoutExpired:
                    self.process.kill()
                    self.process.wait()
                self.process.stdout.close()
        finally:
            if os.path.exists(self.netns):
                engines.remove_namespace(self.namespace)
            shutil.rmtree(self.directory, ignore_errors=True)
