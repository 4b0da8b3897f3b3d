# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Docker engine in a network namespace of its own, without any way out."""
import atexit
import concurrent.futures
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

import engine_root
from docker_api import Api, ApiError, unmultiplex, wait_until
from pace import patience

PREFIX = os.environ.get("BULKHEAD_TEST_PREFIX", "bhtest")
PROBE = os.environ.get("BULKHEAD_PROBE", "")
ATTACK = os.environ.get("BULKHEAD_ATTACK", "")
# Of every engine, unless a test says otherwise: {name: value}.
OPTIONS = json.loads(os.environ.get("BULKHEAD_ENGINE_OPTIONS", "{}"))
PULSE = os.environ.get("BULKHEAD_PULSE", "")
IMAGE = "probe:latest"
PARALLEL = 4
RUNTIME = "/run/bulkhead"

_engines = []


def has_nftables_backend():
    return OPTIONS.get("firewall-backend") == "nftables"


def probe_path():
    if not os.access(PROBE, os.X_OK):
        sys.exit(f"the probe program is not at {PROBE!r}: set BULKHEAD_PROBE, or start the tests with run.py --build DIR")
    return PROBE


def attack_path():
    if not os.access(ATTACK, os.X_OK):
        sys.exit(f"the program of the attacks is not at {ATTACK!r}: set BULKHEAD_ATTACK, or start with run.py --build DIR")
    return ATTACK


class Container:
    def __init__(self, engine, identifier, name, labels):
        self.engine, self.id, self.name, self.labels = engine, identifier, name, labels
        self.image = IMAGE
        self.pid = 0
        self.networks = {}
        self.macs = {}

    def refresh(self):
        """Reads the process id and the addresses: {network: (IPv4, IPv6)}, "" where there is none."""
        detail = self.engine.api.json("GET", f"/containers/{self.id}/json")
        self.pid = detail["State"]["Pid"]
        self.name = detail["Name"].lstrip("/")
        self.networks = {
            name: (place["IPAddress"], place["GlobalIPv6Address"])
            for name, place in detail["NetworkSettings"]["Networks"].items()
        }
        self.macs = {name: place["MacAddress"] for name, place in detail["NetworkSettings"]["Networks"].items()}
        return self

    def address(self, network=None, family=4):
        places = self.networks[network] if network else next(iter(self.networks.values()))
        return places[0 if family == 4 else 1]

    def file(self, path):
        return f"/proc/{self.pid}/root{path}"

    def receipts(self):
        """What arrived, a list of "PROTOCOL ADDRESS PORT"."""
        with open(self.file("/receipts"), encoding="ascii") as file:
            return file.read().splitlines()

    def serving(self):
        try:
            return "ready" in self.receipts()
        except OSError:
            return False

    def inside(self, *command):
        """The command line that runs `command` in this container's network namespace: the same packets as its own."""
        return ["nsenter", f"--net=/proc/{self.pid}/ns/net", *command]

    def start(self):
        self.engine.api.request("POST", f"/containers/{self.id}/start")
        return self.refresh()

    def stop(self):
        self.engine.api.request("POST", f"/containers/{self.id}/stop", query={"t": 5})

    def restart(self):
        # What the process before noted is not the new one's word.
        if os.path.exists(self.file("/receipts")):
            os.unlink(self.file("/receipts"))
        self.engine.api.request("POST", f"/containers/{self.id}/restart", query={"t": 5})
        return self.refresh()

    def remove(self):
        self.engine.api.request("DELETE", f"/containers/{self.id}", query={"force": 1, "v": 1})

    def rename(self, name):
        self.engine.api.request("POST", f"/containers/{self.id}/rename", query={"name": name})
        self.name = name

    def exec(self, *command):
        """Runs a process of the container itself and returns what it printed."""
        created = self.engine.api.json(
            "POST", f"/containers/{self.id}/exec", {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True}
        )
        return unmultiplex(self.engine.api.request("POST", f"/exec/{created['Id']}/start", {"Detach": False}))


class Remains:
    """What an engine has outside its own process, found by name."""

    def __init__(self, namespace, directory):
        self.namespace, self.directory = namespace, directory
        self.netns = f"/var/run/netns/{namespace}"

    def processes(self):
        """Shims and their children, whatever still runs in our namespace, and who was told of files in our directory."""
        found = []
        parents = {}
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            pid = int(entry)
            line = command_line(pid)
            ours = self.namespace in line and ("containerd" in line or "dockerd" in line)
            if (ours or f"{self.directory}/" in line) and pid != os.getpid():
                found.append(pid)
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                    parents.setdefault(int(file.read().rpartition(")")[2].split()[1]), []).append(pid)
            except OSError:
                pass
        for pid in found:
            found.extend(child for child in parents.get(pid, []) if child not in found)
        if os.path.exists(self.netns):
            answer = subprocess.run(["ip", "netns", "pids", self.namespace], stdout=subprocess.PIPE, text=True, check=False)
            found.extend(int(pid) for pid in answer.stdout.split() if int(pid) not in found)
        return found

    def mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8") as file:
            points = [line.split()[4] for line in file]
        return [point for point in points if point.startswith(self.directory + "/")]

    def unmount(self):
        for point in reversed(self.mounts()):
            subprocess.run(["umount", "--lazy", point], check=False)

    def leftovers(self):
        """What should not be there any more after destroy, as a list of sentences."""
        left = [f"process {pid}: {command_line(pid)}" for pid in self.processes()]
        left += [f"mount {point}" for point in self.mounts()]
        left += [path for path in (self.directory, self.netns) if os.path.exists(path)]
        return left

    def remove(self):
        for pid in self.processes():
            end(pid)
        self.unmount()
        if os.path.exists(self.netns):
            remove_namespace(self.namespace)
        remove_cgroups(self.namespace)
        shutil.rmtree(self.directory, ignore_errors=True)


class Engine(Remains):
    """Of `index` (0 to 50) everything is private: directory, socket, namespace, addresses."""

    def __init__(self, index, icc=True, live_restore=True, userland_proxy=True, flags=None, wrapper=()):
        """flags: {"name": value or values} in the place of that below, None for none at all; but a host is one more.
        wrapper: a command that executes the one that follows it; `opener` another, which is always of this machine."""
        self.index, self.icc, self.live_restore, self.userland_proxy = index, icc, live_restore, userland_proxy
        self.flags, self.wrapper = {**OPTIONS, **(flags or {})}, wrapper
        self.opener = ()
        namespace = f"{PREFIX}-{os.getpid()}-{index}"
        super().__init__(namespace, tempfile.mkdtemp(prefix=f"{namespace}-"))
        self.socket = f"{self.directory}/docker.sock"
        self.log = f"{self.directory}/dockerd.log"
        self.docker_url = f"unix://{self.socket}"
        self.api = Api(self.socket)
        self.process = None
        self.root = None  # whose programs it has
        self.major, self.api_version = 0, (0, 0)  # of what runs
        self.has_namespace = False
        self.surroundings = []  # other namespaces, each with close() and leftovers(); their end is ours
        self.networks_made = 0
        with open(f"{self.directory}/daemon.json", "w", encoding="ascii") as file:
            file.write("{}\n")

    # -- the engine itself

    def make_namespace(self):
        if not self.has_namespace:
            subprocess.run(["ip", "netns", "add", self.namespace], check=True)
            self.has_namespace = True
            subprocess.run(["ip", "-n", self.namespace, "link", "set", "lo", "up"], check=True)
            if self.flags.get("firewall-backend") == "nftables":  # with it the engine does not switch forwarding on
                for switch in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
                    self.run_inside("sysctl", "-q", "-w", f"{switch}=1")

    def start(self):
        self.make_namespace()
        self.remove_stale()
        octet = 100 + self.index
        command = [
            f"--config-file={self.directory}/daemon.json",
            f"--data-root={self.directory}/data",
            f"--exec-root={self.directory}/exec",
            f"--pidfile={self.directory}/docker.pid",
            f"--host={self.docker_url}",
            f"--bip=10.{octet}.0.1/24",
            f"--default-address-pool=base=10.{octet}.128.0/17,size=24",
            f"--icc={'true' if self.icc else 'false'}",
            f"--live-restore={'true' if self.live_restore else 'false'}",
            f"--userland-proxy={'true' if self.userland_proxy else 'false'}",
            "--ipv6",
            f"--fixed-cidr-v6=fd00:{octet}::/64",
            "--experimental",
            "--ip6tables",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            f"--cgroup-parent=/{self.namespace}",
            f"--containerd-namespace={self.namespace}",
            f"--containerd-plugins-namespace={self.namespace}-plugins",
        ]
        replaced = set(self.flags) - {"host"}
        command = [flag for flag in command if flag[2:].split("=")[0] not in replaced]
        for name, values in self.flags.items():
            values = values if isinstance(values, (list, tuple)) else [values]
            command += [f"--{name}={value}" for value in values if value is not None]
        self.root = self.root or engine_root.of(f"{self.directory}/")
        command = self.inside(*self.opener, *self.root.enter(self.netns, *self.wrapper, "dockerd", *command))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_until(self.answers, lambda: f"the engine answers; its log ends:\n{self.log_text()[-3000:]}", 60)
        version = self.api.json("GET", "/version")
        self.major = int(version["Version"].split(".")[0])
        self.api_version = tuple(map(int, version["ApiVersion"].split(".")))
        if not any(IMAGE in (image["RepoTags"] or []) for image in self.api.json("GET", "/images/json")):
            self.import_image()
        return self

    def remove_stale(self):
        """What a killed engine leaves keeps the next one waiting in vain."""
        pidfile = f"{self.directory}/exec/containerd/containerd.pid"
        if os.path.exists(pidfile):
            with open(pidfile, encoding="ascii") as file:
                pid = int(file.read() or 0)
            if self.directory in command_line(pid):
                end(pid)
        for path in ("docker.pid", "docker.sock", "exec/containerd/containerd.pid"):
            try:
                os.unlink(f"{self.directory}/{path}")
            except FileNotFoundError:
                pass

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the engine ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
        try:
            return self.api.request("GET", "/_ping", timeout=2) == b"OK"
        except (OSError, ApiError):
            return False

    def pause(self, seconds):
        """It answers nobody for so long."""
        if self.process:
            self.process.send_signal(signal.SIGSTOP)
            threading.Timer(seconds, self.process.send_signal, [signal.SIGCONT]).start()

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(patience(40))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def restart(self, icc=None):
        self.stop()
        if icc is not None:
            self.icc = icc
        return self.start()

    def close_root(self):
        """When it has ended: the next one sees what has been mounted since."""
        if self.root:
            self.root.close()
            self.root = None

    def log_text(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def import_image(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(probe_path(), arcname="probe", filter=self.executable)
            for path, name in ((ATTACK, "attack"), (PULSE, "pulse")):
                if os.access(path, os.X_OK):
                    tar.add(path, arcname=name, filter=self.executable)
        repository, tag = IMAGE.split(":")
        self.api.request(
            "POST",
            "/images/create",
            archive.getvalue(),
            query={"fromSrc": "-", "repo": repository, "tag": tag},
            content_type="application/x-tar",
        )

    @staticmethod
    def executable(info):
        info.mode, info.uid, info.gid = 0o755, 0, 0
        return info

    # -- the host that it is

    def inside(self, *command):
        # nft 1.0.6 crashes on the tables of Docker's nftables backend.  It lists others, by their names.
        others = command[1:2] == ("list",) and command[2:3] not in (("tables",), ("ruleset",))
        if command[:1] == ("nft",) and has_nftables_backend() and self.root and not others:
            return self.root.enter(self.netns, *command)
        return ["nsenter", f"--net={self.netns}", *command]

    def run_inside(self, *command, check=True, **options):
        return subprocess.run(
            self.inside(*command), check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
        )

    def accept_between_ports(self, bridge):
        """What an administrator might do: IPv4 between that bridge's ports passes in front of the engine's drop."""
        if has_nftables_backend():
            chain = ["ip", "docker-bridges", f"filter-forward-in__{bridge}"]
            self.run_inside("nft", "insert", "rule", *chain, "iifname", bridge, "accept")
            return lambda: None  # the chain goes with the network
        rule = ["FORWARD", "-i", bridge, "-o", bridge, "-j", "ACCEPT"]
        self.run_inside("iptables", "-I", *rule)
        return lambda: self.run_inside("iptables", "-D", *rule)

    def engine_runs(self, *command):
        """What a program that came with the engine prints: its nft knows the engine's tables."""
        command = self.root.enter(self.netns, *command)
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout

    def await_forwarding(self, *ports):
        """A bridge forwards what comes in by a port once the kernel has noticed that the port's peer is up."""
        for port in ports:
            wait_until(
                lambda port=port: "state forwarding" in self.run_inside("bridge", "link", "show", "dev", port).stdout,
                f"{port} forwards",
            )

    # -- containers and networks

    def create(
        self,
        name,
        command=("hold",),
        network="bridge",
        labels=None,
        image=IMAGE,
        host_config=None,
        entrypoint="/probe",
        **options,
    ):
        body = {
            "Image": image,
            "Entrypoint": [entrypoint],
            "Cmd": list(command),
            "Labels": labels or {},
            "HostConfig": {"NetworkMode": network, **(host_config or {})},
            **options,
        }
        created = self.api.json("POST", "/containers/create", body, query={"name": name})
        container = Container(self, created["Id"], name, labels or {})
        container.image = image
        return container

    def run(self, name, command=("hold",), **options):
        container = self.create(name, command, **options).start()
        if command[0] == "serve":
            wait_until(container.serving, f"{name} serves")
        return container

    def run_all(self, specifications):
        """Several at once: a list of keyword arguments for run."""
        with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
            return list(pool.map(lambda options: self.run(**options), specifications))

    def wait_exit(self, container):
        return self.api.json("POST", f"/containers/{container.id}/wait")["StatusCode"]

    def logs(self, container):
        return unmultiplex(
            self.api.request("GET", f"/containers/{container.id}/logs", query={"stdout": 1, "stderr": 1})
        )

    def create_network(self, name, icc=None, ipv6=True, options=None):
        """icc None: Docker's own default, without the option."""
        body = {"Name": name, "Driver": "bridge", "Options": dict(options or {}), "EnableIPv6": ipv6}
        if icc is not None:
            body["Options"]["com.docker.network.bridge.enable_icc"] = "true" if icc else "false"
        if ipv6:
            self.networks_made += 1
            subnet = f"fd00:{100 + self.index}:{self.networks_made:x}::/64"
            body["IPAM"] = {"Config": [{"Subnet": self.next_subnet()}, {"Subnet": subnet}]}
        return self.api.json("POST", "/networks/create", body)["Id"]

    def next_subnet(self):
        return f"10.{100 + self.index}.{self.networks_made % 120 + 1}.0/24"

    def remove_network(self, name):
        self.api.request("DELETE", f"/networks/{name}")

    def connect(self, network, container):
        self.api.request("POST", f"/networks/{network}/connect", {"Container": container.id})
        return container.refresh()

    def disconnect(self, network, container):
        self.api.request("POST", f"/networks/{network}/disconnect", {"Container": container.id, "Force": True})
        return container.refresh()

    def bridge(self, network):
        """The name of the network's link."""
        detail = self.api.json("GET", f"/networks/{network}")
        named = (detail.get("Options") or {}).get("com.docker.network.bridge.name")
        return named or "br-" + detail["Id"][:12]

    def reset(self, parallel=True):
        """No containers, no networks of users."""

        def remove(container):
            try:
                self.api.request("DELETE", f"/containers/{container['Id']}", query={"force": 1, "v": 1})
            except ApiError as error:
                if error.status != 404:
                    raise

        containers = self.api.json("GET", "/containers/json", query={"all": 1})
        if parallel:
            with concurrent.futures.ThreadPoolExecutor(PARALLEL) as pool:
                list(pool.map(remove, containers))
        else:
            list(map(remove, containers))
        for network in self.api.json("GET", "/networks"):
            if network["Name"] not in ("bridge", "host", "none"):
                self.remove_network(network["Id"])

    # -- the end

    def destroy(self):
        """Ends and removes everything, whatever state it is in."""
        try:
            if self.process and self.process.poll() is None:
                self.reset(parallel=False)  # a program that ends can start no threads
        except Exception as error:  # pylint: disable=broad-except
            print(f"while removing containers: {error}", file=sys.stderr)
        try:
            self.stop()
        finally:
            for place in list(self.surroundings):
                place.close()
            self.remove_stale()
            self.close_root()
            self.remove()
            if self in _engines:
                _engines.remove(self)


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def remove_namespace(name):
    """With bulkhead's files that are named after the namespace."""
    for kind in ("status", "lock"):
        try:
            os.unlink(f"{RUNTIME}/netns-{os.stat(f'/var/run/netns/{name}').st_ino}.{kind}")
        except OSError:
            pass
    subprocess.run(["ip", "netns", "del", name], check=False)


def forget_runtime():
    """When no engine is left: somebody else's service may be about to put its lock there."""
    try:
        os.rmdir(RUNTIME)
    except OSError:
        pass


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + patience(10)
    while time.monotonic() < deadline and command_line(pid):
        time.sleep(0.01)


def remove_cgroups(name):
    for root, directories, _ in os.walk("/sys/fs/cgroup"):
        if name in directories:
            for path, _, _ in os.walk(f"{root}/{name}", topdown=False):
                try:
                    os.rmdir(path)
                except OSError:
                    pass
        if root.count("/") > 4:
            directories.clear()


def make(**options):
    """A running engine, which ends with this process at the latest."""
    engine = Engine(len(_engines_made), **options)
    _engines_made.append(engine)
    _engines.append(engine)
    return engine


_engines_made = []
_shared = {}


def shared(icc, userland_proxy=True):
    """The engine of that kind that test modules have in common, without containers and networks of users."""
    kind = (icc, userland_proxy)
    if kind not in _shared:
        _shared[kind] = make(icc=icc, userland_proxy=userland_proxy).start()
    else:
        if not _shared[kind].process:
            _shared[kind].start()
        _shared[kind].reset()
    return _shared[kind]


def destroy_all():
    _shared.clear()
    for engine in list(_engines):
        engine.destroy()


def all_leftovers():
    return [f"{engine.namespace}: {what}" for engine in _engines_made for what in engine.leftovers()]


def sweep(begin):
    """Removes what a process left that could not clean up: all whose name begins so.  A list of sentences."""
    temporary, netns = tempfile.gettempdir(), "/var/run/netns"
    found = {name for name in os.listdir(netns) if name.startswith(begin)} if os.path.isdir(netns) else set()
    directories = [name for name in os.listdir(temporary) if name.startswith(begin)]
    found |= {"-".join(name.split("-")[:3]) for name in directories}
    left = []
    for name in sorted(found):
        remains = Remains(name, next((f"{temporary}/{d}" for d in directories if d.startswith(name + "-")), "/nowhere"))
        left += [f"{name}: {what}" for what in remains.leftovers()]
        remains.remove()
    return left


class Leave(SystemExit, KeyboardInterrupt):
    """Ends the process, also from within a test: unittest takes a mere SystemExit for a test's error, and goes on."""


def _leave(number, _frame):
    for other in _SIGNALS:  # once is enough
        signal.signal(other, signal.SIG_IGN)
    raise Leave(128 + number)


atexit.register(destroy_all)
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
for _number in _SIGNALS:
    signal.signal(_number, _leave)
