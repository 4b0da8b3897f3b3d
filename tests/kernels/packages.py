# SPDX-License-Identifier: GPL-2.0-or-later
"""Distributions' kernels: got with apt's own client from the archive that this machine's apt uses, and unpacked into a
directory that is kept.  This machine's apt configuration and its packages stay as they are."""
import glob
import os
import re
import shutil
import subprocess

# What a kernel is called here, and the suites of the archive that have it.
SUITES = {
    "bookworm": ("bookworm", "bookworm-security"),
    "trixie": ("trixie", "trixie-security"),
    "sid": ("sid",),
}
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRESH = ".new"  # not whole yet
# The newest kernels come in several packages.
PARTS = re.compile(r"linux-(image|binary|modules|base)-\d")


class NoKernel(Exception):
    """Why there is none."""


class Kernel:
    """An unpacked one."""

    def __init__(self, name, directory):
        self.name, self.directory = name, directory
        modules = [path for where in ("", "usr/") for path in glob.glob(f"{directory}/{where}lib/modules/*")]
        if len(modules) != 1:
            raise NoKernel(f"{directory}: {len(modules)} kernels, not one, in lib/modules and usr/lib/modules")
        self.modules, self.version = os.path.split(modules[0])
        # What kmod takes for the root: the directory that has lib/modules.
        self.root = self.modules.removesuffix("/lib/modules")
        # The newest ones lie beside their modules.
        images = [f"{directory}/boot/vmlinuz-{self.version}", f"{modules[0]}/vmlinuz"]
        self.image = next((path for path in images if os.path.exists(path)), None)
        if not self.image:
            raise NoKernel(f"{directory}: there is no vmlinuz of {self.version}")

    def modules_for(self, *names):
        """The files to load, in order."""
        files = []
        for name in names:
            answer = run("modprobe", "-d", self.root, "-S", self.version, "--show-depends", name)
            files += [line.split()[1] for line in answer.splitlines() if line.startswith("insmod ")]
        return list(dict.fromkeys(files))


def run(*command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise NoKernel(f"{' '.join(command[:2])} …: status {done.returncode}\n{done.stdout}")
    return done.stdout


def archives():
    """{"Debian": where this machine's apt gets that from, "Debian-Security": …}"""
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    lines = run("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines()
    found = {label: uri for origin, label, uri in (line.split("|") for line in lines) if origin == "Debian"}
    if "Debian" not in found:
        raise NoKernel("this machine's apt names no archive of Debian (or was never updated: apt-get update)")
    return found


class Apt:
    """The client, with a state of its own in that directory."""

    def __init__(self, directory, suites):
        for name in ("lists/partial", "archives/partial"):
            os.makedirs(f"{directory}/{name}", exist_ok=True)
        open(f"{directory}/status", "w", encoding="ascii").close()
        known = archives()
        keys = f" [signed-by={KEYS}]" if os.path.exists(KEYS) else ""
        with open(f"{directory}/sources.list", "w", encoding="ascii") as file:
            for suite in suites:
                uri = known.get("Debian-Security" if suite.endswith("-security") else "Debian")
                if uri:
                    file.write(f"deb{keys} {uri} {suite} main\n")
        settings = {
            "Dir::Etc::SourceList": f"{directory}/sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": f"{directory}/lists",
            "Dir::State::Status": f"{directory}/status",
            "Dir::Cache": directory,
            "APT::Architecture": "amd64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        self.options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]

    def get(self, *arguments, **options):
        return run("apt-get", "--quiet", *self.options, *arguments, **options)

    def depends(self, package):
        lines = run("apt-cache", *self.options, "depends", package).splitlines()
        return [line.split()[-1] for line in lines if line.strip().startswith(("Depends:", "PreDepends:"))]

    def kernel_packages(self):
        """All that the newest kernel consists of."""
        wanted, left = [], ["linux-image-amd64"]
        while left:
            parts = [part for part in self.depends(left.pop()) if PARTS.match(part) and part not in wanted]
            wanted += parts
            left += parts
        if not wanted:
            raise NoKernel("the archive has no linux-image-amd64")
        return sorted(wanted)


def unpack(debs, directory):
    """Whole or not at all."""
    fresh = f"{directory}{FRESH}"
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    for deb in debs:
        run("dpkg-deb", "--extract", deb, fresh)
    kernel = Kernel("", fresh)
    run("depmod", "--basedir", kernel.root, kernel.version)
    shutil.rmtree(directory, ignore_errors=True)
    os.rename(fresh, directory)


def kept(name, cache):
    """The kernel that an earlier run brought."""
    found = [path for path in glob.glob(f"{cache}/{name}/linux-image-*") if not path.endswith(FRESH)]
    if not found:
        raise NoKernel(f"{name}: none is kept in {cache}/{name}, and none may be got")
    return Kernel(name, found[-1])


def newest(name, cache):
    """The newest kernel of that distribution; got if it is not kept yet, and then the only one kept."""
    home = f"{cache}/{name}"
    apt = Apt(f"{cache}/apt-{name}", SUITES[name])
    apt.get("update")
    packages = apt.kernel_packages()
    directory = f"{home}/{next(one for one in packages if one.startswith('linux-image-'))}"
    if not os.path.exists(directory):
        shutil.rmtree(home, ignore_errors=True)
        os.makedirs(f"{home}/debs")
        apt.get("download", *packages, cwd=f"{home}/debs")
        unpack(sorted(glob.glob(f"{home}/debs/*.deb")), directory)
        shutil.rmtree(f"{home}/debs")
    return Kernel(name, directory)
