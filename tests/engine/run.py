#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the engine tests: all of them, or the modules (test_matrix …) or tests (test_matrix.IccOnUserNetwork) that are named."""
import argparse
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))

MODULES = [
    "test_matrix",
    "test_first_packet",
    "test_lifecycle",
    "test_reload",
    "test_modes",
    "test_errors",
    "test_service",
    "test_restart",
    "test_clear",
    "test_ruleset",
    "test_verify",
    "test_verify_probe",
    "test_verify_audit",
    "attacks.test_published",
    "attacks.test_frames",
    "attacks.test_spoofing",
    "attacks.test_protocols",
    "attacks.test_reuse",
    "attacks.test_flood",
    "attacks.test_labels",
    "attacks.test_boundary",
    "attacks.test_beside",
]


class Result(unittest.TextTestResult):
    """One line a test, with its time."""

    def startTest(self, test):
        unittest.TestResult.startTest(self, test)
        self.began = time.monotonic()
        self.passed = getattr(self, "passed", 0)

    def say(self, test, verdict):
        print(f"{verdict:5} {time.monotonic() - self.began:6.1f} s  {test.id()}", flush=True)

    def addSuccess(self, test):
        self.passed += 1
        self.say(test, "ok")

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self.say(test, "FAIL")
        print(self.failures[-1][1], flush=True)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self.began = getattr(self, "began", time.monotonic())
        self.say(test, "ERROR")
        print(self.errors[-1][1], flush=True)

    def addSubTest(self, test, subtest, err):
        """A line each, and one in the count for each that fails."""
        unittest.TestResult.addSubTest(self, test, subtest, err)
        verdict = "ok" if err is None else "FAIL"
        print(f"    {verdict:4} {subtest._subDescription()}", flush=True)
        if err is not None:
            print(self._exc_info_to_string(err, test), flush=True)

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self.say(test, "skip")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", help="build directory: where the programs bulkhead and tests/probe are")
    parser.add_argument("--failfast", action="store_true")
    parser.add_argument("tests", nargs="*", default=MODULES)
    options = parser.parse_args()
    if options.build:
        build = os.path.abspath(options.build)
        os.environ.setdefault("BULKHEAD", f"{build}/bulkhead")
        os.environ.setdefault("BULKHEAD_PROBE", f"{build}/tests/probe")
        os.environ.setdefault("BULKHEAD_ATTACK", f"{build}/tests/attack")
    if os.geteuid() != 0:
        sys.exit("the engine tests start a Docker engine: run them as root")
    sys.path.insert(0, HERE)
    import engine  # needs the environment from above

    suite = unittest.defaultTestLoader.loadTestsFromNames(options.tests)
    began = time.monotonic()
    try:
        result = unittest.TextTestRunner(
            stream=open(os.devnull, "w", encoding="utf-8"), resultclass=Result, failfast=options.failfast
        ).run(suite)
    finally:
        engine.destroy_all()
    left = engine.all_leftovers()
    for sentence in left:
        print(f"left behind: {sentence}")
    failed = len(result.failures) + len(result.errors) + bool(left)
    print(f"{getattr(result, 'passed', 0)} passed, {failed} failed, {time.monotonic() - began:.0f} s")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
