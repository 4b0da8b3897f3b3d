# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the attacks have in common.  An attack is a line of a table; all of a table are carried out one after the other
with the same containers: first without bulkhead, where they must succeed (the control), then under it, where they must
not, and what is declared must go on.

That something did not arrive is proven by order, not by waiting: after the attack its sender sends a declared packet,
and when that one is there, on the same way, the attack is lost.
"""
import dataclasses
import itertools
import json
import os
import select
import subprocess
import threading
import typing

from attacks import packets
from docker_api import wait_until
from engine import attack_path
from fixtures import EngineTest, shop, specification

# For people who bring a new engine version: do the attacks still do what they say?
CONTROL_ONLY = os.environ.get("BULKHEAD_ATTACKS_CONTROL_ONLY", "") not in ("", "0")

SERVE = ("serve", "/receipts", "tcp:80-82", "udp:80-82")
WITNESS_PORT = 90
STREAM_PORT = 7000
BATCH = 40
FLOWS = [
    {"from": ["evil", "web"], "to": "db", "ports": [f"{WITNESS_PORT}/udp", "80", "80/udp"]},
    {"from": ["evil", "db"], "to": "web", "ports": [f"{WITNESS_PORT}/udp"]},
    {"from": ["web", "db"], "to": "evil", "ports": [f"{WITNESS_PORT}/udp"]},
    # What only web may: the flow to forge.
    {"from": "web", "to": "db", "ports": ["81", "81/udp", f"{STREAM_PORT}-{STREAM_PORT + 9}/tcp", "icmp"]},
]


def publish(*ports):
    """Arguments of Engine.run: (address or "", host's port, container's port), tcp and udp."""
    bindings, exposed = {}, {}
    for address, host_port, port in ports:
        for protocol in ("tcp", "udp"):
            bindings.setdefault(f"{port}/{protocol}", []).append({"HostIp": address, "HostPort": str(host_port)})
            exposed[f"{port}/{protocol}"] = {}
    return {"ExposedPorts": exposed, "host_config": {"PortBindings": bindings}}


class Listener:
    """The marks that arrive at a network namespace's link, in front of its IP stack."""

    def __init__(self, command, link="any"):
        self.process = subprocess.Popen([*command, attack_path(), "listen", link], stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"listening\n"
        self.rest = b""
        self.lines = {}
        self.lock = threading.Lock()

    def read(self, seconds=0.0):
        """Takes in what is there; waits so long for something."""
        fd = self.process.stdout.fileno()
        with self.lock:
            while select.select([fd], [], [], seconds)[0]:
                data = os.read(fd, 65536)
                assert data, "the listener ended"
                *lines, self.rest = (self.rest + data).split(b"\n")
                for line in lines:
                    mark, _, details = line.decode().partition(" ")
                    self.lines.setdefault(mark, []).append(details)
                seconds = 0

    def heard(self, mark):
        """A line of details, if it arrived."""
        self.read()
        return self.lines.get(mark, [])

    def expect(self, mark, what, seconds=15.0):
        def arrived():
            if mark not in self.lines:
                self.read(0.05)
            return self.lines.get(mark)

        return wait_until(arrived, what, seconds, 0)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


@dataclasses.dataclass
class Party:
    """Whose addresses a frame may bear."""

    mac: str
    v4: str
    v6: str
    container: typing.Any = None
    listener: typing.Any = None

    @property
    def link_local(self):
        return packets.link_local(self.mac)

    def address(self, family):
        return self.v4 if family == 4 else self.v6


class Frames:
    """Frames between parties, as honest as their arguments."""

    @staticmethod
    def carry(source, destination, packet, mac=None):
        """The packet in a frame between the two, as honest as the packet; mac: another source."""
        ethertype = packets.IPV4 if packet[0] >> 4 == 4 else packets.IPV6
        return packets.ether(mac or source.mac, destination.mac, ethertype, packet)

    def udp(self, source, destination, port, mark, family=4, source_port=5000, mac=None):
        """mac: who sends it, if that is not the source."""
        ends = source.address(family), destination.address(family)
        segment = packets.udp(*ends, source_port, port, mark)
        return self.carry(source, destination, packets.ip(*ends, packets.UDP, segment), mac)

    def tcp(self, source, destination, port, mark, family=4, source_port=5000, mac=None, flags=packets.SYN):
        ends = source.address(family), destination.address(family)
        segment = packets.tcp(*ends, source_port, port, mark, flags)
        return self.carry(source, destination, packets.ip(*ends, packets.TCP, segment), mac)

    def echo(self, source, destination, mark, family=4, mac=None, reply=False):
        ends = source.address(family), destination.address(family)
        kind = ((8, 0) if family == 4 else (128, 129))[reply]
        message = packets.icmp(*ends, kind, 0, 0x00010001, mark)
        protocol = packets.ICMP if family == 4 else packets.ICMP6
        return self.carry(source, destination, packets.ip(*ends, protocol, message), mac)


class Scene(Frames):
    """web, db and evil on one network, which has a gateway."""

    def __init__(self, test, network="app"):
        self.network = network
        self.engine = test.engine
        self.engine.create_network(network, icc=test.icc)
        containers = self.engine.run_all(
            [
                specification("shop", service, command=SERVE, network=network)
                for service in ("web", "db", "evil")
            ]
        )
        self.web, self.db, self.evil = map(self.party, containers)
        self.gateway = self.find_gateway()
        for party in (self.web, self.db, self.evil):
            party.listener = Listener(party.container.inside())
            test.addCleanup(party.listener.close)
        self.gateway.listener = Listener(self.engine.inside(), self.engine.bridge(network))
        test.addCleanup(self.gateway.listener.close)

    def party(self, container):
        v4, v6 = container.networks[self.network]
        return Party(container.macs[self.network], v4, v6, container)

    def find_gateway(self):
        bridge = self.engine.bridge(self.network)
        [link] = json.loads(self.engine.run_inside("ip", "-j", "address", "show", "dev", bridge).stdout)
        addresses = {one["family"]: one["local"] for one in link["addr_info"] if one["scope"] == "global"}
        return Party(link["address"], addresses["inet"], addresses["inet6"])

    # -- acts

    @staticmethod
    def send(party, *frames):
        said = party.container.exec("/attack", "frames", "eth0", *(frame.hex() for frame in frames))
        assert not said, said

    def bridge_netfilter(self, on):
        for family in ("iptables", "ip6tables", "arptables"):
            self.engine.run_inside("sysctl", "-q", "-w", f"net.bridge.bridge-nf-call-{family}={int(on)}")

    def forget_neighbours(self):
        """What forged frames have taught is unlearnt: by the containers, and by the bridge as they speak again."""
        for party in (self.web, self.db, self.evil):
            self.engine.run_inside(*party.container.inside("ip", "neigh", "flush", "all"))
            self.speak(party)

    def speak(self, party):
        """The bridge sees where it is; for the host's own address it need not."""
        if party.container:
            self.send(party, packets.ether(party.mac, packets.BROADCAST, 0x88B5, bytes(46)))


@dataclasses.dataclass
class Attack:
    name: str
    # What is sent: frames, from the scene and the mark (bytes).
    frames: typing.Callable
    sender: str = "evil"
    victim: str = "db"
    # Whether it also succeeds on a plain engine with ICC off.
    icc_off: bool = False
    # The kernel's own checks for bridged IP would refuse it.  They are there only while br_netfilter is switched on, as
    # it is not with every engine: the control is done without it.
    bridge_netfilter: bool = True
    # No attack: what is declared, in an unusual form.  It arrives with bulkhead, too.
    declared: bool = False
    # (party, frames) that go before.
    prelude: tuple = ()


class AttackTest(EngineTest):
    flows = FLOWS

    def begin(self):
        self.scene = Scene(self)
        self.bulkhead.write_flows(shop(*self.flows))

    def guard(self):
        self.bulkhead.start()
        self.bulkhead.settle()

    def party(self, name):
        return getattr(self.scene, name)

    def attempt(self, *attacks):
        """Carries out attacks of one sender, and sends a declared packet after them: their marks, and its mark."""
        marks, witness = [packets.new_mark() for _ in attacks], packets.new_mark()
        first = attacks[0]
        sender, victim = self.party(first.sender), self.party(first.victim)
        if first.prelude:
            early, make = first.prelude
            self.scene.send(self.party(early), *make(self.scene))
        frames = []
        for attack, mark in zip(attacks, marks):
            made = attack.frames(self.scene, mark.encode())
            frames += made if isinstance(made, list) else [made]
        # The witness is an honest packet: it also takes the bridge's word for who lives where back.
        honest = self.scene.udp(sender, victim, WITNESS_PORT, witness.encode(), source_port=5001)
        self.scene.send(sender, *frames, honest)
        return marks, witness

    @staticmethod
    def in_batches(attacks):
        """Those that follow one another and can be sent at once: a process in a container takes its time to start."""

        def kind(attack):
            early = (attack.prelude[0], attack.prelude[1].__name__) if attack.prelude else ()
            return attack.sender, attack.victim, attack.bridge_netfilter, early

        for _, group in itertools.groupby(attacks, kind):
            group = list(group)
            yield from (group[first : first + BATCH] for first in range(0, len(group), BATCH))

    def control(self, *attacks):
        """Without bulkhead all of them arrive."""
        first = attacks[0]
        # Forged frames before may have taught the bridge that the victim is elsewhere.
        self.scene.speak(self.party(first.victim))
        if not first.bridge_netfilter:
            self.scene.bridge_netfilter(False)
        try:
            marks, _ = self.attempt(*attacks)
            for attack, mark in zip(attacks, marks):
                with self.subTest(f"open: {attack.name}"):
                    self.party(attack.victim).listener.expect(mark, f"{attack.name}: arrives without bulkhead")
        finally:
            if not first.bridge_netfilter:
                self.scene.bridge_netfilter(True)

    def defend(self, *attacks, words=""):
        """Under bulkhead none does, but what is declared."""
        marks, witness = self.attempt(*attacks)
        listener = self.party(attacks[0].victim).listener
        try:
            listener.expect(witness, f"{attacks[0].name}: the declared packet after it arrives")
        except AssertionError:
            if len(attacks) == 1:
                raise
            for attack in attacks:  # whose fault is it?
                with self.subTest(f"closed, on its own: {attack.name}"):
                    self.defend(attack, words=words)
            return
        for attack, mark in zip(attacks, marks):
            with self.subTest(f"{'passes' if attack.declared else 'closed'}: {attack.name}{words}"):
                self.assertEqual(bool(listener.heard(mark)), attack.declared)

    def carry_out(self, table):
        """The whole table, without and with bulkhead; and between web and db a stream that nothing disturbs."""
        for batch in self.in_batches(attack for attack in table if self.icc or attack.icc_off):
            self.control(*batch)
        if CONTROL_ONLY:
            return
        self.scene.forget_neighbours()
        self.guard()
        ends = self.scene.web.container, self.scene.db.container, "tcp"
        streams = [self.stream(*ends, STREAM_PORT + family, family) for family in (4, 6)]
        for batch in self.in_batches(table):
            self.defend(*batch)
        for stream in streams:
            stream.runs()
