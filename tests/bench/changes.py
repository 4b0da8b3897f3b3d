# SPDX-License-Identifier: GPL-2.0-or-later
"""From the event to the committed rules, full resync and memory, with a fake engine and the real kernel."""
import re
import time

from docker_api import wait_until
from fake import EVENT_PORTS, FakeHost
from figures import spread, summary, table
from service import Service

# name: (networks, containers in each)
SIZES = {
    "10 endpoints": (1, 10),
    "100 endpoints": (10, 10),
    "1,000 endpoints": (100, 10),
    "100 endpoints, one network": (1, 100),
    "1,000 endpoints, networks of 100": (10, 100),
}
SMALL, LARGE, WIDE = "10 endpoints", "1,000 endpoints", "100 endpoints, one network"
PARTS = ("engine", "work", "commit", "own", "seen")
WARM_UP = 3
# Of one container, one by one.
PUBLISHED, PUBLISHED_FROM = 10000, 20000
# Longer than any pause that the service makes between two questions (a second look after a burst: 1 s).
QUIET_S = 1.2
# The flows; with them the endpoint, and what the guard and the host's side need to know of it.
CHANGED = len(EVENT_PORTS)


class Size:
    """One host of that size with its service."""

    def __init__(self, index, name):
        self.name = name
        self.host = FakeHost(index, *SIZES[name])
        self.service = None
        self.container = self.network = None
        self.measures = {kind: {part: [] for part in PARTS} for kind in ("connect", "disconnect")}

    def start(self):
        self.host.start()
        self.service = Service(self.host)
        self.service.write_flows(*map(self.host.flows, self.host.apps()))
        self.service.start()
        return self

    def add_guest(self):
        """The container that comes and goes, on the first network, known before as every container is."""
        app = self.host.apps()[0]
        self.network = f"{app}_default"
        self.container = self.host.command("create", network=self.network, app=app, service="guest", name="guest")["id"]
        mark = self.service.mark()
        self.host.command("start", container=self.container)
        self.service.await_cost(mark, lambda cost: cost.added >= CHANGED, f"{self.name}: the guest's elements")

    def elements(self):
        """Endpoints and declared flows that the kernel holds."""
        flows = self.service.list()["flows"]
        return self.host.endpoints + 1 + len(flows)

    def change(self, kind):
        """One event and what it costs, in microseconds."""
        mark = self.service.mark()
        sent = self.host.command(kind, container=self.container, network=self.network)["events"][-1][1]
        amount = "removed" if kind == "disconnect" else "added"
        cost = self.service.await_cost(
            mark,
            lambda cost: cost.what == "network" and getattr(cost, amount) >= CHANGED,
            f"{self.name}: {kind}: {CHANGED} elements {amount}",
        )
        return {
            "engine": cost.engine,
            "work": cost.work,
            "commit": cost.commit,
            "own": cost.work + cost.commit,
            "seen": (cost.monotonic - sent) // 1000,
        }

    def measure(self, kind, keep):
        result = self.change(kind)
        for part in PARTS if keep else ():
            self.measures[kind][part].append(result[part])

    def figures(self):
        return {
            "endpoints": self.host.endpoints,
            "networks": self.host.networks,
            "elements": self.elements(),
            "elements_changed": CHANGED,
            "microseconds": {
                kind: {part: summary(values) for part, values in parts.items()}
                for kind, parts in self.measures.items()
            },
        }

    def close(self):
        try:
            if self.service:
                self.service.close()
        finally:
            self.host.destroy()


def compare(figures, one, other):
    """How much more own work and commit cost in one size than in another: ratios of the medians."""
    return {
        kind: round(
            figures[one]["microseconds"][kind]["own"]["median"]
            / figures[other]["microseconds"][kind]["own"]["median"],
            2,
        )
        for kind in ("connect", "disconnect")
    }


def memory(pid):
    """Of that process, in KiB: its peak, now, and who accounts for it."""

    def fields(path):
        with open(path, encoding="ascii") as file:
            return dict(re.findall(r"^(\w+):\s+(\d+) kB", file.read(), re.MULTILINE))

    status, rollup = fields(f"/proc/{pid}/status"), fields(f"/proc/{pid}/smaps_rollup")
    libraries = 0
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        name = ""
        for line in file:
            words = line.split()
            if re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", words[0]):
                name = words[5] if len(words) > 5 else ""
            elif words[0] == "Rss:" and ".so" in name:
                libraries += int(words[1])
    return {
        "peak": int(status["VmHWM"]),
        "resident": int(status["VmRSS"]),
        "heap_and_stack": int(status["RssAnon"]),
        "shared_libraries": libraries,
        "proportional": int(rollup["Pss"]),
        "private": int(rollup["Private_Clean"]) + int(rollup["Private_Dirty"]),
    }


def await_quiet(host):
    """The service has stopped asking: what it does next is an answer to what comes next."""
    seen = [None, time.monotonic()]

    def quiet():
        requests = host.command("stats")["requests"]
        if requests != seen[0]:
            seen[:] = [requests, time.monotonic()]
        return time.monotonic() - seen[1] > QUIET_S

    wait_until(quiet, "the service asks nothing more", 20)


def lost_event(size):
    """A change whose event the engine loses, found by the resync when the stream broke: (cost, microseconds since)."""
    await_quiet(size.host)
    mark = size.service.mark()
    size.host.command("events_stall")
    size.host.command("disconnect", container=size.container, network=size.network)
    size.host.command("events_resume")
    began = time.monotonic_ns()
    size.host.command("events_cut")
    cost = size.service.await_cost(mark, lambda cost: cost.removed >= CHANGED, "the resync after a lost event", 30)
    if cost.what != "snapshot":
        raise AssertionError(f"the lost event was found by a look at a {cost.what}")
    mark = size.service.mark()
    size.host.command("connect", container=size.container, network=size.network)
    size.service.await_cost(mark, lambda cost: cost.added >= CHANGED, "the guest's elements", 30)
    return cost, (cost.monotonic - began) // 1000


def restart(size, clear):
    """Microseconds from the process's start until the engine's whole answer is in the kernel, and the commit's cost."""
    size.service.stop()
    if clear:
        size.service.must("clear")
    mark = size.service.mark()
    size.service.tail.clear()
    began = time.monotonic_ns()
    size.service.start()
    took = (time.monotonic_ns() - began) // 1000
    changed = sum(cost.added + cost.removed for cost in size.service.costs[mark:])
    if clear != bool(changed):
        state = "after clear" if clear else "with the rules in place"
        raise AssertionError(f"a start {state} changed {changed} elements")
    return took, size.service.costs[mark:]


def measure_resync(size, rounds):
    resyncs, adoptions, installs = [], [], []
    for _ in range(rounds):
        resyncs.append(lost_event(size))
    for _ in range(rounds):
        adoptions.append(restart(size, clear=False)[0])
        took, costs = restart(size, clear=True)
        snapshot = max(costs, key=lambda cost: cost.added)
        installs.append((took, snapshot))
    return {
        "resync_work": summary([cost.work for cost, _ in resyncs]),
        "resync_commit": summary([cost.commit for cost, _ in resyncs]),
        "resync_seen": summary([seen for _, seen in resyncs]),
        "adoption_seen": summary(adoptions),
        "install_work": summary([cost.work for _, cost in installs]),
        "install_commit": summary([cost.commit for _, cost in installs]),
        "install_seen": summary([took for took, _ in installs]),
    }


def measure_published(index, rounds):
    """Everything anew on a host where one container publishes that many ports; microseconds."""
    size = Size(index, SMALL)
    try:
        size.start().add_guest()
        app = size.host.apps()[0]
        ports = [f"{PUBLISHED_FROM + number}:{1 + number}" for number in range(PUBLISHED)]
        mark = size.service.mark()
        size.host.command("run", app=app, service="wide", name="wide", network=f"{app}_default", ports=ports)
        came = size.service.await_cost(mark, lambda cost: cost.added >= PUBLISHED, "the published ports", 60)
        costs = [lost_event(size)[0] for _ in range(rounds)]
        return {
            "came_work": came.work,
            "came_commit": came.commit,
            "resync_work": summary([cost.work for cost in costs]),
            "resync_commit": summary([cost.commit for cost in costs]),
        }
    finally:
        size.close()


def measure_empty_memory(index):
    """Without any container."""
    host = FakeHost(index, 1, 0)
    service = None
    try:
        host.start()
        service = Service(host)
        service.start()
        return memory(service.pid())
    finally:
        try:
            if service:
                service.close()
        finally:
            host.destroy()


def measure(options, progress):
    rounds, resyncs = (25, 2) if options.quick else (200, 5)
    sizes = {}
    try:
        for index, name in enumerate(SIZES):
            progress(f"fake engine: {name}")
            sizes[name] = Size(index, name)
            sizes[name].start().add_guest()
        progress(f"{rounds} connects and disconnects in each, in turns")
        for number in range(rounds + WARM_UP):
            # Each kind in all sizes before the other: so a service is as cold for one as for the other.
            for kind in ("disconnect", "connect"):
                for size in sizes.values():
                    size.measure(kind, keep=number >= WARM_UP)
        figures = {name: size.figures() for name, size in sizes.items()}
        result = {"sizes": figures, "memory": {SMALL: memory(sizes[SMALL].service.pid())}}
        large = sizes[LARGE]
        result["memory"][LARGE] = memory(large.service.pid())
        progress("resync, restart and first start at 1,000 endpoints")
        result["resync"] = measure_resync(large, resyncs)
        # Now the peak has a resync of everything in it, and a first start.
        lost_event(large)
        result["memory"][LARGE]["peak"] = max(result["memory"][LARGE]["peak"], memory(large.service.pid())["peak"])
        progress(f"{PUBLISHED:,} published ports")
        result["published"] = measure_published(len(SIZES) + 1, resyncs)
        # Last: while a namespace with links is removed, whoever asks for links waits.
        result["memory"]["no containers"] = measure_empty_memory(len(SIZES))
    finally:
        for size in sizes.values():
            size.close()
    result["ratios"] = {
        "1,000 endpoints to 10": compare(figures, LARGE, SMALL),
        "100 endpoints to 10, networks of 10": compare(figures, "100 endpoints", SMALL),
        "a network of 100 to one of 10": compare(figures, WIDE, SMALL),
        "1,000 endpoints to 100, networks of 100": compare(figures, "1,000 endpoints, networks of 100", WIDE),
    }
    return result


def show_changes(result):
    rows, count = [], 0
    for name, size in result["sizes"].items():
        for kind, parts in size["microseconds"].items():
            count = parts["own"]["count"]
            rows.append([f"{name}, {kind}", f"{size['elements']:,}", *(spread(parts[part]) for part in PARTS)])
    lines = [
        f"Event received → rules committed, µs, median / p95 / max of {count}; {CHANGED} flows "
        "and their endpoint change (fake engine, real kernel):",
        "",
        table(["endpoints", "elements", "engine's answer", "own work", "kernel commit", "work + commit",
               "event sent → log read"], rows),
        "",
    ]
    rows = [[name, *(f"{value:.2f}" for value in ratios.values())] for name, ratios in result["ratios"].items()]
    return lines + [table(["work + commit, ratio of medians", "connect", "disconnect"], rows)]


def show_resync(result):
    figures = result["resync"]
    rows = [
        ["resync, one container differs: own work", spread(figures["resync_work"], 1000, 1)],
        ["resync: kernel commit", spread(figures["resync_commit"], 1000, 2)],
        ["resync: from the broken stream, with the engine's answers", spread(figures["resync_seen"], 1000, 1)],
        ["first start, 10,000 elements: own work", spread(figures["install_work"], 1000, 1)],
        ["first start: kernel commit", spread(figures["install_commit"], 1000, 1)],
        ["first start: process start → all rules committed", spread(figures["install_seen"], 1000, 1)],
        ["restart: process start → all rules found in place", spread(figures["adoption_seen"], 1000, 1)],
    ]
    lines = [table(["at 1,000 endpoints, 10,000 elements; ms", "median / p95 / max"], rows), ""]
    figures = result["published"]
    rows = [
        ["resync, one container differs: own work", spread(figures["resync_work"], 1000, 1)],
        ["resync: kernel commit", spread(figures["resync_commit"], 1000, 2)],
        ["they come, once: own work", f"{figures['came_work'] / 1000:.1f}"],
        ["they come, once: kernel commit", f"{figures['came_commit'] / 1000:.1f}"],
    ]
    lines += [table([f"a container with {PUBLISHED:,} published ports; ms", "median / p95 / max"], rows), ""]
    columns = ("peak", "resident", "heap_and_stack", "shared_libraries", "proportional", "private")
    rows = [
        [name, *(f"{result['memory'][name][column] / 1024:.1f}" for column in columns)]
        for name in ("no containers", SMALL, LARGE)
    ]
    return lines + [table(["memory, MiB", *(column.replace("_", " ") for column in columns)], rows)]


def show(result):
    return [*show_changes(result), "", *show_resync(result)]
