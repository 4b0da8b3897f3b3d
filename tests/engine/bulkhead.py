# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test, run inside an engine's network namespace."""
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

from docker_api import wait_until
from pace import patience

PROGRAM = os.environ.get("BULKHEAD", "")
SLOW_ENGINE_S = float(os.environ.get("BULKHEAD_SLOW_ENGINE", "0"))


def program_path():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"the program is not at {PROGRAM!r}: set BULKHEAD, or start the tests with run.py --build DIR")
    return PROGRAM


class Notifications:
    """What a service tells its supervisor (sd_notify(3)), line by line.  Read all the time: a full queue would hold the
    service up."""

    def __init__(self, path):
        if os.path.exists(path):
            os.unlink(path)
        self.path = path
        self.follows = False  # what the engine said has been committed
        self.lines = queue.SimpleQueue()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        while text := self.socket.recv(4096).decode():
            for line in text.split("\n"):
                self.follows = self.follows or bool(re.match(r"STATUS=Engine \S+, \d+ containers", line))
                self.lines.put(line)

    def forget(self):
        while not self.lines.empty():
            self.lines.get()

    def close(self):
        self.socket.shutdown(socket.SHUT_RD)
        self.reader.join()
        self.socket.close()


class Bulkhead:
    """One set of flow files, one state directory, and at most one service."""

    def __init__(self, engine, config=None, docker=None):
        self.engine = engine
        self.directory = f"{engine.directory}/bulkhead"
        shutil.rmtree(self.directory, ignore_errors=True)
        self.flows_directory = f"{self.directory}/flows.d"
        self.state_directory = f"{self.directory}/state"
        self.config_file = f"{self.directory}/bulkhead.json"
        os.makedirs(self.flows_directory, mode=0o755)
        os.mkdir(self.state_directory, mode=0o755)
        self.write(self.config_file, json.dumps(config or {}))
        self.options = [
            f"--docker={docker or engine.docker_url}",
            f"--flows={self.flows_directory}",
            f"--state={self.state_directory}",
            f"--config={self.config_file}",
        ]
        self.environment = {}  # of the service
        self.log = f"{self.directory}/log"
        self.wrapper = []  # a command that executes the service
        self.process = None
        self.notifications = None
        self.wrote = False  # to the kernel, perhaps

    # -- flow files

    @staticmethod
    def write(path, text, mode=0o644):
        """Whole or not at all, as an administrator's editor does it."""
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)

    def flow_path(self, app):
        return f"{self.flows_directory}/{app}.json"

    def write_flows(self, *documents):
        for document in documents:
            self.write(self.flow_path(document["app"]), json.dumps(document, indent=1))

    def remove_flows(self, app):
        os.unlink(self.flow_path(app))

    # -- commands

    def command(self, name, *arguments, timeout=30, options=None):
        """Runs a command to its end; stdout, stderr and returncode are the caller's to judge."""
        self.wrote = self.wrote or name in ("run", "apply")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        return subprocess.run(
            self.engine.inside(program_path(), name, *(self.options if options is None else options), *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=patience(timeout),
            env=environment,
            check=False,
        )

    def must(self, name, *arguments, status=0):
        """A command that has to end with that status."""
        answer = self.command(name, *arguments)
        assert answer.returncode == status, (
            f"bulkhead {name} {' '.join(arguments)}: status {answer.returncode}, not {status}:\n"
            f"{answer.stdout}{answer.stderr}"
        )
        return answer

    def list(self, *arguments):
        return json.loads(self.must("list", "--json", *arguments).stdout)

    def plan_is_empty(self):
        self.last_plan = self.command("plan")
        return self.last_plan.returncode == 0

    def settle(self, seconds=10):
        """Waits until the service, if there is one, has heard the engine, and the kernel holds what engine and flow files
        ask for."""

        def problem():
            answer = self.last_plan
            return f"plan empty: status {answer.returncode}\n{answer.stdout}{answer.stderr}\n{self.log_text()[-2000:]}"

        if self.process:
            wait_until(self.follows_the_engine, lambda: f"the engine is followed\n{self.log_text()[-2000:]}", seconds)
        wait_until(self.plan_is_empty, problem, seconds)

    # -- the service

    def start(self, seconds=15, ready=True):
        """Starts `run` and waits until it says that it is ready."""
        if self.notifications:
            self.notifications.close()
        self.notifications = Notifications(f"{self.directory}/notify")
        self.wrote = True
        if SLOW_ENGINE_S:
            self.engine.pause(SLOW_ENGINE_S)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        environment["NOTIFY_SOCKET"] = self.notifications.path
        environment.update(self.environment)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.engine.inside(*self.wrapper, program_path(), "run", *self.options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
            )
        if ready:
            self.await_word("READY=1", seconds)
            self.assert_confined()
        return self

    def assert_confined(self):
        """Whatever a test does with the service, it does with one that can do little else."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
        kept = f"{1 << 12:016x}"  # CAP_NET_ADMIN
        wanted = {"CapEff": kept, "CapPrm": kept, "CapBnd": kept, "CapInh": "0" * 16, "CapAmb": "0" * 16}
        # Sanitizers call what the filter does not know: such a program has none.
        wanted.update({"NoNewPrivs": "1", "Seccomp": "0" if os.environ.get("BULKHEAD_SANITIZED") else "2"})
        found = {key: status[key] for key in wanted}
        assert found == wanted, f"the service is not confined: {found}\n{self.log_text()[-2000:]}"

    def said(self, word):
        """Whether that line of a notification has come; it and those before it count as heard."""
        while not self.notifications.lines.empty():
            if self.notifications.lines.get() == word:
                return True
        if self.process.poll() is not None:
            raise AssertionError(f"bulkhead ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
        return False

    def await_word(self, word, seconds=15):
        wait_until(lambda: self.said(word), lambda: f"{word}\n{self.log_text()[-3000:]}", seconds)

    def follows_the_engine(self):
        """Whether what the engine said has been committed.  Being ready does not wait for an engine that is slow."""
        return self.notifications.follows

    def reload(self):
        self.notifications.forget()
        self.process.send_signal(signal.SIGHUP)
        self.await_word("RELOADING=1")
        self.await_word("READY=1")

    def stop(self):
        """SIGTERM; returns the exit status."""
        if not self.process:
            return None
        self.process.terminate()
        try:
            status = self.process.wait(patience(10))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"bulkhead does not end on SIGTERM:\n{self.log_text()[-3000:]}") from None
        finally:
            self.process = None
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def close(self):
        """Ends the service and leaves the host as it was."""
        try:
            self.stop()
        finally:
            if self.notifications:
                self.notifications.close()
                self.notifications = None
            if self.wrote:
                self.must("clear")
                inode = os.stat(self.engine.netns).st_ino
                assert not os.path.exists(f"/run/bulkhead/netns-{inode}.sockets"), "clear leaves a file behind"
