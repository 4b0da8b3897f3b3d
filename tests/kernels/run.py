#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a part of the engine tests on distributions' own kernels, each in a virtual machine (see README.md)."""
import argparse
import fcntl
import os
import re
import shlex
import signal
import sys
import time

import packages
import table
from machine import Machine, Task

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
# An emulated processor, beside whatever else the machine does: how much longer the tests wait before they give up.
SLOWNESS = 15
# Enough of what is repeated for its own sake.
SETTINGS = {"BULKHEAD_SLOWNESS": SLOWNESS, "BULKHEAD_GUEST": 1, "BULKHEAD_STARTS": 6, "BULKHEAD_REUSES": 6}
COUNTED = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?(?:, (\d+) known)?", re.MULTILINE)


class Group:
    """Tests that are counted together.  minutes: how long they may take, at the most."""

    def __init__(self, name, title, minutes, tests="", command=""):
        self.name, self.title, self.minutes = name, title, minutes
        self.tests, self.command = tests, command

    def task(self, build):
        command = self.command or f"tests/engine/run.py --build BUILD --jobs 1 {self.tests}"
        settings = " ".join(f"{key}={value}" for key, value in SETTINGS.items())
        command = command.replace("BUILD", shlex.quote(build))
        return Task(self.name, f"cd {shlex.quote(ROOT)} && export {settings} && {command}", 60 * self.minutes)


GROUPS = [
    # First: nf_tables cannot be taken away once it was used.
    Group("nftables", "without nf_tables", 15, "kernels.test_lacking.Nftables"),
    Group(
        "lacking",
        "modules that are absent, or come late",
        30,
        "kernels.test_lacking.BridgeNames kernels.test_lacking.BridgeNetfilter",
    ),
    Group("legacy", "iptables-legacy", 15, "kernels.test_legacy"),
    Group("matrix-on", "policy matrix, ICC on", 20, "test_matrix.IccOnUserNetwork test_matrix.IccOnDefaultBridge"),
    Group("matrix-off", "policy matrix, ICC off", 20, "test_matrix.IccOffUserNetwork test_matrix.IccOffDefaultBridge"),
    Group("first", "first packet", 20, "test_first_packet"),
    Group("frames", "attacks: frames", 20, "attacks.test_frames"),
    Group("spoofing", "attacks: forged addresses", 30, "attacks.test_spoofing"),
    Group("protocols", "attacks: IPv6, fragments, answers, protocols", 30, "attacks.test_protocols"),
    Group("published", "attacks: published ports", 30, "attacks.test_published"),
    Group("reuse", "attacks: addresses that change hands", 20, "attacks.test_reuse"),
    Group("others", "faults: others change the rules", 30, "faults.test_others"),
    Group("faults", "faults: kernel, boot, upgrade", 30, "faults.test_kernel faults.test_boot faults.test_upgrade"),
    Group("verify", "verify, and its probe", 30, "test_verify.Datapath test_verify.DockerRules test_verify_probe"),
    Group("clear", "clear", 15, "test_clear"),
    Group("quickstart", "quick start", 10, command="contrib/quickstart --no-install --program BUILD/bulkhead"),
    Group("booted", "a boot with systemd and docker.service", 20, command="tests/engine/booted --build BUILD"),
]
# The main job: undeclared closed, declared open, and no way around.
SHORT = [
    Group("main", "main job", 5, "test_matrix.IccOnUserNetwork attacks.test_frames.FramesIccOn"),
]


class Outcome:
    """What became of a group: how many tests passed and failed, how many the kernel cannot have, how many failed for a cause
    that is written down."""

    def __init__(self, task):
        # A script's exit status is all that there is to count.
        found = COUNTED.findall(task.text) or [(task.status == 0, task.status != 0, 0, 0)]
        self.passed, self.failed, self.skipped, self.known = (int(number or 0) for number in found[-1])
        self.note = ""
        if task.status is None:
            self.note = "it was not reached, or never ended"
        elif task.status == 124:
            self.note = f"it was ended after {task.seconds} s"
        if self.note or (task.status and not self.failed):
            self.failed += 1

    def cell(self):
        words = [f"{self.passed} of {self.passed + self.failed}"]
        words += [f"{number} {word}" for number, word in ((self.skipped, "skipped"), (self.known, "known")) if number]
        return ", ".join(words)


def say(text):
    print(text, flush=True)


def kernel_of(name, options):
    """name, or NAME=DIRECTORY of an unpacked kernel."""
    name, _, directory = name.partition("=")
    if directory:
        return packages.Kernel(name, os.path.abspath(directory))
    return packages.kept(name, options.cache) if options.offline else packages.newest(name, options.cache)


def run_kernel(kernel, groups, options):
    """{group's name: outcome}"""
    tasks = [group.task(options.build) for group in groups]
    machine = Machine(kernel, [ROOT, options.build])
    began = time.monotonic()
    say(f"\n-- {kernel.name}: Linux {kernel.version}\n")
    try:
        ended = machine.run(tasks, say)
        outcomes = {task.name: Outcome(task) for task in tasks}
        if not ended or any(task.status is None for task in tasks):
            say(f"the machine {'ended early' if ended else 'was ended: it took too long'}; its last words:\n{machine.console()}")
        if options.logs:
            machine.keep_logs(f"{options.logs}/{kernel.name}")
    finally:
        machine.close()
    for group in groups:
        outcome = outcomes[group.name]
        say(f"{'FAIL' if outcome.failed else 'ok':5} {group.title}: {outcome.cell()} {outcome.note}".rstrip())
    say(f"      {kernel.version}: {time.monotonic() - began:.0f} s")
    return outcomes


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True, help="build directory, as for tests/engine/run.py")
    parser.add_argument("--cache", required=True, help="where kernels are kept")
    parser.add_argument("--offline", action="store_true", help="get nothing: use the kernels that are kept")
    parser.add_argument("--short", action="store_true", help="the main job alone")
    parser.add_argument("--groups", help=f"these alone, in that order: {','.join(group.name for group in GROUPS)}")
    parser.add_argument("--table", help="a document: what came out is written into its table")
    parser.add_argument("--logs", help="a directory: what each group said is kept there")
    parser.add_argument("kernels", nargs="*", help=f"{', '.join(packages.SUITES)}, or NAME=DIRECTORY of an unpacked one")
    options = parser.parse_args()
    options.build, options.cache = os.path.abspath(options.build), os.path.abspath(options.cache)
    options.kernels = options.kernels or list(packages.SUITES)
    for name in options.kernels:
        if "=" not in name and name not in packages.SUITES:
            parser.error(f"{name}: no such kernel: {', '.join(packages.SUITES)}, or NAME=DIRECTORY")
    return parser, options


def chosen_groups(parser, options):
    if options.short:
        return SHORT
    if not options.groups:
        return GROUPS
    known = {group.name: group for group in GROUPS}
    names = options.groups.split(",")
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no such group: {', '.join(unknown)}")
    return [known[name] for name in names]


def leave(number, _frame):
    sys.exit(128 + number)


def main():
    parser, options = arguments()
    groups = chosen_groups(parser, options)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)
    os.makedirs(options.cache, exist_ok=True)
    passed = failed = 0
    with open(f"{options.cache}/lock", "w", encoding="ascii") as lock:
        # One machine at a time: each is as good as two processors.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in options.kernels:
            try:
                kernel = kernel_of(name, options)
            except packages.NoKernel as problem:
                say(f"FAIL  {name}: {problem}")
                failed += 1
                continue
            outcomes = run_kernel(kernel, groups, options)
            passed += sum(outcome.passed for outcome in outcomes.values())
            failed += sum(outcome.failed for outcome in outcomes.values())
            if options.table:
                cells = {group.title: outcomes[group.name].cell() for group in groups}
                table.write(options.table, kernel, [group.title for group in SHORT + GROUPS], cells)
    say(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
