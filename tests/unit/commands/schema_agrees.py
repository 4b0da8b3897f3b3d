#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The flow files' JSON Schema and the program's own parser must agree about the corpus.

Usage: schema_agrees.py BULKHEAD [COMMAND...]

BULKHEAD is the program; `BULKHEAD check FILE` exits with 0 or 1. The folders of the corpus say what must come out:

    valid/     both accept
    schema/    both refuse
    semantic/  the schema accepts, the parser refuses: it takes more than a schema
    syntax/    the parser refuses; no JSON, or JSON that a schema is never shown as it is written

Needs Debian's python3-jsonschema.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "..", "corpus", "flows")
SCHEMA = os.path.join(HERE, "..", "..", "..", "contrib", "schema", "flow.schema.json")
SAMPLES = os.path.join(HERE, "..", "..", "..", "contrib", "flows")

#           schema accepts, parser accepts
EXPECTED = {"valid": (True, True), "schema": (False, False), "semantic": (True, False), "syntax": (None, False)}
LEAST = {"valid": 30, "schema": 70, "semantic": 15, "syntax": 30}


def without_comments(text):
    """The text with its comments blanked, which is what an editor's JSONC mode shows to the schema."""
    out, at = [], 0
    while at < len(text):
        if text[at] == '"':
            end = at + 1
            while text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            out.append(text[at : end + 1])
            at = end + 1
        elif text.startswith("//", at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
        elif text.startswith("/*", at):
            at = text.index("*/", at + 2) + 2
            out.append(" ")
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def schema_accepts(validator, path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        document = json.loads(without_comments(file.read()))
    return validator.is_valid(document)


def parser_accepts(command, path):
    # A checkout may be writable by a group, or be somebody else's; the program would rightly refuse to read it.
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(path))
        shutil.copyfile(path, copy)
        os.chmod(copy, 0o600)
        done = subprocess.run([*command, "check", copy], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{path}: {' '.join(command)} check exited with {done.returncode}: {done.stderr}")
    return done.returncode == 0


def check_file(validator, command, path, expected):
    """Returns what is wrong, as sentences."""
    wrong = []
    if expected[0] is not None and schema_accepts(validator, path) != expected[0]:
        wrong.append(f"{path}: the schema {'refuses' if expected[0] else 'accepts'} it")
    if parser_accepts(command, path) != expected[1]:
        wrong.append(f"{path}: the parser {'refuses' if expected[1] else 'accepts'} it")
    return wrong


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    command = sys.argv[1:]
    with open(SCHEMA, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong, count = [], 0
    for folder, expected in EXPECTED.items():
        names = sorted(n for n in os.listdir(os.path.join(CORPUS, folder)) if n.endswith(".json"))
        if len(names) < LEAST[folder]:
            wrong.append(f"{folder}: only {len(names)} files, where {LEAST[folder]} are expected")
        for name in names:
            wrong += check_file(validator, command, os.path.join(CORPUS, folder, name), expected)
            count += 1
    for name in sorted(os.listdir(SAMPLES)):
        wrong += check_file(validator, command, os.path.join(SAMPLES, name), (True, True))
        count += 1
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    print(f"{count} files, {len(wrong)} disagreements")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
