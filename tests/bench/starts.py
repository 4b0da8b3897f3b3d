# SPDX-License-Identifier: GPL-2.0-or-later
"""On the real engine: how long before `container start` the rules stand, and what `network connect` costs."""
import json
import subprocess
import threading
import time

import engine as engines
from docker_api import UnixConnection
from figures import low_end, spread, summary, table
from fixtures import specification
from service import Service

NETWORK = "bench"
SPINNERS = 4
NS_PER_MS = 1_000_000


class Events:
    """The engine's own events, with its own clock, from a subscription beside bulkhead's."""

    def __init__(self, engine):
        self.connection = UnixConnection(engine.socket, None)
        # `since` a moment ago: the headers come before the subscription stands.
        filters = json.dumps({"event": ["connect", "start"]})
        self.connection.request("GET", f"/events?since={time.time() - 1:.9f}&filters={filters}".replace(" ", ""))
        self.response = self.connection.getresponse()
        self.news = threading.Condition()
        self.when = {}
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        try:
            for line in self.response:
                self.take(json.loads(line))
        except (OSError, ValueError, AttributeError):
            pass  # the stream was closed

    def take(self, event):
        actor = event["Actor"]
        identifier = actor["Attributes"].get("container") if event["Type"] == "network" else actor["ID"]
        with self.news:
            self.when[event["Type"], event["Action"], identifier] = event["timeNano"]
            self.news.notify_all()

    def await_time(self, kind, action, identifier, seconds=20):
        """When it happened, CLOCK_REALTIME in nanoseconds."""
        key = (kind, action, identifier)
        with self.news:
            if not self.news.wait_for(lambda: key in self.when, seconds):
                raise AssertionError(f"the engine did not tell of {kind} {action} within {seconds} s")
            return self.when.pop(key)

    def close(self):
        self.connection.sock.shutdown(2)
        self.connection.close()


def flows():
    return {"app": "shop", "flows": [{"from": "web", "to": "db", "ports": ["80/tcp", "5432/tcp", "53/udp", "icmp"]}]}


class Spinners:
    """A busy host: processes that want every processor all the time, as containers' would."""

    def __init__(self, count):
        self.processes = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


class Bench:
    def __init__(self, wrapper=()):
        self.engine = engines.make(icc=True).start()
        self.version = self.engine.api.json("GET", "/version")["Version"]
        self.engine.create_network(NETWORK, ipv6=False)
        self.service = Service(self.engine)
        self.service.wrapper = list(wrapper)
        self.service.write_flows(flows())
        self.engine.run(**specification("shop", "db", network=NETWORK))
        self.service.start()
        self.events = Events(self.engine)

    def start_one(self, number):
        """Milliseconds from the commit (its log line, read after it) to `container start`, and from the engine's
        `network connect` to the commit; what the commit cost; whether a rule came after the start."""
        mark = self.service.mark()
        container = self.engine.create(**specification("shop", "web", number, network=NETWORK))
        self.engine.api.request("POST", f"/containers/{container.id}/start")
        started = self.events.await_time("container", "start", container.id)
        connected = self.events.await_time("network", "connect", container.id)
        cost = self.service.await_cost(mark, lambda cost: cost.added, f"rules for start {number}")
        more = [other for other in self.service.costs[mark:] if other.added and other.wall > started]
        mark = self.service.mark()
        container.remove()
        self.service.await_cost(mark, lambda cost: cost.removed, f"the rules of start {number} withdrawn")
        late = bool(more) or cost.wall > started
        return (started - cost.wall) / NS_PER_MS, (cost.wall - connected) / NS_PER_MS, cost, late

    def measure_starts(self, count, first=1):
        results = [self.start_one(number) for number in range(first, first + count)]
        return {
            "starts": count,
            "late": sum(late for *_, late in results),
            "lead_ms": low_end([lead for lead, *_ in results]),
            "engine_connect_to_commit_ms": summary([since for _, since, *_ in results]),
            **split([cost for _, _, cost, _ in results]),
        }

    def fill(self, crowd):
        """Up to so many containers on the network; the last one is the guest."""
        before = len(self.engine.api.json("GET", f"/networks/{NETWORK}")["Containers"])
        wishes = [specification("shop", "idle", number, network=NETWORK) for number in range(1, crowd - before)]
        self.engine.run_all(wishes)
        return self.engine.run(**specification("shop", "web", 1, network=NETWORK))

    def measure_connects(self, crowd, count):
        """A running container leaves the network and comes back, as the last of a crowd."""
        guest = self.fill(crowd)
        costs = []
        for number in range(count):
            mark = self.service.mark()
            self.engine.disconnect(NETWORK, guest)
            self.service.await_cost(mark, lambda cost: cost.removed, f"the rules withdrawn, disconnect {number}")
            mark = self.service.mark()
            self.engine.connect(NETWORK, guest)
            costs.append(
                self.service.await_cost(
                    mark, lambda cost: cost.what == "network" and cost.added, f"the rules of connect {number}"
                )
            )
        return {"containers": crowd, "connects": count, **split(costs)}


def split(costs):
    """Of changes that a network's event brought, in microseconds."""
    known = [cost for cost in costs if cost.engine is not None]
    parts = {
        "engine": [cost.engine for cost in known],
        "work": [cost.work for cost in known],
        "commit": [cost.commit for cost in known],
        "total": [cost.engine + cost.work + cost.commit for cost in known],
    }
    return {"microseconds": {part: summary(values) for part, values in parts.items()} if known else None}


def measure(options, progress):
    starts, connects, crowd = (20, 20, 30) if options.quick else (200, 100, 100)
    progress("real engine")
    bench = Bench(options.run_as.split())
    try:
        progress(f"{starts} starts on engine {bench.version}")
        result = bench.measure_starts(starts)
        result["engine"] = bench.version
        progress(f"{starts // 2} starts beside {SPINNERS} processes that never rest")
        with Spinners(SPINNERS):
            result["busy"] = bench.measure_starts(starts // 2, starts + 1)
        progress(f"{crowd} containers on the network, {connects} connects")
        result["crowd"] = bench.measure_connects(crowd, connects)
    finally:
        bench.events.close()
        bench.service.close()
        bench.engine.destroy()
    return result


def show(result):
    crowd = result["crowd"]
    rows = []
    for words, figures in (("", result), (f", beside {SPINNERS} processes that never rest", result["busy"])):
        lead = "{median:.1f} / {p5:.1f} / {p1:.1f} / {min:.1f}".format(**figures["lead_ms"])
        rows.append([f"commit before `container start`{words}: lead, ms", lead])
        rows.append(["… starts with rules later than that", f"{figures['late']} of {figures['starts']}"])
    lines = [table([f"engine {result['engine']}", "median / p5 / p1 / worst"], rows), ""]
    rows = []
    for name, parts in ((f"{result['starts']} starts on a small network", result["microseconds"]),
                        (f"{crowd['connects']} connects, {crowd['containers']} containers on the network",
                         crowd["microseconds"])):
        # On newer engines the rules stand before any event is told, so no single question brought them.
        if parts:
            rows.append([name, *(spread(parts[part]) for part in ("engine", "work", "commit", "total"))])
    header = ["`network connect` received → committed, µs", "engine's answer", "own work", "kernel commit", "total"]
    return lines + [table(header, rows), "", "Median / p95 / max."]
