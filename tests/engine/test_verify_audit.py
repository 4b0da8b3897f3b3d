# SPDX-License-Identifier: GPL-2.0-or-later
"""verify's audit of an engine that really runs with these settings: by command line, by file, and by neither."""
import json
import os
import shutil
import signal
import struct
import subprocess
import time
import unittest

import engine as engines
from altered import AlteredEngine, garbage, refuse, rewrite
from bulkhead import Bulkhead, program_path
from docker_api import wait_until

SETTINGS = ("engine-icc", "engine-registries", "engine-tls", "engine-userns")

# Gives the engine a listener as systemd's docker.socket does; LISTEN_PID is its own, which exec keeps.
SOCKET_ACTIVATION = """
import os, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execvp(sys.argv[2], sys.argv[2:])
"""

# What a client without a certificate gets from a TCP listener, plain and with TLS.
STRANGER = """
import socket, ssl, sys
port, tls = int(sys.argv[1]), sys.argv[2] == "tls"
connection = socket.create_connection(("127.0.0.1", port), 10)
try:
    if tls:
        context = ssl._create_unverified_context()
        connection = context.wrap_socket(connection)
    connection.sendall(b"GET /_ping HTTP/1.0\\r\\n\\r\\n")
    print(connection.recv(64).decode(errors="replace").split("\\r")[0])
except OSError as error:
    print("refused:", error)
"""


def make_certificates(directory):
    """An authority, and a certificate of its for 127.0.0.1."""
    os.makedirs(directory, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, stderr=subprocess.DEVNULL)

    request = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl(*request, "-x509", "-subj", "/CN=authority", "-keyout", "ca-key.pem", "-out", "ca.pem")
    openssl(*request[:-2], "-subj", "/CN=server", "-keyout", "key.pem", "-out", "server.csr")
    with open(f"{directory}/ext", "w", encoding="ascii") as file:
        file.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl(
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial"),
        *("-days", "2", "-extfile", "ext", "-out", "cert.pem"),
    )
    return {
        "tlscacert": f"{directory}/ca.pem",
        "tlscert": f"{directory}/cert.pem",
        "tlskey": f"{directory}/key.pem",
    }


class AuditTest(unittest.TestCase):
    options = None  # bulkhead's own

    def make(self, **options):
        self.engine = engines.make(**options)
        self.addCleanup(self.engine.destroy)
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)
        return self.engine

    def configure(self, **settings):
        """The engine's configuration file, which it reads when it starts."""
        Bulkhead.write(f"{self.engine.directory}/daemon.json", json.dumps(settings))

    def verify(self, *checks, status=None):
        """{id: the findings of that check}"""
        answer = self.bulkhead.command("verify", "--json", f"--only={','.join(checks)}", options=self.options)
        self.assertTrue(answer.stdout, answer.stderr)
        findings = {}
        for finding in json.loads(answer.stdout)["findings"]:
            findings.setdefault(finding["id"], []).append(finding)
        self.assertEqual(set(findings), set(checks), answer.stdout)
        if status is not None:
            self.assertEqual(answer.returncode, status, answer.stdout)
        return findings

    def expect(self, check, status, evidence, subject=None, exit_status=None):
        found = self.verify(check, status=exit_status)[check]
        if subject:
            found = [finding for finding in found if finding["subject"] == subject]
        self.assertEqual([finding["status"] for finding in found], [status], found)
        self.assertIn(evidence, found[0]["evidence"])
        if status in ("fail", "warn"):
            self.assertTrue(found[0]["remedy"])
        return found[0]

    def stranger(self, port, tls):
        return self.engine.run_inside("python3", "-c", STRANGER, str(port), "tls" if tls else "plain").stdout.strip()


class Stock(AuditTest):
    def test_settings_of_the_command_line(self):
        self.make(icc=True).start()
        self.expect("engine-icc", "fail", "icc is true on the command line", exit_status=1)
        self.expect("engine-registries", "pass", "none", exit_status=0)
        self.expect("engine-tls", "pass", "no TCP listener")
        self.expect("engine-userns", "fail", "not remapped")
        self.engine.flags = {"insecure-registry": ["registry.invalid:5000", "127.0.0.0/8"]}
        self.engine.restart(icc=False)
        self.expect("engine-icc", "pass", f"on the command line of dockerd (pid {self.engine.process.pid})")
        self.expect("engine-sockets", "pass", f"where it was told: {self.engine.socket}", exit_status=0)
        found = self.expect("engine-registries", "fail", "registry.invalid:5000 on the command line")
        self.assertIn("registry.invalid:5000 in effect, says the engine", found["evidence"])
        self.assertNotIn("127.0.0.0/8", found["evidence"])

    def test_told_but_not_in_effect(self):
        self.make(flags={"icc": None, "live-restore": "false"})
        self.configure(icc=False)
        self.engine.start()
        self.expect("engine-icc", "pass", f"icc is false in {self.engine.directory}/daemon.json")
        self.configure(icc=True)
        self.expect("engine-icc", "warn", "a restart turns it on")
        self.engine.restart()
        self.expect("engine-icc", "fail", "ICC is on, says the engine")
        self.configure(icc=False)
        self.expect("engine-icc", "fail", "not in effect")
        self.engine.restart()
        self.expect("engine-icc", "pass", "ICC is off")
        # Registries are what an engine takes over without a restart.
        self.configure(icc=False, **{"insecure-registries": ["registry.invalid:5000", "192.0.2.0/24"]})
        found = self.expect("engine-registries", "fail", f"in {self.engine.directory}/daemon.json")
        self.assertNotIn("in effect", found["evidence"])
        self.engine.process.send_signal(signal.SIGHUP)
        wait_until(
            lambda: "192.0.2.0/24 in effect" in self.verify("engine-registries")["engine-registries"][0]["evidence"],
            "the engine takes its registries over",
        )
        self.configure(icc=False)
        self.expect("engine-registries", "fail", "registry.invalid:5000 in effect, says the engine")
        self.engine.restart()
        self.expect("engine-registries", "pass", "none")

    def test_broken_file_is_not_guessed(self):
        self.make(icc=False).start()
        with open(f"{self.engine.directory}/daemon.json", "w", encoding="ascii") as file:
            file.write("{")
        for check in ("engine-icc", "engine-registries", "engine-tls"):
            self.expect(check, "unknown", "daemon.json: not JSON", exit_status=3)


@unittest.skipUnless(shutil.which("openssl"), "makes its certificates with openssl")
class Tls(AuditTest):
    def setUp(self):
        self.make(flags={"host": "tcp://127.0.0.1:2376"})
        self.told = make_certificates(f"{self.engine.directory}/tls")
        self.subject = "127.0.0.1:2376/tcp"

    def test_off(self):
        self.engine.start()
        self.assertEqual(self.stranger(2376, tls=False), "HTTP/1.0 200 OK")
        self.expect("engine-tls", "fail", "neither tls nor tlsverify is on", self.subject, 1)

    def test_in_the_configuration_file(self):
        self.configure(tlsverify=True, **self.told)
        self.engine.start()
        self.assertNotIn("200", self.stranger(2376, tls=False))
        self.assertNotIn("200", self.stranger(2376, tls=True))
        self.expect("engine-tls", "pass", "tlsverify is on in", self.subject, 0)
        # Written since: whether the engine has read it nobody can tell.
        later = time.time() + 3600
        os.utime(f"{self.engine.directory}/daemon.json", (later, later))
        self.expect("engine-tls", "unknown", "after the engine had started", self.subject, 3)

    def test_on_the_command_line(self):
        self.engine.flags.update(self.told, tlsverify="1")
        self.engine.start()
        self.assertNotIn("200", self.stranger(2376, tls=True))
        self.expect("engine-tls", "pass", "tlsverify is on on the command line", self.subject, 0)

    def test_without_client_certificates(self):
        self.configure(tls=True, tlsverify=False, **self.told)
        self.engine.start()
        self.assertEqual(self.stranger(2376, tls=True), "HTTP/1.0 200 OK")
        self.expect("engine-tls", "fail", "takes any client", self.subject, 1)
        # To say nothing of tlsverify means it, for engines that run today.
        self.configure(tls=True, **self.told)
        self.engine.restart()
        self.assertNotIn("200", self.stranger(2376, tls=True))
        self.expect("engine-tls", "warn", "tlsverify not mentioned", self.subject, 0)

    def test_listener_that_nothing_names(self):
        self.engine.flags = {"host": "fd://"}
        self.engine.opener = ("python3", "-c", SOCKET_ACTIVATION, "4243")
        self.engine.start()
        self.assertEqual(self.stranger(4243, tls=False), "HTTP/1.0 200 OK")
        self.expect("engine-tls", "fail", "which nothing that it was told names", "127.0.0.1:4243/tcp", 1)
        self.expect("engine-sockets", "fail", "which nothing that it was told names", "127.0.0.1:4243/tcp", 1)
        self.configure(tlsverify=True, **self.told)
        self.engine.restart()
        self.assertNotIn("200", self.stranger(4243, tls=False))
        self.expect("engine-tls", "pass", "tlsverify is on", "127.0.0.1:4243/tcp", 0)

    def test_published_ports_are_not_the_engines(self):
        self.engine.flags = {}
        self.engine.start()
        bindings = {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}]}}
        self.engine.run("web", host_config=bindings, ExposedPorts={"80/tcp": {}})
        self.expect("engine-tls", "pass", "no TCP listener", exit_status=0)


class Hardened(AuditTest):
    """As verify tells an administrator, until it says PASS."""

    def test_following_the_remedies(self):
        self.make(flags={"icc": "true"})
        # Which ids the containers get is in a file of the host's; the engine sees another one in its place.
        with open(f"{self.engine.directory}/subid", "w", encoding="ascii") as file:
            file.write("daemon:100000:65536\n")
        self.engine.wrapper = (
            *("unshare", "--mount", "--propagation=private", "sh", "-ec"),
            'mount --bind "$0" /etc/subuid; mount --bind "$0" /etc/subgid; exec "$@"',
            f"{self.engine.directory}/subid",
        )
        os.chmod(self.engine.directory, 0o711)
        self.configure(**{"insecure-registries": ["registry.invalid:5000"]})
        self.engine.start()
        findings = self.verify(*SETTINGS, status=1)
        self.assertEqual(
            {check: [finding["status"] for finding in found] for check, found in findings.items()},
            {
                "engine-icc": ["fail"],
                "engine-registries": ["fail"],
                "engine-tls": ["pass"],
                "engine-userns": ["fail"],
            },
        )
        self.assertIn('"icc": false', findings["engine-icc"][0]["remedy"])
        self.assertIn("insecure-registries", findings["engine-registries"][0]["remedy"])
        self.assertIn('"userns-remap"', findings["engine-userns"][0]["remedy"])
        self.engine.flags = {"icc": None}
        # "default" would make a user of the host's.
        self.configure(**{"icc": False, "userns-remap": "daemon"})
        self.expect("engine-userns", "fail", "not in effect", exit_status=1)
        self.engine.restart()
        findings = self.verify(*SETTINGS, status=0)
        self.assertEqual({found[0]["status"] for found in findings.values()}, {"pass"}, findings)
        self.configure(icc=False)
        self.expect("engine-userns", "warn", "not after a restart", exit_status=0)


class Host(AuditTest):
    def test_partition(self):
        self.make()
        data = f"{self.engine.directory}/data"
        os.mkdir(data)
        self.engine.start()
        self.expect("host-partition", "fail", "file system of", data, 1)
        self.engine.stop()
        self.engine.close_root()
        self.engine.unmount()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "none", data], check=True)
        self.engine.start()
        self.expect("host-partition", "pass", "a file system of its own", data, 0)

    def test_version(self):
        self.make().start()
        version = self.engine.api.json("GET", "/version")["Version"]
        self.expect("host-engine-version", "skip", version, exit_status=0)
        for minimum, status in (("9.0", "pass"), ("99.0", "fail")):
            Bulkhead.write(self.bulkhead.config_file, json.dumps({"verify": {"engine_minimum": minimum}}))
            self.expect("host-engine-version", status, version, exit_status=1 if status == "fail" else 0)

    def test_socket(self):
        self.make().start()
        os.chown(self.engine.socket, 0, 0)
        os.chmod(self.engine.socket, 0o660)
        self.expect("mode-docker-sock", "pass", "mode 0660 or stricter", self.engine.socket, 0)
        self.expect("owner-docker-sock", "pass", "root:docker", self.engine.socket, 0)
        os.chmod(self.engine.socket, 0o666)
        self.expect("mode-docker-sock", "fail", "has mode 0666", self.engine.socket, 1)
        os.chown(self.engine.socket, 65534, 0)
        self.expect("owner-docker-sock", "fail", "belongs to 65534:0", self.engine.socket, 1)

    def test_without_permission(self):
        """An engine that answers, to somebody who may not see what it really listens on."""
        self.make(icc=False).start()
        os.chmod(self.engine.directory, 0o711)
        os.chmod(self.engine.socket, 0o666)
        program = shutil.copy(program_path(), f"{self.engine.directory}/program")
        answer = self.engine.run_inside(
            *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "verify", "--json"),
            *("--only=engine-tls", *self.bulkhead.options),
            check=False,
        )
        self.assertEqual(answer.returncode, 3, answer.stderr)
        (finding,) = json.loads(answer.stdout)["findings"]
        self.assertEqual(finding["status"], "unknown")
        self.assertIn("Permission denied", finding["evidence"])


    def test_access_control_list(self):
        """Somebody whom neither owner nor mode of the socket name."""
        self.make().start()
        os.chown(self.engine.socket, 0, 0)
        os.chmod(self.engine.socket, 0o660)
        self.expect("mode-docker-sock", "pass", "mode 0660 or stricter", self.engine.socket, 0)
        everybody = 0xFFFFFFFF
        entries = [(1, 6, everybody), (2, 6, 65534), (4, 6, everybody), (16, 6, everybody), (32, 0, everybody)]
        acl = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
        os.setxattr(self.engine.socket, "system.posix_acl_access", acl)
        self.expect("mode-docker-sock", "fail", "gives user 65534 rw", self.engine.socket, 1)

    def test_not_fooled_by_a_name(self):
        """A process that says that it is this engine, told other things, in a PID namespace and out of one."""
        self.make(icc=False).start()
        data = f"--data-root={self.engine.directory}/data"
        pidfile = f"--pidfile={self.engine.directory}/fake.pid"
        fake = ("bash", "-c", 'exec -a dockerd "$@"', "-", shutil.which("python3"), "-c", "import time; time.sleep(60)")
        for around in ((), ("unshare", "--pid", "--fork", "--kill-child")):
            with self.subTest(around):
                process = subprocess.Popen([*around, *fake, data, pidfile, "--icc=true"])
                try:
                    wait_until(lambda: self.fakes() > 0, "the process has its name")
                    self.expect("engine-icc", "pass", f"(pid {self.engine.process.pid})", exit_status=0)
                finally:
                    process.kill()
                    process.wait()

    def fakes(self):
        """Processes named dockerd with that pidfile."""
        count = 0
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/cmdline", "rb") as file:
                        words = file.read().split(b"\0")
                except OSError:
                    continue
                count += words[0] == b"dockerd" and f"--pidfile={self.engine.directory}/fake.pid".encode() in words
        return count


class Answers(AuditTest):
    """What the engine does not say, or says of another one, is not guessed."""

    def ask(self, alteration, expected):
        """Each check's status with that answer to GET /info."""
        altered = AlteredEngine(self.engine, ("/info", alteration))
        self.options = [f"--docker={altered.docker_url}", *self.bulkhead.options[1:]]
        try:
            findings = self.verify(*SETTINGS, status=3)
        finally:
            altered.close()
        self.assertEqual([findings[check][0]["status"] for check in SETTINGS], expected, findings)

    def test_altered(self):
        self.make(icc=False).start()
        self.ask(rewrite(lambda info: info.pop("RegistryConfig")), ["pass", "unknown", "pass", "fail"])
        self.ask(rewrite(lambda info: info.update(SecurityOptions=None)), ["pass", "pass", "pass", "unknown"])
        # The data of another engine: that process was told something else, perhaps.
        self.ask(rewrite(lambda info: info.update(DockerRootDir="/srv/other")), ["unknown"] * 3 + ["fail"])
        for alteration in (refuse(500), refuse(403), garbage):
            self.ask(alteration, ["unknown"] * 4)


class NoEngine(AuditTest):
    def test_nothing_passes(self):
        self.make().make_namespace()
        for check in ("engine-icc", "engine-registries", "engine-userns"):
            self.expect(check, "unknown", "docker.sock", exit_status=3)


if __name__ == "__main__":
    unittest.main()
