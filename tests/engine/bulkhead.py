# SPDX-License-Identifier: GPL-2.0-or-later
"""The program under test, run inside an engine's network namespace."""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time

from docker_api import wait_until

PROGRAM = os.environ.get("BULKHEAD", "")


def program_path():
    if not os.access(PROGRAM, os.X_OK):
        sys.exit(f"the program is not at {PROGRAM!r}: set BULKHEAD, or start the tests with run.py --build DIR")
    return PROGRAM


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
        self.heard = []
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
            timeout=timeout,
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
        """Waits until the kernel holds what engine and flow files ask for."""

        def problem():
            answer = self.last_plan
            return f"plan empty: status {answer.returncode}\n{answer.stdout}{answer.stderr}\n{self.log_text()[-2000:]}"

        wait_until(self.plan_is_empty, problem, seconds)

    # -- the service

    def start(self, seconds=15, ready=True):
        """Starts `run` and waits until it says that it is ready."""
        path = f"{self.directory}/notify"
        if self.notifications:
            self.notifications.close()
        if os.path.exists(path):
            os.unlink(path)
        self.notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notifications.bind(path)
        self.heard = []
        self.wrote = True
        environment = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
        environment["NOTIFY_SOCKET"] = path
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

    def await_word(self, word, seconds=15):
        """Waits for a notification; those before it count as heard."""
        deadline = time.monotonic() + seconds
        while True:
            while self.heard:
                if word in self.heard.pop(0).split("\n"):
                    return
            left = deadline - time.monotonic()
            if self.process.poll() is not None:
                raise AssertionError(f"bulkhead ended with {self.process.returncode}:\n{self.log_text()[-3000:]}")
            if left <= 0:
                raise AssertionError(f"no {word} within {seconds} s:\n{self.log_text()[-3000:]}")
            if select.select([self.notifications], [], [], min(left, 0.2))[0]:
                self.heard.append(self.notifications.recv(4096).decode())

    def hear(self):
        """Takes in what was said until now."""
        while select.select([self.notifications], [], [], 0)[0]:
            self.heard.append(self.notifications.recv(4096).decode())

    def reload(self):
        self.hear()
        self.heard.clear()
        self.process.send_signal(signal.SIGHUP)
        self.await_word("RELOADING=1")
        self.await_word("READY=1")

    def stop(self):
        """SIGTERM; returns the exit status."""
        if not self.process:
            return None
        self.process.terminate()
        try:
            status = self.process.wait(10)
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
