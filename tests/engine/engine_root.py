# SPDX-License-Identifier: GPL-2.0-or-later
"""An engine of another distribution: a mount namespace whose root is that distribution's folder, with /tmp shared."""
import os
import subprocess
import sys
import tempfile

FOLDER = os.environ.get("BULKHEAD_ENGINE_ROOT", "")

# The namespace lives as long as somebody is in it: first this shell, until its standard input ends.  $1 is the folder,
# $2 the directory for temporary files.  runc needs / to be a mount point.
HOLD = r"""
set -e
mount --bind "$1" "$1"
cd "$1"
mkdir -p "./$2"
for place in proc sys dev "$2"; do mount --rbind "/$place" "./$place"; done
mount -t tmpfs tmpfs run
for place in lib/modules etc/resolv.conf; do
	if [ -e "/$place" ] && [ -e "./$place" ]; then mount --bind "/$place" "./$place"; fi
done
pivot_root . .
umount -l .
echo ready
read -r _ || true
"""


class Host:
    """The machine's own programs."""

    @staticmethod
    def enter(netns, *command):
        """The command line that runs `command` in that network namespace, with the engine's programs."""
        return ["nsenter", f"--net={netns}", *command]

    def close(self):
        pass


class Folder(Host):
    """The programs of a folder."""

    def __init__(self, folder, name):
        """name: what is found in the command line of the process that holds the namespace."""
        temporary = tempfile.gettempdir().lstrip("/")
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", HOLD, name, folder, temporary],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if self.holder.stdout.readline() != b"ready\n":
            sys.exit(f"{folder} cannot be made the root of an engine")

    def enter(self, netns, *command):
        return ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt", f"--net={netns}", *command]

    def close(self):
        self.holder.stdin.close()
        self.holder.wait()
        self.holder.stdout.close()


def of(name):
    return Folder(FOLDER, name) if FOLDER else Host()
