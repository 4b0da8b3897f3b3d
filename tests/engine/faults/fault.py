# SPDX-License-Identifier: GPL-2.0-or-later
"""What is to go wrong inside the service: the page that fault.c reads."""
import mmap
import os
import struct

FAULT = os.environ.get("BULKHEAD_FAULT_LIBRARY", "")

NAMES = 4096
NAME_SIZE = 16
FIELDS = (
    "steps",
    "stop_at",
    "realtime_ns",
    "monotonic_ns",
    "transaction",
    "error",
    "no_flags",
    "small_buffers",
    "happened",
)
NAMES_AT = 8 * len(FIELDS) + NAME_SIZE
UNSENT, REFUSED = 1, 2


class Fault:
    """Attributes named as in fault.c."""

    def __init__(self, directory):
        path = f"{directory}/fault"
        with open(path, "w+b") as file:
            file.truncate(NAMES_AT + NAMES * NAME_SIZE)
            self.page = mmap.mmap(file.fileno(), 0)
        self.wrapper = ["env", f"LD_PRELOAD={FAULT}", f"BULKHEAD_FAULT={path}"]

    def __getattr__(self, name):
        if name not in FIELDS:
            raise AttributeError(name)
        return struct.unpack_from("q", self.page, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        if name in FIELDS:
            struct.pack_into("q", self.page, 8 * FIELDS.index(name), value)
        else:
            object.__setattr__(self, name, value)

    def expression(self, name):
        """That the kernel does not know; "": all are known."""
        struct.pack_into(f"{NAME_SIZE}s", self.page, 8 * len(FIELDS), name.encode())

    def begin(self, stop_at=0):
        """Counts anew; the process is killed at that step, if it comes so far."""
        self.steps, self.stop_at = 0, stop_at

    def names(self):
        """Of the steps that were taken, the first is step 1."""
        count = min(self.steps, NAMES)
        raw = self.page[NAMES_AT : NAMES_AT + count * NAME_SIZE]
        return [raw[at : at + NAME_SIZE].rstrip(b"\0").decode() for at in range(0, len(raw), NAME_SIZE)]

    def close(self):
        self.page.close()
