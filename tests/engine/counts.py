# SPDX-License-Identifier: GPL-2.0-or-later
"""How many tests passed and failed, by module, and a file that keeps it."""
import dataclasses
import json
import os
import time

ITSELF = "the run"  # what failed there is no module's


@dataclasses.dataclass
class Count:
    """Of one module, or of several."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    known: int = 0  # those that failed, for a cause that is written down
    seconds: float = 0.0
    wrong: list = dataclasses.field(default_factory=list)  # the names of the tests that failed
    reasons: list = dataclasses.field(default_factory=list)  # why tests were skipped, and which faults are known

    def add(self, other):
        for field in dataclasses.fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def as_json(self):
        return dataclasses.asdict(self)


def keep(path, engine, counts):
    """Into that file, beside what other modules found on the same engine: {module: Count}."""
    found = {"engine": engine, "modules": {}}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            before = json.load(file)
        if before["engine"] == engine:
            found = before
    for name, count in counts.items():
        # A module that ran as a whole knows better than one test of it.
        found["modules"] = {key: value for key, value in found["modules"].items() if not key.startswith(f"{name}.")}
        found["modules"][name] = {**count.as_json(), "date": time.strftime("%Y-%m-%d", time.gmtime())}
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)
    os.rename(f"{path}.new", path)
