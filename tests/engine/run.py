#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the engine tests: all of them, or the modules (test_matrix; attacks. for all of those) or tests
(test_matrix.IccOnUserNetwork) that are named.

Modules run side by side, each worker process with engines of its own."""
import argparse
import json
import os
import subprocess
import sys
import time

import workers
from counts import ITSELF, Count, keep
from results import run_tests

HERE = os.path.dirname(os.path.abspath(__file__))

# About how many seconds each takes beside two others, on two cores: the longest begin first.
MODULES = {
    "test_matrix": 35,
    "test_first_packet": 180,
    "test_newer": 60,
    "test_routed": 50,
    "test_lifecycle": 230,
    "test_reload": 45,
    "test_modes": 45,
    "test_errors": 10,
    "test_identity": 15,
    "test_service": 95,
    "test_restart": 30,
    "test_confine": 30,
    "test_clear": 75,
    "test_ruleset": 35,
    "test_verify": 110,
    "test_verify_probe": 25,
    "test_observing": 30,
    "test_verify_audit": 65,
    "attacks.test_published": 90,
    "attacks.test_frames": 15,
    "attacks.test_spoofing": 45,
    "attacks.test_protocols": 50,
    "attacks.test_reuse": 280,
    "attacks.test_flood": 55,
    "attacks.test_labels": 75,
    "attacks.test_boundary": 115,
    "attacks.test_beside": 50,
    "attacks.test_blinded": 60,
    "attacks.test_stacked": 60,
    "attacks.test_claims": 30,
    "attacks.test_states": 60,
    "faults.test_killed": 90,
    "faults.test_others": 50,
    "faults.test_engine": 120,
    "faults.test_boot": 50,
    "faults.test_kernel": 40,
    "faults.test_upgrade": 20,
}


KILLED = "faults.test_killed.Killed.test_at_"
# What takes long is begun first, each by itself.
FAULTS = [f"{KILLED}{what}" for what in ("every_step_of_the_first_start", "every_step_of_a_start", "random_moments")]
FAULTS += [f"{KILLED}every_step_of_a_reload"]
FAULTS += [name for name in MODULES if name.startswith("faults.") and name != "faults.test_killed"]


def clean_up():
    """How much was left behind."""
    import engine

    engine.destroy_all()
    left = engine.all_leftovers()
    for sentence in left:
        workers.say(f"left behind: {sentence}")
    return len(left)


def run_alone(options):
    """{name: Count}"""
    counts = {}
    try:
        for name in options.tests:
            counts[name] = run_tests([name], options.failfast)
            if options.failfast and counts[name].failed:
                break
    finally:
        left = clean_up()
    return {**counts, ITSELF: Count(failed=bool(left))}


def run_worker(number, failfast):
    """In a process of its own: the modules that are handed to it, one after the other."""
    channel = workers.Channel(number)
    try:
        for name in channel.names():
            channel.tell({"name": name, "count": run_tests([name], failfast).as_json()})
    finally:
        left = clean_up()
    channel.tell({"left": left})


def write_table(path):
    """Of the lines that the tests of faults wrote."""
    with open(f"{path}.lines", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    os.unlink(f"{path}.lines")
    with open(path, "w", encoding="utf-8") as file:
        file.write("| fault | times | then | declared: gap, ms | undeclared: sent | passed |\n")
        file.write("| --- | ---: | --- | ---: | ---: | ---: |\n")
        for line in lines:
            cells = [line["fault"], line.get("times", 1), line["then"], line.get("gap_ms", "–"), line.get("sent", "–")]
            file.write(f"| {' | '.join(map(str, cells))} | {line['passed']} |\n")


def longest_first(names):
    return sorted(names, key=lambda name: MODULES.get(name, 0), reverse=True)


def expand(names):
    """A name that ends in a dot, as "attacks.", is all modules that begin so."""
    found = [one for name in names for one in ([m for m in MODULES if m.startswith(name)] if name.endswith(".") else [name])]
    return longest_first(found) if found != names else found


def choose_engine(text, options):
    """NAME=DIR; options: ["NAME=VALUE"…]"""
    if text:
        folder = os.path.abspath(text.partition("=")[2])
        if not os.access(f"{folder}/usr/sbin/dockerd", os.X_OK):
            sys.exit(f"--engine {text}: there is no {folder}/usr/sbin/dockerd (tests/run engines brings Debian's)")
        os.environ["BULKHEAD_ENGINE_ROOT"] = folder
    os.environ["BULKHEAD_ENGINE_OPTIONS"] = json.dumps(dict(option.split("=", 1) for option in options))


def engine_description(name, options):
    folder = os.environ.get("BULKHEAD_ENGINE_ROOT", "/")
    said = subprocess.run(["chroot", folder, "dockerd", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"name": name, "version": said.split()[2].rstrip(","), "options": options, "kernel": os.uname().release}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="build directory: where the programs bulkhead and tests/probe are")
    parser.add_argument("--engine", metavar="NAME=DIR", help="the engine of that folder, which has a distribution in it")
    parser.add_argument(
        "--engine-option", metavar="NAME=VALUE", action="append", default=[], help="of every dockerd: firewall-backend=nftables"
    )
    parser.add_argument("--results", metavar="FILE", help="keep what was found in that file, beside what other runs found")
    parser.add_argument("--failfast", action="store_true")
    parser.add_argument("--long", action="store_true", help="the faults alone; killed at every step, and at 500 moments")
    parser.add_argument("--table", help="faults: write what was measured into that file, as a table")
    parser.add_argument(
        "--slow-engine", metavar="SECONDS", type=float, help="an engine is stopped so long whenever a service starts"
    )
    parser.add_argument("--jobs", type=int, default=workers.default_jobs(), help="modules at once (%(default)s)")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("tests", nargs="*")
    options = parser.parse_args()
    if options.build:
        build = os.path.abspath(options.build)
        os.environ.setdefault("BULKHEAD", f"{build}/bulkhead")
        os.environ.setdefault("BULKHEAD_PROBE", f"{build}/tests/probe")
        os.environ.setdefault("BULKHEAD_ATTACK", f"{build}/tests/attack")
        os.environ.setdefault("BULKHEAD_PULSE", f"{build}/tests/pulse")
        os.environ.setdefault("BULKHEAD_FAULT_LIBRARY", f"{build}/tests/libfault.so")
    if options.worker is None:
        choose_engine(options.engine, options.engine_option)
    if options.slow_engine:
        os.environ["BULKHEAD_SLOW_ENGINE"] = str(options.slow_engine)
    if options.long:
        os.environ["BULKHEAD_FAULTS_LONG"] = "1"
        options.tests = options.tests or FAULTS
    options.tests = expand(options.tests) or longest_first(MODULES)
    if options.table:
        os.environ["BULKHEAD_FAULTS_TABLE"] = lines = f"{os.path.abspath(options.table)}.lines"
        open(lines, "w", encoding="utf-8").close()
    if os.geteuid() != 0:
        sys.exit("the engine tests start a Docker engine: run them as root")
    sys.path.insert(0, HERE)
    import engine  # needs the environment from above; ends engines on a signal

    if options.worker is not None:
        run_worker(options.worker, options.failfast)
        return
    began = time.monotonic()
    jobs = min(options.jobs, len(options.tests))
    if jobs > 1:
        counts = workers.run_all(options.tests, jobs, options.failfast, engine.PREFIX)
    else:
        counts = run_alone(options)
    engine.forget_runtime()
    if options.table:
        write_table(options.table)
    if options.results:
        name = (options.engine or "this host's").partition("=")[0]
        keep(options.results, engine_description(name, options.engine_option), counts)
    total = Count()
    for count in counts.values():
        total.add(count)
    others = "".join(f", {number} {word}" for number, word in ((total.skipped, "skipped"), (total.known, "known")) if number)
    print(f"{total.passed} passed, {total.failed} failed{others}, {time.monotonic() - began:.0f} s")
    sys.exit(1 if total.failed else 0)


if __name__ == "__main__":
    main()
