# SPDX-License-Identifier: GPL-2.0-or-later
"""What the rules cost the traffic between two containers of a real engine.

Several engines stand side by side, each with the same two containers, some alone, the others with bulkhead and so many
declared flows.  Their traffic is measured in short turns, so that what else the machine does falls upon all of them."""
import concurrent.futures
import statistics

import engine as engines
from bulkhead import Bulkhead
from docker_api import wait_until
from figures import ratio, summary, table
from fixtures import specification

NETWORK = "bench"
PORT = 5001
# What is measured takes three elements, which is what one flow of the file makes.
USED = [f"{PORT}/tcp", f"{PORT + 1}/tcp", f"{PORT}/udp"]
ALONE, CONTROL = "alone", "alone, again"
HOSTS = {ALONE: 0, CONTROL: 0, "1 flow": len(USED), "100 flows": 100, "10,000 flows": 10000}
MEASURES = {
    "throughput": ("TCP, one established connection", 1e9 / 8, "Gbit/s"),
    "connections": ("new TCP connections", 1e3, "1,000/s"),
    "round_trips": ("UDP round trips, one at a time", 1e3, "1,000/s"),
}


def flows(elements):
    """One flow between the two for what is measured, and so many ports more that `elements` come of it."""
    ports = USED + [str(port) for port in range(10000, 10000 + 2 * (elements - len(USED)), 2)]
    return {"app": "shop", "flows": [{"from": "web", "to": "db", "ports": ports}]}


class Host:
    """An engine with two containers, and bulkhead's rules if it is to have elements."""

    def __init__(self, elements):
        self.engine = engines.make(icc=True)
        self.elements = elements
        self.bulkhead = self.command = None

    def start(self):
        self.engine.start()
        # Connections that were reset would fill the connection table for ten seconds each.
        self.engine.run_inside("sysctl", "-qw", "net.netfilter.nf_conntrack_tcp_timeout_close=1")
        self.engine.create_network(NETWORK, ipv6=False)
        serve = specification("shop", "db", network=NETWORK, command=("serve", str(PORT)))
        server = self.engine.create(**serve).start()
        client = self.engine.run(**specification("shop", "web", network=NETWORK))
        wait_until(lambda: "ready" in self.engine.logs(server), "the traffic's server is ready")
        self.command = client.inside(engines.probe_path(), "measure", server.address(NETWORK), str(PORT))
        if self.elements:
            self.bulkhead = Bulkhead(self.engine)
            self.bulkhead.write_flows(flows(self.elements))
            self.bulkhead.must("apply")
            held = len(self.bulkhead.list()["flows"])
            if held != self.elements:
                raise AssertionError(f"the kernel holds {held} flows, not {self.elements}")

    def measure(self, milliseconds):
        text = self.engine.run_inside(*self.command, str(milliseconds), timeout=120).stdout
        return {name: float(value) for name, value in map(str.split, text.splitlines())}

    def close(self):
        try:
            if self.bulkhead:
                self.bulkhead.close()
        finally:
            self.engine.destroy()


def measure_round(hosts, turns, milliseconds):
    """The mean of some turns of each host; every turn begins with another one."""
    found = {name: [] for name in hosts}
    names = list(hosts)
    for turn in range(turns):
        for name in names[turn % len(names):] + names[:turn % len(names)]:
            found[name].append(hosts[name].measure(milliseconds))
    return {
        name: {kind: statistics.mean(one[kind] for one in several) for kind in MEASURES}
        for name, several in found.items()
    }


def measure(options, progress):
    rounds, turns, milliseconds = (3, 2, 100) if options.quick else (7, 10, 100)
    progress(f"{len(HOSTS)} real engines for traffic")
    hosts = {name: Host(elements) for name, elements in HOSTS.items()}
    results = []
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(Host.start, hosts.values()))
        measure_round(hosts, 1, milliseconds)  # to warm up
        for number in range(1, rounds + 1):
            progress(f"traffic, round {number} of {rounds}")
            results.append(measure_round(hosts, turns, milliseconds))
    finally:
        for host in hosts.values():
            host.close()
    return {
        "rounds": rounds,
        "turns": turns,
        "milliseconds": milliseconds,
        "alone": {kind: summary([result[ALONE][kind] for result in results]) for kind in MEASURES},
        "ratios": {
            name: {kind: ratio([result[name][kind] / result[ALONE][kind] for result in results]) for kind in MEASURES}
            for name in HOSTS
            if name != ALONE
        },
    }


def show(result):
    rows = []
    for kind, (title, unit, unit_name) in MEASURES.items():
        cells = ["{median:.2f} ({min:.2f}–{max:.2f})".format(**ratios[kind]) for ratios in result["ratios"].values()]
        rows.append([f"{title}, {unit_name}", f"{result['alone'][kind]['median'] / unit:.1f}", *cells])
    return [
        table(["between two containers", "engine alone", *result["ratios"]], rows),
        "",
        f"Ratios to the engine alone (more is better), median (min–max) of {result['rounds']} rounds of "
        f"{result['turns']} turns; “{CONTROL}” is a second engine without bulkhead: what it differs is noise.",
    ]
