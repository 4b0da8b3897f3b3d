# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests have found, a line each as they go, and a count."""
import contextlib
import os
import time
import unittest

import workers
from counts import Count


class KnownFault(Exception):
    """A failure whose cause is found and written down, and not mended yet."""


@contextlib.contextmanager
def known_fault(words, applies=True):
    """What fails in here is a fault that is known by these words, where it applies: counted by itself, and told."""
    try:
        yield
    except AssertionError as error:
        if not applies:
            raise
        raise KnownFault(words) from error


class Result(unittest.TextTestResult):
    """One line a test, with its time; what belongs to it stays with it."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.count = Count()
        self.began = time.monotonic()
        self.subtests = []

    def startTest(self, test):
        unittest.TestResult.startTest(self, test)
        self.began = time.monotonic()
        self.subtests = []

    def say(self, test, verdict, details=""):
        lines = [f"{verdict:5} {time.monotonic() - self.began:6.1f} s  {test.id()}", *self.subtests]
        workers.say("\n".join([*lines, details] if details else lines))
        self.subtests = []

    def fails(self, test):
        self.count.failed += 1
        if test.id() not in self.count.wrong:
            self.count.wrong.append(test.id())

    def addSuccess(self, test):
        self.count.passed += 1
        self.say(test, "ok")

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self.fails(test)
        self.say(test, "FAIL", self.failures[-1][1])

    def knows(self, test, err):
        if not isinstance(err[1], KnownFault):
            return False
        self.count.known += 1
        self.count.reasons.append(f"{test.id()}: known: {err[1]}")
        return True

    def addError(self, test, err):
        if self.knows(test, err):
            self.say(test, "known", f"    {err[1]}\n    {err[1].__cause__}")
            return
        unittest.TestResult.addError(self, test, err)
        self.fails(test)
        self.say(test, "ERROR", self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        """A line each, and one in the count for each that fails."""
        if err is not None and self.knows(test, err):
            self.subtests.append(f"    known {subtest._subDescription()}: {err[1]}\n    {err[1].__cause__}")
            return
        unittest.TestResult.addSubTest(self, test, subtest, err)
        verdict = "ok" if err is None else "FAIL"
        self.subtests.append(f"    {verdict:4} {subtest._subDescription()}")
        if err is not None:
            self.fails(test)
            self.subtests.append(self._exc_info_to_string(err, test))

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self.count.skipped += 1
        self.count.reasons.append(f"{test.id()}: {reason}")
        self.say(test, "skip", f"    {reason}")

    def stopTest(self, test):
        """A test of which some parts failed has no verdict of its own."""
        if self.subtests:
            self.say(test, "FAIL" if test.id() in self.count.wrong else "known")
        unittest.TestResult.stopTest(self, test)


def run_tests(names, failfast):
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    began = time.monotonic()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        result = unittest.TextTestRunner(stream=nowhere, resultclass=Result, failfast=failfast).run(suite)
    result.count.seconds = time.monotonic() - began
    return result.count
