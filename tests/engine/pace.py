# SPDX-License-Identifier: GPL-2.0-or-later
"""How much longer everything takes than on an idle machine of today: BULKHEAD_SLOWNESS, 1 if nobody says.  An emulated
processor is ten to fifteen times slower.  Whatever gives up after a time asks here; nothing else depends on it."""
import os

SLOWNESS = float(os.environ.get("BULKHEAD_SLOWNESS", "1"))

# A closed door costs all of the time that it is waited for; and after three seconds the kernel reports that a neighbour did
# not answer, which is another answer than none.
LONGEST_WAIT_MS = 2500


def patience(seconds):
    """After how many seconds something is given up that takes so long at worst."""
    return seconds * SLOWNESS


def wait_ms(milliseconds):
    """How long an answer is waited for whose absence is the answer, too."""
    return round(max(milliseconds, min(milliseconds * SLOWNESS, LONGEST_WAIT_MS)))
