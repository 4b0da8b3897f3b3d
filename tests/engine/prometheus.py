# SPDX-License-Identifier: GPL-2.0-or-later
"""Prometheus' text format 0.0.4, read strictly: what does not follow its page to the letter is an error.

As a program: reads files, and says what is wrong with them."""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)|NaN")
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")


class Wrong(Exception):
    pass


def read_labels(text):
    labels, at = {}, 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        if not match or (match[3] == "," and match.end() == len(text)):
            raise Wrong(f"labels {text!r} at {at}")
        if match[1] in labels:
            raise Wrong(f"label {match[1]} twice")
        labels[match[1]] = re.sub(r"\\(.)", lambda escape: {"n": "\n"}.get(escape[1], escape[1]), match[2])
        at = match.end()
    return labels


def family_of(name, families):
    """A histogram's samples have names of their own."""
    for suffix in ("_bucket", "_sum", "_count"):
        base = name.removesuffix(suffix)
        if base != name and families.get(base, {}).get("type") == "histogram":
            return base
    return name


def check_histogram(name, family):
    buckets = [(labels["le"], value) for (sample, labels), value in family["list"] if sample == f"{name}_bucket"]
    bounds = [float(bound.replace("+Inf", "inf")) for bound, _ in buckets]
    if not buckets or bounds != sorted(set(bounds)) or bounds[-1] != float("inf"):
        raise Wrong(f"{name}: buckets {bounds}")
    counts = [value for _, value in buckets]
    values = {sample: value for (sample, _), value in family["list"] if sample != f"{name}_bucket"}
    if counts != sorted(counts) or values.get(f"{name}_count") != counts[-1] or f"{name}_sum" not in values:
        raise Wrong(f"{name}: counts {counts}, {values}")


def parse(text):
    """{(name, ((label, value), …)): number}; raises Wrong."""
    families, samples, current = {}, {}, None
    if text and not text.endswith("\n"):
        raise Wrong("the last line has no end")
    for line in text.splitlines():
        comment = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
        if comment:
            kind, name, rest = comment.groups()
            family = families.setdefault(name, {"list": []})
            if kind.lower() in family or family["list"] or (kind == "TYPE" and rest not in TYPES):
                raise Wrong(line)
            if kind == "HELP" and re.search(r"\\(?![\\n])", rest):
                raise Wrong(line)
            family[kind.lower()] = rest
            current = name
            continue
        match = SAMPLE.fullmatch(line)
        if not match or not VALUE.fullmatch(match[3]):
            raise Wrong(f"no line of the format: {line!r}")
        labels = read_labels(match[2] or "")
        name = family_of(match[1], families)
        if name != current or not {"help", "type"} <= set(families[name]):
            raise Wrong(f"{line!r}: not below its own HELP and TYPE")
        key = (match[1], tuple(sorted(labels.items())))
        if key in samples:
            raise Wrong(f"{line!r}: twice")
        samples[key] = float(match[3].replace("Inf", "inf"))
        families[name]["list"].append(((match[1], labels), samples[key]))
        if families[name]["type"] == "counter" and (not name.endswith("_total") or samples[key] < 0):
            raise Wrong(f"{line!r}: no counter")
    for name, family in families.items():
        if family.get("type") == "histogram":
            check_histogram(name, family)
    return samples


def main(paths):
    for path in paths:
        with open(path, encoding="utf-8", errors="strict") as file:
            samples = parse(file.read())
        for (name, labels), value in samples.items():
            print(name, dict(labels), value)


if __name__ == "__main__":
    main(sys.argv[1:])
