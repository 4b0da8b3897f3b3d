# SPDX-License-Identifier: GPL-2.0-or-later
"""The live probe of `bulkhead verify --probe`: it sees every door that is open, none that is closed, and leaves nothing."""
import json
import signal
import subprocess
import unittest

from bulkhead import program_path
from docker_api import wait_until
from fixtures import WEB_TO_DB, EngineTest, normalised_ruleset, shop
from pace import patience

IP = ["probe-tcp", "probe-udp", "probe-icmp", "probe-ipv6"]
RAW = "probe-ethertype"
CHECKS = [*IP, RAW]
ARGUMENTS = ["--probe", "--only", ",".join(CHECKS), "--json"]


class ProbeTest(EngineTest):
    """Beside the default bridge a user's network, with and without IPv6."""

    policy_lifted = False

    def setUp(self):
        super().setUp()
        self.engine.create_network("probed", icc=self.icc)
        self.engine.create_network("probed4", icc=self.icc, ipv6=False)
        self.networks = ["bridge", "probed", "probed4"]
        # The engine sets it to DROP where it switched forwarding on itself.
        self.policy_lifted = "-P FORWARD ACCEPT" in self.engine.run_inside("ip6tables", "-S", "FORWARD").stdout

    def lift_policy(self):
        if not self.policy_lifted:
            self.engine.run_inside("ip6tables", "-P", "FORWARD", "ACCEPT")
            self.addCleanup(self.engine.run_inside, "ip6tables", "-P", "FORWARD", "DROP")
        self.policy_lifted = True

    def links(self):
        text = self.engine.run_inside("ip", "-o", "link").stdout
        return sorted(line.split(": ")[1].partition("@")[0] for line in text.splitlines())

    def knows_bridges(self):
        """Whether this kernel's nft can tell by which bridge a port is known (NFT_BRIDGE_META)."""
        self.engine.run_inside("nft", "add table bridge try; add chain bridge try to")
        rule = 'add rule bridge try to meta ibrname "docker0"'
        answer = self.engine.run_inside("nft", rule, check=False)
        self.engine.run_inside("nft", "delete table bridge try")
        return answer.returncode == 0

    def probe(self):
        """{(check, network): finding}; and that it left nothing behind."""
        links, rules = self.links(), normalised_ruleset(self.engine)
        answer = self.bulkhead.command("verify", *ARGUMENTS)
        self.assertEqual(self.links(), links)
        self.assertEqual(normalised_ruleset(self.engine), rules)
        self.assertEqual(answer.stderr, "")
        found = {}
        for finding in json.loads(answer.stdout)["findings"]:
            found[finding["id"], finding["subject"].removeprefix("network ")] = finding
        self.assertEqual(sorted(found), sorted((check, network) for check in CHECKS for network in self.networks))
        return answer.returncode, found

    def assert_probe(self, ip, raw):
        """What is found on every network.  The engine accepts no IPv6 on one without, and its policy is to drop."""
        status, found = self.probe()
        for (check, network), finding in found.items():
            expected = raw if check == RAW else ip
            if (check, network) == ("probe-ipv6", "probed4") and not self.policy_lifted:
                expected = "pass"
            self.assertEqual(finding["status"], expected, f"{check} on {network}: {finding['evidence']}")
            self.assertEqual(bool(finding["remedy"]), expected == "fail", finding)
        self.assertEqual(status, 1 if "fail" in (ip, raw) else 0)
        return found

    def assert_closed_by_bulkhead(self):
        """A kernel that knows no bridges by name cannot keep frames that are not IP from ports that nobody knows: then
        the finding says so."""
        knows = self.knows_bridges()
        found = self.assert_probe("pass", "pass" if knows else "fail")
        if not knows:
            self.assertIn("NFT_BRIDGE_META", found[RAW, "bridge"]["remedy"])
        return found


class ProbeIccOn(ProbeTest):
    icc = True

    def test_open_then_applied(self):
        self.assert_probe("fail", "fail")
        self.lift_policy()
        found = self.assert_probe("fail", "fail")
        self.assertIn("fe80::", found["probe-ipv6", "probed4"]["evidence"])
        self.assertNotIn("fd00:", found["probe-ipv6", "probed4"]["evidence"])
        self.assertIn("fd00:", found["probe-ipv6", "probed"]["evidence"])
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.must("apply")
        self.assert_closed_by_bulkhead()
        self.bulkhead.must("clear")
        self.assert_probe("fail", "fail")

    def test_beside_the_service(self):
        app = self.run_shop(network="probed")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        before, log = self.bulkhead.list(), self.bulkhead.log_text()
        for _ in range(3):
            self.assert_closed_by_bulkhead()
        self.bulkhead.settle()
        self.assertEqual(self.bulkhead.list(), before)
        said = self.bulkhead.log_text()[len(log) :]
        self.assertNotIn("error", said)
        self.assertNotIn("warning", said)
        self.assert_web_to_db(app["web"], app["db"], "probed")

    def test_addresses_are_nobodys(self):
        """The last addresses of the subnet are a container's: the next ones are taken."""
        found = self.assert_probe("fail", "fail")
        evidence = found["probe-tcp", "bridge"]["evidence"]
        held = evidence.split(" to ")[1].split()[0].rstrip(",")
        self.assertTrue(held.endswith(".254"), evidence)
        holder = self.engine.run("holder")
        subprocess.run(holder.inside("ip", "addr", "add", f"{held}/24", "dev", "eth0"), check=True)
        evidence = self.assert_probe("fail", "fail")["probe-tcp", "bridge"]["evidence"]
        self.assertNotIn(held, evidence)
        self.assertIn(".253", evidence)

    def end_by(self, number, links):
        """Whether that signal ended a probe whose ports were there."""
        process = subprocess.Popen(
            self.engine.inside(program_path(), "verify", *self.bulkhead.options, *ARGUMENTS),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        try:
            wait_until(
                lambda: len(self.links()) > len(links) or process.poll() is not None, "the probe's ports", interval=0.005
            )
            process.send_signal(number)
            return process.wait(patience(10)) == -number
        finally:
            process.kill()
            process.wait()

    def test_ended_in_the_middle(self):
        links = self.links()
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
            # On a busy machine it may have ended by itself before the signal comes.
            wait_until(lambda: self.end_by(number, links), f"{number.name} ends it while its ports are there", 60)
            wait_until(lambda: self.links() == links, f"nothing is left after {number.name}: {self.links()}")

    def test_a_bridge_without_ipv4(self):
        """As inhibit_ipv4 and IPv6-only networks leave it: what passes there is found all the same."""
        self.engine.run_inside("ip", "-4", "address", "flush", "dev", self.engine.bridge("probed4"))
        self.engine.run_inside("ip", "-4", "address", "flush", "dev", self.engine.bridge("probed"))
        self.lift_policy()
        self.assert_probe("fail", "fail")
        self.bulkhead.must("apply")
        self.assert_closed_by_bulkhead()

    def test_a_bridge_that_is_down(self):
        self.engine.run_inside("ip", "link", "set", self.engine.bridge("probed4"), "down")
        _, found = self.probe()
        for check in CHECKS:
            self.assertEqual(found[check, "probed4"]["status"], "skip", found[check, "probed4"])
            self.assertEqual(found[check, "probed"]["status"], "fail", found[check, "probed"])


class ProbeIccOff(ProbeTest):
    icc = False

    def test_what_the_engine_closes(self):
        """IP, and nothing else."""
        if self.policy_lifted:
            self.skipTest("where nothing is dropped by default, IPv6 passes on a network without: test_a_network_without_ipv6")
        self.assert_probe("pass", "fail")
        self.bulkhead.must("apply")
        self.assert_closed_by_bulkhead()

    def test_a_network_without_ipv6(self):
        """The engine has no drop for IPv6 there: where the policy is not to drop, link-local packets pass."""
        self.lift_policy()
        _, found = self.probe()
        self.assertEqual(found["probe-ipv6", "probed4"]["status"], "fail")
        self.assertEqual(found["probe-ipv6", "probed"]["status"], "pass")

    def test_the_drop_lifted(self):
        """The control: without the engine's drop, what was closed is found to be open, there and nowhere else."""
        self.addCleanup(self.engine.accept_between_ports(self.engine.bridge("probed")))
        _, found = self.probe()
        for check in ("probe-tcp", "probe-udp", "probe-icmp"):
            self.assertEqual(found[check, "probed"]["status"], "fail", found[check, "probed"])
            self.assertEqual(found[check, "bridge"]["status"], "pass", found[check, "bridge"])
        self.assertEqual(found["probe-ipv6", "probed"]["status"], "pass")

    def test_switched_off(self):
        """Without br_netfilter the engine's drop is decoration."""
        switch = "net.bridge.bridge-nf-call-iptables"
        self.engine.run_inside("sysctl", "-q", f"{switch}=0")
        self.addCleanup(self.engine.run_inside, "sysctl", "-q", f"{switch}=1")
        _, found = self.probe()
        for check in ("probe-tcp", "probe-udp", "probe-icmp"):
            self.assertEqual(found[check, "bridge"]["status"], "fail", found[check, "bridge"])


del ProbeTest

if __name__ == "__main__":
    unittest.main()
