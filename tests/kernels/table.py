# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of a document: a row for each group of tests, a column for each kernel.  The rest of the document stays."""
import datetime

BEGIN = "<!-- written by tests/run kernels -->"
END = "<!-- to here -->"
WHEN = "date"


def parse(lines):
    """{kernel's name: {row: cell}} of the table's lines."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines if line.startswith("|")]
    if len(rows) < 2:
        return {}
    names = rows[0][1:]
    return {name: {row[0]: row[1 + at] for row in rows[2:]} for at, name in enumerate(names)}


def render(columns, rows):
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    known = [row for row in rows if any(row in column for column in columns.values())]
    lines += [f"| {row} | {' | '.join(column.get(row, '–') for column in columns.values())} |" for row in known]
    return lines


def write(path, kernel, titles, cells):
    """Replaces what the table says of that kernel; groups that were not run keep their cells if the kernel is the same."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    first, last = lines.index(BEGIN), lines.index(END)
    columns = parse(lines[first + 1 : last])
    old = columns.get(kernel.name, {})
    known = {"Linux": kernel.version, WHEN: datetime.date.today().isoformat()}
    columns[kernel.name] = {**(old if old.get("Linux") == kernel.version else {}), **known, **cells}
    lines[first + 1 : last] = render(columns, ["Linux", WHEN, *titles])
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
