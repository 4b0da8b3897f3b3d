#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A stand-in for the Docker Engine's API, for benchmarks and for faults that a real engine does not produce on demand.

It makes nothing in the kernel: no bridge, no container.  `--print-bridges` prints the names of the bridges that it
will tell of, one a line, and exits, so that a test can make the links.  Names and ids depend on the options alone.

    fake_engine.py --socket PATH [--control PATH] [--networks N] [--per-network M] [--apps A] [--ipv6]
                   [--icc true|false] [--api 1.41] [--stop-order old|new] [--print-bridges]

prints "ready" once both sockets listen, and ends on SIGTERM, SIGINT, or the command `quit`.

The API (GET, with or without /vX.Y, keep-alive): /_ping /version /info /networks /networks/ID
/containers/json?all=1&filters={"id":[...]} /containers/ID/json /events?since=&until=&filters={"type":[...]}.
An ID may be a name or a unique prefix.  From `connect` to `start`, /containers/ID/json waits, as the engine's does.

The state: N networks of the bridge driver with M running containers each, in A apps that look like Compose's.
App 3 is `app003`, its networks are `app003_default`, `app003_net1` ..., its containers `app003-web-1` ..., with the
labels com.docker.compose.project and .service; services are web, api, db, cache, queue.  For 1,000 endpoints:
--networks 20 --per-network 50 --apps 20.

The control socket takes one JSON object a line and answers each with one: {"ok": true, ...} or {"ok": false, "error":
...}.  Answers to commands that emit events have "events": [[TYPE/ACTION, CLOCK_MONOTONIC in ns when it was sent]...].
`container` and `network` are ids, unique prefixes or names.

  {"cmd": "create", "network": X, "app": "shop", "service": "web", "name": ..., "image": ..., "labels": {...}}
        all but network optional; "shares": X instead of network for container:X.  "ports": ["8080:80",
        "127.0.0.1:53:53/udp", "[::1]:8080:80", "81"] are published at 0.0.0.0 and :: or at that address, and the last
        is only exposed; the list tells of them while the container runs, /containers/ID/json always (PortBindings).
        "0:80" is published where the engine chooses.  Answers "id", "name".
  {"cmd": "start", "container": X, "lead_ms": 11}     connect, then start after lead_ms (default 0)
  {"cmd": "run", ...}                                 create and start: create, connect, start
  {"cmd": "stop", "container": X}                     old: kill, die, disconnect, stop; new: kill, disconnect, die, stop
  {"cmd": "destroy", "container": X}                  stops it first if it runs
  {"cmd": "connect" | "disconnect", "container": X, "network": Y}
  {"cmd": "rename", "container": X, "name": "new"}
  {"cmd": "network_create", "name": N, "icc": "false", "bridge": "br-x"}      answers "id", "bridge"
  {"cmd": "network_destroy", "network": X}
  {"cmd": "burst", "count": N, "kind": "exec" | "connect"}
        N events at once; `connect` are network connects of containers that exist, without any change
  {"cmd": "fault", "path": "/networks/", "kind": K, "count": C, ...}
        for requests whose path starts so (version stripped); the next C of them, or all (0, the default).  K is
        "delay" ("ms": 5000), "status" ("status": 500), "cut" (half the body, then closed), "malformed" (half the
        body, as if it were whole), "stall" (headers and half the body, then nothing), "close" (closed, unanswered),
        "hang" (no answer at all)
  {"cmd": "clear_faults"}
  {"cmd": "events_close"}                             ends all event streams, chunked properly
  {"cmd": "events_cut"}                               half a line, then the connections close
  {"cmd": "events_stall"} / {"cmd": "events_resume"}  meanwhile events are lost, as for a reader that lags behind
  {"cmd": "events_raw", "text": T}                    sends T and a newline as they are
  {"cmd": "state"}      networks with bridges and endpoints, containers
  {"cmd": "stats"}      requests by route, open streams, events sent
  {"cmd": "quit"}
"""

import argparse
import asyncio
import collections
import hashlib
import ipaddress
import json
import os
import re
import signal
import sys
import time
import urllib.parse

SERVICES = ("web", "api", "db", "cache", "queue")
EVENTS_KEPT = 256  # as many as the engine keeps


class Refused(Exception):
    """What a command asks for cannot be done."""


def make_id(kind, name):
    return hashlib.sha256(f"{kind} {name}".encode()).hexdigest()


def dumps(value):
    return json.dumps(value, separators=(",", ":")).encode()


def parse_ports(texts):
    """As docker run -p takes them: as GET /containers/json tells of them, and as HostConfig.PortBindings."""
    ports, bindings = [], {}
    for number, text in enumerate(texts):
        match = re.fullmatch(r"(?:(?:(\[[0-9a-f:]+\]|[0-9.]+):)?(\d+):)?(\d+)(?:/(tcp|udp|sctp))?", text)
        if not match:
            raise Refused(f"no port: {text}")
        address, public, private, protocol = match.groups()
        port = {"PrivatePort": int(private), "Type": protocol or "tcp"}
        if not public:
            ports.append(port)
            continue
        address = (address or "").strip("[]")
        bindings.setdefault(f"{private}/{port['Type']}", []).append({"HostIp": address, "HostPort": public})
        for ip in [address] if address else ["0.0.0.0", "::"]:
            ports.append({"IP": ip, **port, "PublicPort": int(public) or 49153 + number})
    return ports, bindings


class Network:
    def __init__(self, name, serial, subnet4, subnet6, icc, bridge=None):
        self.name = name
        self.id = make_id("network", f"{name} {serial}")
        self.bridge = bridge or "br-" + self.id[:12]
        self.subnet4 = subnet4
        self.subnet6 = subnet6
        self.options = {}
        if icc is not None:
            self.options["com.docker.network.bridge.enable_icc"] = icc
        if bridge:
            self.options["com.docker.network.bridge.name"] = bridge
        self.used = {0, 1}
        self.endpoints = {}  # container id -> (host number, rendered member)
        self.head, self.tail = self.render_frame()
        self.body = None

    def render_frame(self):
        pools = [{"Subnet": str(self.subnet4), "Gateway": str(self.subnet4[1])}]
        if self.subnet6:
            pools.append({"Subnet": str(self.subnet6), "Gateway": str(self.subnet6[1])})
        head = {
            "Name": self.name, "Id": self.id, "Created": "2026-01-01T00:00:00.000000001Z", "Scope": "local",
            "Driver": "bridge", "EnableIPv6": bool(self.subnet6),
            "IPAM": {"Driver": "default", "Options": None, "Config": pools}, "Internal": False, "Attachable": False,
            "Ingress": False, "ConfigFrom": {"Network": ""}, "ConfigOnly": False,
        }
        tail = {"Options": self.options, "Labels": {}}
        return dumps(head)[:-1] + b',"Containers":{', b"}," + dumps(tail)[1:]

    def add(self, container):
        number = 2
        while number in self.used:  # freed addresses are reused at once, lowest first
            number += 1
        if number >= self.subnet4.num_addresses - 1:
            raise Refused(f"network {self.name} is full")
        self.used.add(number)
        self.endpoints[container.id] = (number, None)
        self.render_endpoint(container)

    def render_endpoint(self, container):
        number = self.endpoints[container.id][0]
        ipv4 = self.subnet4[number]
        value = {
            "Name": container.name, "EndpointID": make_id("endpoint", self.id + container.id),
            "MacAddress": "02:42:" + ":".join(f"{byte:02x}" for byte in ipv4.packed),
            "IPv4Address": f"{ipv4}/{self.subnet4.prefixlen}",
            "IPv6Address": f"{self.subnet6[number]}/{self.subnet6.prefixlen}" if self.subnet6 else "",
        }
        self.endpoints[container.id] = (number, dumps(container.id) + b":" + dumps(value))
        self.body = None

    def remove(self, container):
        number, _ = self.endpoints.pop(container.id)
        self.used.discard(number)
        self.body = None

    def render(self):
        if self.body is None:
            self.body = self.head + b",".join(member for _, member in self.endpoints.values()) + self.tail + b"\n"
        return self.body

    def render_listed(self):
        return self.head + self.tail


class Container:
    def __init__(self, name, serial, labels, image, networks, shares=None, ports=()):
        self.name = name
        self.id = make_id("container", f"{name} {serial}")
        self.labels = labels
        self.image = image
        self.networks = networks  # in which it is, or will be once it runs
        self.shares = shares
        self.ports, self.port_bindings = parse_ports(ports)
        self.running = False
        self.started = None  # a future while it is being started
        self.body = None

    def mode(self):
        if self.shares:
            return "container:" + self.shares.id
        return self.networks[0].name if self.networks else "default"

    def bindings(self):
        """The ports as GET /containers/ID/json tells of them."""
        bindings = {}
        for port in self.ports if self.running else ():
            bound = bindings.setdefault(f"{port['PrivatePort']}/{port['Type']}", [])
            if "PublicPort" in port:
                bound.append({"HostIp": port["IP"], "HostPort": str(port["PublicPort"])})
        return {key: bound or None for key, bound in bindings.items()}

    def render_listed(self):
        if self.body is None:
            self.body = dumps({
                "Id": self.id, "Names": ["/" + self.name], "Image": self.image,
                "ImageID": "sha256:" + make_id("image", self.image), "Command": "/bin/service", "Created": 1767225600,
                "Ports": self.ports if self.running else [], "Labels": self.labels,
                "State": "running" if self.running else "created",
                "Status": "Up 1 second" if self.running else "Created", "HostConfig": {"NetworkMode": self.mode()},
                "NetworkSettings": {"Networks": {}}, "Mounts": [],
            })
        return self.body

    def render(self):
        return dumps({
            "Id": self.id, "Created": "2026-01-01T00:00:00.000000001Z", "Path": "/bin/service", "Args": [],
            "State": {"Status": "running" if self.running else "created", "Running": self.running, "Paused": False,
                      "Restarting": False, "Dead": False, "Pid": 0, "ExitCode": 0, "Error": ""},
            "Image": "sha256:" + make_id("image", self.image), "Name": "/" + self.name, "Driver": "overlay2",
            "HostConfig": {"NetworkMode": self.mode(), "Privileged": False, "PortBindings": self.port_bindings,
                           "PublishAllPorts": False},
            "Config": {"Image": self.image, "Labels": self.labels, "Env": []},
            "NetworkSettings": {"Ports": self.bindings(), "Networks": {}},
        }) + b"\n"


class Engine:
    def __init__(self, options):
        self.options = options
        self.networks = {}
        self.containers = {}
        self.replicas = collections.Counter()
        self.subnets = 0
        self.created = 0
        self.past = collections.deque(maxlen=EVENTS_KEPT)
        self.streams = set()
        self.stalled = False
        self.faults = []
        self.requests = collections.Counter()
        self.event_count = 0
        self.old_events = tuple(int(part) for part in options.api.split(".")) < (1, 52)
        self.quit = asyncio.Event()
        self.populate()

    # --- the state ---

    def populate(self):
        options = self.options
        for i in range(options.networks):
            app, number = f"app{i % options.apps + 1:03d}", i // options.apps
            network = self.new_network(f"{app}_net{number}" if number else f"{app}_default", options.icc)
            for j in range(options.per_network):
                container = self.new_container(app, SERVICES[j % len(SERVICES)], [network])
                container.running = True
                network.add(container)

    def new_network(self, name, icc=None, bridge=None):
        if any(network.name == name for network in self.networks.values()):
            raise Refused(f"there is a network {name}")
        # Large networks get a /16 each, others a /24.
        prefix, room = (16, 200) if self.options.per_network > 250 else (24, 50000)
        if self.subnets >= room:
            raise Refused("no subnet is left")
        base = int(ipaddress.IPv4Address("10.0.0.0")) + ((self.subnets + 1) << (32 - prefix))
        subnet6 = ipaddress.IPv6Network(f"fd00:0:0:{self.subnets + 1:x}::/64") if self.options.ipv6 else None
        network = Network(name, self.subnets, ipaddress.IPv4Network((base, prefix)), subnet6, icc, bridge)
        self.subnets += 1
        self.networks[network.id] = network
        return network

    def new_container(self, app, service, networks, name=None, image=None, labels=None, shares=None, ports=()):
        if name and any(container.name == name for container in self.containers.values()):
            raise Refused(f"there is a container {name}")
        if not name:
            self.replicas[app, service] += 1
            name = f"{app}-{service}-{self.replicas[app, service]}"
        self.created += 1  # who is created anew under an old name has another id
        labels = {"com.docker.compose.project": app, "com.docker.compose.service": service, **(labels or {})}
        container = Container(name, self.created, labels, image or f"registry.example/{app}/{service}:1", networks,
                              shares, ports)
        self.containers[container.id] = container
        return container

    @staticmethod
    def find(objects, key):
        if key in objects:
            return objects[key]
        named = [item for item in objects.values() if item.name == key]
        found = named or [item for item in objects.values() if key and item.id.startswith(key)]
        if len(found) != 1:
            raise Refused(f"no such object, or several: {key}")
        return found[0]

    # --- events ---

    def emit(self, kind, action, actor, attributes, image=None):
        now = time.time_ns()
        event = {}
        if self.old_events and kind == "container":
            event.update({"status": action, "id": actor, "from": image})
        event.update({"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes},
                      "scope": "local", "time": now // 10**9, "timeNano": now})
        line = dumps(event) + b"\n"
        self.past.append((now, kind, line))
        self.event_count += 1
        sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        if not self.stalled:
            for stream in list(self.streams):
                stream.event(kind, line)
        return [f"{kind}/{action}", sent]

    def emit_container(self, container, action, **more):
        attributes = {**container.labels, "image": container.image, "name": container.name, **more}
        return self.emit("container", action, container.id, attributes, container.image)

    def emit_network(self, network, action, container=None):
        attributes = {"name": network.name, "type": "bridge"}
        if container:
            attributes["container"] = container.id
        return self.emit("network", action, network.id, attributes)

    # --- what happens to containers ---

    async def start(self, container, lead_ms):
        if container.running or container.started:
            raise Refused(f"container {container.name} runs")
        container.started = asyncio.get_running_loop().create_future()
        events = []
        for network in container.networks:
            network.add(container)
            events.append(self.emit_network(network, "connect", container))
        if lead_ms:
            await asyncio.sleep(lead_ms / 1000)
        container.running, container.body = True, None
        container.started.set_result(None)
        container.started = None
        events.append(self.emit_container(container, "start"))
        return events

    def leave_all(self, container):
        events = []
        for network in container.networks:
            if container.id in network.endpoints:
                network.remove(container)
                events.append(self.emit_network(network, "disconnect", container))
        return events

    def stop(self, container):
        if not container.running:
            raise Refused(f"container {container.name} does not run")
        container.running, container.body = False, None
        events = [self.emit_container(container, "kill", signal="15")]
        if self.options.stop_order == "new":
            events += self.leave_all(container)
        events.append(self.emit_container(container, "die", exitCode="0"))
        if self.options.stop_order == "old":
            events += self.leave_all(container)
        events.append(self.emit_container(container, "stop"))
        return events


# --- the control socket ---


class Commands:
    """One method a command; what it returns goes into the answer."""

    def __init__(self, engine):
        self.engine = engine

    def container(self, request):
        return self.engine.find(self.engine.containers, request["container"])

    def network(self, request):
        return self.engine.find(self.engine.networks, request["network"])

    async def create(self, request):
        engine = self.engine
        shares = engine.find(engine.containers, request["shares"]) if "shares" in request else None
        networks = [] if shares else [self.network(request)]
        container = engine.new_container(request.get("app", "shop"), request.get("service", "web"), networks,
                                         request.get("name"), request.get("image"), request.get("labels"), shares,
                                         request.get("ports", ()))
        return {"id": container.id, "name": container.name, "events": [engine.emit_container(container, "create")]}

    async def start(self, request):
        return {"events": await self.engine.start(self.container(request), request.get("lead_ms", 0))}

    async def run(self, request):
        answer = await self.create(request)
        container = self.engine.containers[answer["id"]]
        answer["events"] += await self.engine.start(container, request.get("lead_ms", 0))
        return answer

    async def stop(self, request):
        return {"events": self.engine.stop(self.container(request))}

    async def destroy(self, request):
        container = self.container(request)
        events = self.engine.stop(container) if container.running else []
        del self.engine.containers[container.id]
        return {"events": events + [self.engine.emit_container(container, "destroy")]}

    async def connect(self, request):
        container, network = self.container(request), self.network(request)
        if network in container.networks:
            raise Refused(f"container {container.name} is in network {network.name}")
        container.networks.append(network)
        if not container.running:
            return {"events": []}
        network.add(container)
        return {"events": [self.engine.emit_network(network, "connect", container)]}

    async def disconnect(self, request):
        container, network = self.container(request), self.network(request)
        if network not in container.networks:
            raise Refused(f"container {container.name} is not in network {network.name}")
        container.networks.remove(network)
        if container.id not in network.endpoints:
            return {"events": []}
        network.remove(container)
        return {"events": [self.engine.emit_network(network, "disconnect", container)]}

    async def rename(self, request):
        container, old = self.container(request), self.container(request).name
        container.name, container.body = request["name"], None
        for network in container.networks:
            if container.id in network.endpoints:
                network.render_endpoint(container)
        return {"events": [self.engine.emit_container(container, "rename", oldName="/" + old)]}

    async def network_create(self, request):
        network = self.engine.new_network(request["name"], request.get("icc"), request.get("bridge"))
        return {"id": network.id, "bridge": network.bridge, "events": [self.engine.emit_network(network, "create")]}

    async def network_destroy(self, request):
        network = self.network(request)
        if network.endpoints:
            raise Refused(f"network {network.name} has active endpoints")
        for container in self.engine.containers.values():
            if network in container.networks:
                container.networks.remove(network)
        del self.engine.networks[network.id]
        return {"events": [self.engine.emit_network(network, "destroy")]}

    async def burst(self, request):
        engine, count, kind = self.engine, request["count"], request.get("kind", "exec")
        containers = [c for c in engine.containers.values() if kind == "exec" or c.running and c.networks]
        if not containers:
            raise Refused("there is no container for it")
        first = last = None
        for i in range(count):
            container = containers[i % len(containers)]
            if kind == "exec":
                last = engine.emit_container(container, "exec_start: /bin/true", execID="1")
            else:
                last = engine.emit_network(container.networks[0], "connect", container)
            first = first or last
        return {"events": [first, last] if first else []}

    async def fault(self, request):
        if request["kind"] not in ("delay", "status", "cut", "malformed", "stall", "close", "hang"):
            raise Refused(f"unknown kind {request['kind']}")
        self.engine.faults.append({"path": request["path"], "kind": request["kind"], "left": request.get("count", 0),
                                   "ms": request.get("ms", 5000), "status": request.get("status", 500),
                                   "bounded": request.get("count", 0) > 0})
        return {}

    async def clear_faults(self, _request):
        self.engine.faults.clear()
        return {}

    async def events_close(self, _request):
        for stream in list(self.engine.streams):
            stream.end()
        return {}

    async def events_cut(self, _request):
        for stream in list(self.engine.streams):
            stream.raw(b'{"Type":"container","Act')
            stream.close()
        return {}

    async def events_stall(self, _request):
        self.engine.stalled = True
        return {}

    async def events_resume(self, _request):
        self.engine.stalled = False
        return {}

    async def events_raw(self, request):
        for stream in list(self.engine.streams):
            stream.raw(request["text"].encode() + b"\n")
        return {}

    async def state(self, _request):
        networks = [{"id": n.id, "name": n.name, "bridge": n.bridge,
                     "endpoints": [json.loads(b"{" + member + b"}") for _, member in n.endpoints.values()]}
                    for n in self.engine.networks.values()]
        containers = [{"id": c.id, "name": c.name, "running": c.running, "networks": [n.name for n in c.networks]}
                      for c in self.engine.containers.values()]
        return {"networks": networks, "containers": containers}

    async def stats(self, _request):
        return {"requests": dict(self.engine.requests), "streams": len(self.engine.streams),
                "events_sent": self.engine.event_count}

    async def quit(self, _request):
        self.engine.quit.set()
        return {}

    async def serve(self, reader, writer):
        while line := await reader.readline():
            try:
                request = json.loads(line)
                name = request["cmd"]
                if name in ("container", "network", "serve") or name.startswith("_"):
                    raise Refused(f"unknown command {name}")
                method = getattr(self, name, None)
                if not method:
                    raise Refused(f"unknown command {name}")
                answer = {"ok": True, **await method(request)}
            except KeyError as error:
                answer = {"ok": False, "error": f"missing: {error}"}
            except (Refused, ValueError, TypeError, AttributeError) as error:
                answer = {"ok": False, "error": str(error)}
            writer.write(dumps(answer) + b"\n")
            await writer.drain()
        writer.close()


# --- HTTP ---


class Connection(asyncio.Protocol):
    """One client.  Requests are answered at once from data_received, which is the fastest that asyncio has."""

    def __init__(self, engine):
        self.engine = engine
        self.transport = None
        self.buffer = b""
        self.busy = False  # a delayed answer is under way: later requests wait
        self.stream_types = None

    def connection_made(self, transport):
        self.transport = transport
        transport.set_write_buffer_limits(high=64 * 1024 * 1024)

    def connection_lost(self, _error):
        self.engine.streams.discard(self)

    def data_received(self, data):
        self.buffer += data
        self.next_requests()

    def next_requests(self):
        while not self.busy and (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head, self.buffer = self.buffer[:end], self.buffer[end + 4:]
            self.busy = True
            self.request(head.split(b"\r\n", 1)[0].decode("latin-1"))

    def request(self, line):
        match = re.fullmatch(r"(GET|HEAD) (?:/v\d+\.\d+)?(/[^ ?]*)(?:\?([^ ]*))? HTTP/1\.[01]", line)
        if not match:
            self.answer(400, dumps({"message": "bad request"}))
            return
        path, query = match[2], dict(urllib.parse.parse_qsl(match[3] or ""))
        self.engine.requests[re.sub(r"^(/networks|/containers)/(?!json)[^/]+", r"\1/ID", path)] += 1
        fault = next((fault for fault in self.engine.faults if path.startswith(fault["path"])), None)
        if fault and fault["bounded"]:
            fault["left"] -= 1
            if not fault["left"]:
                self.engine.faults.remove(fault)
        if fault and fault["kind"] == "delay":
            asyncio.get_running_loop().call_later(fault["ms"] / 1000, self.route, path, query, None)
        else:
            self.route(path, query, fault)

    def route(self, path, query, fault):
        if self.transport.is_closing():
            return
        if fault and fault["kind"] in ("status", "close", "hang"):
            self.misbehave(fault, b"")
            return
        if path == "/events":
            self.open_stream(query)
            return
        try:
            status, body, wait = self.find(path, query)
        except (Refused, ValueError) as error:
            status, body, wait = 404, dumps({"message": str(error)}) + b"\n", None
        if wait:
            wait.add_done_callback(lambda _: self.route(path, query, fault))
        elif fault:
            self.misbehave(fault, body)
        else:
            self.answer(status, body)

    def misbehave(self, fault, body):
        kind, half = fault["kind"], body[:len(body) // 2]
        if kind == "hang":
            return
        if kind == "status":
            self.answer(fault["status"], dumps({"message": "a fault was asked for"}) + b"\n")
        elif kind == "malformed":
            self.answer(200, half)
        else:
            if kind != "close":
                self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                                     % (len(body), half))
            if kind != "stall":
                self.transport.close()

    def answer(self, status, body):
        reason = {200: "OK", 400: "Bad Request", 404: "Not Found"}.get(status, "Error")
        self.transport.write(b"HTTP/1.1 %d %s\r\nApi-Version: %s\r\nContent-Type: application/json\r\n"
                             b"Content-Length: %d\r\n\r\n%s"
                             % (status, reason.encode(), self.engine.options.api.encode(), len(body), body))
        self.busy = False
        # Those that came while a delayed answer was under way.
        if self.buffer:
            asyncio.get_running_loop().call_soon(self.next_requests)

    def find(self, path, query):
        """Status, body, and a future to wait for first."""
        engine = self.engine
        if path == "/_ping":
            return 200, b"OK", None
        if path == "/version":
            return 200, dumps({"Version": "20.10.24", "ApiVersion": engine.options.api, "MinAPIVersion": "1.24",
                               "Os": "linux", "Arch": "amd64"}) + b"\n", None
        if path == "/info":
            return 200, dumps({"ID": "FAKE:ENGINE", "Containers": len(engine.containers), "Name": "host",
                               "Swarm": {"LocalNodeState": "inactive"},
                               "SecurityOptions": ["name=seccomp,profile=default"]}) + b"\n", None
        if path == "/networks":
            networks = [network.render_listed() for network in engine.networks.values()]
            return 200, b"[" + b",".join(networks) + b"]\n", None
        if path == "/containers/json":
            return 200, self.list_containers(query), None
        if match := re.fullmatch(r"/networks/([^/]+)", path):
            return 200, engine.find(engine.networks, urllib.parse.unquote(match[1])).render(), None
        if match := re.fullmatch(r"/containers/([^/]+)/json", path):
            container = engine.find(engine.containers, urllib.parse.unquote(match[1]))
            return 200, container.render(), container.started
        return 404, dumps({"message": "page not found"}) + b"\n", None

    def list_containers(self, query):
        containers = self.engine.containers
        filters = json.loads(query.get("filters", "{}"))
        if "id" in filters:
            ids = list(filters["id"])  # a list, or the older form {"ID": true}
            chosen = [containers[i] for i in ids if i in containers]
            chosen += [c for c in containers.values() for i in ids if i not in containers and c.id.startswith(i)]
        else:
            chosen = containers.values()
        everyone = query.get("all", "0") in ("1", "true", "True")
        return b"[" + b",".join(c.render_listed() for c in chosen if everyone or c.running) + b"]\n"

    # --- an event stream ---

    def open_stream(self, query):
        filters = json.loads(query.get("filters", "{}"))
        self.stream_types = set(filters["type"]) if "type" in filters else None
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        if "since" in query:
            since = int(float(query["since"]) * 1e9) if "." not in query["since"] else self.nanoseconds(query["since"])
            for when, kind, line in self.engine.past:
                if when >= since:
                    self.event(kind, line)
        if "until" in query and float(query["until"]) <= time.time():
            self.end()
            return
        self.engine.streams.add(self)

    @staticmethod
    def nanoseconds(text):
        """"seconds.nanoseconds", exactly."""
        seconds, fraction = text.split(".", 1)
        return int(seconds) * 10**9 + int((fraction + "0" * 9)[:9])

    def event(self, kind, line):
        if self.stream_types is None or kind in self.stream_types:
            self.raw(line)

    def raw(self, data):
        self.transport.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self):
        self.engine.streams.discard(self)
        self.transport.write(b"0\r\n\r\n")
        self.busy = False

    def close(self):
        self.engine.streams.discard(self)
        self.transport.close()


async def serve(options):
    loop = asyncio.get_running_loop()
    engine = Engine(options)
    if options.print_bridges:
        print("\n".join(network.bridge for network in engine.networks.values()))
        return
    for path in filter(None, (options.socket, options.control)):
        if os.path.exists(path):
            os.unlink(path)
    await loop.create_unix_server(lambda: Connection(engine), options.socket, backlog=512)
    if options.control:
        await asyncio.start_unix_server(Commands(engine).serve, options.control, limit=2**24)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, engine.quit.set)
    print("ready", flush=True)
    await engine.quit.wait()
    for path in filter(None, (options.socket, options.control)):
        if os.path.exists(path):
            os.unlink(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--socket", help="path of the API's socket")
    parser.add_argument("--control", help="path of the control socket")
    parser.add_argument("--networks", type=int, default=1)
    parser.add_argument("--per-network", type=int, default=5)
    parser.add_argument("--apps", type=int, default=1)
    parser.add_argument("--ipv6", action="store_true")
    parser.add_argument("--icc", choices=("true", "false"), help="the option of the networks; absent by default")
    parser.add_argument("--api", default="1.41")
    parser.add_argument("--stop-order", choices=("old", "new"), default="old")
    parser.add_argument("--print-bridges", action="store_true")
    options = parser.parse_args()
    if not options.socket and not options.print_bridges:
        parser.error("--socket is needed")
    if options.apps < 1 or not re.fullmatch(r"\d+\.\d+", options.api):
        parser.error("--apps must be positive, --api like 1.41")
    asyncio.run(serve(options))
    return 0


if __name__ == "__main__":
    sys.exit(main())
