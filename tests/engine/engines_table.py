#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes what the tests found on each engine into a document, between two marks in it.

usage: engines_table.py DOCUMENT RESULTS…      (run.py --results writes the latter)"""
import json
import sys

BEGIN, END = "<!-- written by tests/run engines -->", "<!-- end of what tests/run engines writes -->"

# {group: what its modules' names begin with}; the first that fits.
GROUPS = {
    "policy matrix": ("test_matrix",),
    "first packet": ("test_first_packet",),
    "newer engines' own": ("test_newer", "test_routed"),
    "attacks": ("attacks.",),
    "faults": ("faults.",),
    "verify": ("test_verify",),
    "the rest": ("test_",),
}


def group_of(module):
    return next((group for group, begins in GROUPS.items() if module.startswith(begins)), None)


def cell(counts):
    if not counts:
        return "–"
    sums = {key: sum(count[key] for count in counts) for key in ("failed", "known", "skipped")}
    words = [f"{sum(count['passed'] for count in counts)} passed"]
    words += [f"**{number} {key}**" if key == "failed" else f"{number} {key}" for key, number in sums.items() if number]
    return ", ".join(words)


def rows(found):
    yield f"| engine | {' | '.join(GROUPS)} | kernel | date |"
    yield "| --- |" + " ---: |" * len(GROUPS) + " --- | --- |"
    for one in found:
        engine, modules = one["engine"], one["modules"]
        cells = [cell([count for name, count in modules.items() if group_of(name) == group]) for group in GROUPS]
        name = " ".join([f"{engine['name']}: {engine['version']}", *engine["options"]])
        dates = sorted(count["date"] for count in modules.values())
        yield f"| {name} | {' | '.join(cells)} | {engine['kernel']} | {dates[-1]} |"


def details(found):
    for one in found:
        wrong = sorted({name for count in one["modules"].values() for name in count["wrong"]})
        reasons = sorted({reason for count in one["modules"].values() for reason in count["reasons"]})
        known = [reason for reason in reasons if ": known: " in reason]
        skipped = [reason for reason in reasons if reason not in known]
        for title, names in (("failed", wrong), ("known faults", known), ("skipped", skipped)):
            if names:
                yield ""
                yield f"{one['engine']['name']}, {title}:"
                yield ""
                for name in names:
                    test, colon, reason = name.partition(": ")
                    yield f"* `{test}`{colon}{reason}"


def version_key(one):
    numbers = one["engine"]["version"].partition("+")[0].split(".")
    return [int(number) if number.isdigit() else 0 for number in numbers], one["engine"]["name"]


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    found = []
    for path in sys.argv[2:]:
        with open(path, encoding="utf-8") as file:
            found.append(json.load(file))
    found.sort(key=version_key)
    with open(sys.argv[1], encoding="utf-8") as file:
        before, begin, rest = file.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{sys.argv[1]}: the marks {BEGIN} and {END} are not there")
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("\n".join([f"{before}{BEGIN}", "", *rows(found), *details(found), "", f"{END}{after}"]))


if __name__ == "__main__":
    main()
