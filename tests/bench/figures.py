# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers from many measures, and tables of them."""
import statistics


def summary(values):
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "median": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        "min": ordered[0],
        "max": ordered[-1],
    }


def low_end(values):
    """Of figures of which the small ones hurt."""
    ordered = sorted(values)
    return {**summary(values), "p5": ordered[int(len(ordered) * 0.05)], "p1": ordered[int(len(ordered) * 0.01)]}


def ratio(values):
    """Of ratios of one run: a median, and how far they scatter."""
    return {key: round(value, 3) for key, value in summary(values).items() if key in ("median", "min", "max")}


def spread(figures, unit=1.0, digits=0):
    """"median (p95, max)"."""
    return " / ".join(f"{figures[key] / unit:.{digits}f}" for key in ("median", "p95", "max"))


def table(header, rows):
    """Markdown that is also readable as it is: the first column to the left, the others to the right."""
    lines = [list(map(str, line)) for line in (header, *rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def line(cells):
        padded = [cells[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    rule = ["-" * widths[0]] + ["-" * (width - 1) + ":" for width in widths[1:]]
    return "\n".join([line(lines[0]), line(rule), *map(line, lines[1:])])
