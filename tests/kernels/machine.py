# SPDX-License-Identifier: GPL-2.0-or-later
"""A virtual machine over this machine's own root, which it cannot change; without a network device."""
import lzma
import os
import shlex
import shutil
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
# What the initramfs needs to reach the root.
MODULES = ("virtio_pci", "9p", "9pnet_virtio", "overlay")
MEMORY = "4G"
# Tried, by the processor time that the same work took: 12 s; 30 s with two processors that are all that qemu can do.  They
# wait for each other, and what a real one does in one step (rep movsb, checks of page tables) it does byte by byte.
PROCESSOR = "max,-erms,-fsrm,-la57,-smap,-smep,-pcid"
SECONDS_TO_BOOT = 240


def load(path):
    """A module's bytes, unpacked: a plain insmod takes no other."""
    with open(path, "rb") as file:
        data = file.read()
    return lzma.decompress(data) if path.endswith(".xz") else data


def make_initramfs(kernel, path):
    with tempfile.TemporaryDirectory(prefix="bulkhead-initramfs-") as directory:
        os.makedirs(f"{directory}/bin")
        os.makedirs(f"{directory}/modules")
        shutil.copy("/bin/busybox", f"{directory}/bin/busybox")
        os.symlink("busybox", f"{directory}/bin/sh")
        shutil.copy(f"{HERE}/init", f"{directory}/init")
        with open(f"{directory}/modules/order", "w", encoding="ascii") as order:
            for module in kernel.modules_for(*MODULES):
                name = os.path.basename(module).removesuffix(".xz")
                order.write(f"{name}\n")
                with open(f"{directory}/modules/{name}", "wb") as file:
                    file.write(load(module))
        names = subprocess.run(["find", "."], cwd=directory, stdout=subprocess.PIPE, check=True).stdout
        with open(path, "wb") as image:
            command = ["cpio", "--quiet", "--create", "--format=newc"]
            subprocess.run(command, cwd=directory, input=names, stdout=image, check=True)


class Task:
    """Something to do in there: a command for bash, and how long it may take."""

    def __init__(self, name, command, seconds):
        self.name, self.command, self.seconds = name, command, seconds
        self.status = None  # None: it was never reached, or not ended
        self.text = ""
        self.shown = 0


class Machine:
    """One boot.  keep: directories that must be seen in there although they lie in /tmp or the like."""

    def __init__(self, kernel, keep):
        self.kernel, self.keep = kernel, [*keep, kernel.modules]
        self.directory = tempfile.mkdtemp(prefix="bulkhead-machine-")
        self.results = f"{self.directory}/results"
        self.process = None
        os.mkdir(self.results)

    def command(self):
        words = "console=ttyS0 quiet panic=-1 mitigations=off audit=0 cgroup_no_v1=all"
        shared = "security_model=none,multidevs=remap"
        return [
            # It ends with this process, however that ends.
            *("setpriv", "--pdeathsig", "KILL", "nice", "-n", "5"),
            *("qemu-system-x86_64", "-accel", "tcg,thread=single,tb-size=512", "-cpu", PROCESSOR, "-smp", "1"),
            *("-m", MEMORY, "-display", "none", "-monitor", "none", "-no-reboot", "-net", "none"),
            *("-serial", f"file:{self.directory}/console"),
            *("-kernel", self.kernel.image, "-initrd", f"{self.directory}/initramfs", "-append", words),
            *("-virtfs", f"local,path=/,mount_tag=host,readonly=on,{shared}"),
            *("-virtfs", f"local,path={self.results},mount_tag=results,{shared}"),
        ]

    def prepare(self, tasks):
        make_initramfs(self.kernel, f"{self.directory}/initramfs")
        with open(f"{self.results}/todo", "w", encoding="utf-8") as file:
            for task in tasks:
                file.write(f"{task.name}\t{task.seconds}\t{task.command}\n")
        with open(f"{self.results}/start", "w", encoding="utf-8") as file:
            file.write("#!/bin/bash\n")
            file.write(f"export KEEP={shlex.quote(':'.join(self.keep))} MODULES={shlex.quote(self.kernel.modules)}\n")
            file.write(f"exec {shlex.quote(HERE)}/guest\n")
        os.chmod(f"{self.results}/start", 0o755)

    def read(self, name):
        try:
            with open(f"{self.results}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def look(self, tasks, say):
        """Takes in what is there, and hands on whole lines."""
        for task in tasks:
            if task.status is None:
                status = self.read(f"{task.name}.status").strip()
                task.text = self.read(f"{task.name}.out")
                end = len(task.text) if status else task.text.rfind("\n") + 1
                if end > task.shown:
                    say(task.text[task.shown : end].rstrip("\n"))
                    task.shown = end
                task.status = int(status) if status else None

    def run(self, tasks, say):
        """Does them in their order; what became of each stands in it.  Whether the machine ended by itself."""
        self.prepare(tasks)
        deadline = time.monotonic() + SECONDS_TO_BOOT + sum(task.seconds + 60 for task in tasks)
        with open(f"{self.directory}/qemu", "wb") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while self.process.poll() is None and time.monotonic() < deadline:
                self.look(tasks, say)
                time.sleep(0.2)
            ended = self.process.poll() is not None
        finally:
            self.end()
        self.look(tasks, say)
        return ended

    def console(self):
        """Its last lines, and qemu's own."""
        text = ""
        for name in ("console", "qemu"):
            path = f"{self.directory}/{name}"
            if os.path.exists(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    text += "\n".join(file.read().splitlines()[-30:])
        return text

    def keep_logs(self, directory):
        """What the tasks said, and the console."""
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        for name in os.listdir(self.results):
            if name.endswith(".out"):
                shutil.copy(f"{self.results}/{name}", directory)
        shutil.copy(f"{self.directory}/console", directory)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()

    def close(self):
        self.end()
        shutil.rmtree(self.directory, ignore_errors=True)
