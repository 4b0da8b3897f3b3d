# SPDX-License-Identifier: GPL-2.0-or-later
"""`verify`: each check in its passing and in its failing state; what could not be told; the newcomer's way."""
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

import engine as engines
from altered import AlteredEngine, garbage, refuse, rewrite
from bulkhead import Bulkhead, program_path
from docker_api import ApiError, wait_until
from fixtures import SERVE, WEB_TO_DB, EngineTest, door, shop, specification
from traffic import NS_PER_MS, try_one

ICC = "com.docker.network.bridge.enable_icc"
ON = ("1", "t", "T", "TRUE", "true", "True")
OFF = ("0", "f", "F", "FALSE", "false", "False")
UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contrib", "bulkhead-verify.service")
DOCUMENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "contrib", "docs")


class VerifyTest(EngineTest):
    """Asks `verify --json` and looks at single findings."""

    altered = None

    def verify(self, *arguments, options=None):
        answer = self.bulkhead.command("verify", "--json", *arguments, options=options)
        self.assertIn(answer.returncode, (0, 1, 3), answer.stderr)
        self.document = json.loads(answer.stdout)
        wanted = {0: "pass", 1: "fail", 3: "unknown"}[answer.returncode]
        self.assertEqual(self.document["result"], wanted)
        return answer.returncode

    def found(self, check):
        """{subject: status} of that check in the last answer."""
        return {one["subject"]: one["status"] for one in self.document["findings"] if one["id"] == check}

    def finding(self, check, subject=""):
        """The only one of that check that is about `subject`."""
        found = [one for one in self.document["findings"] if one["id"] == check and subject in (one["subject"] or "")]
        self.assertEqual(len(found), 1, f"{check} {subject}: {self.document['findings']}")
        return found[0]

    def check(self, check, status, subject="", arguments=(), evidence=""):
        """Asks for that check alone, and expects that status; a failure has a remedy."""
        code = self.verify("--only", check, *arguments)
        found = self.finding(check, subject)
        self.assertEqual(found["status"], status, found)
        self.assertTrue(re.search(evidence, found["evidence"]), found)
        if status == "fail":
            self.assertEqual(code, 1)
            self.assertTrue(found["remedy"], found)
        if status == "unknown":
            self.assertEqual(code, 3)
        return found

    def apply(self, *flows):
        self.bulkhead.write_flows(*(flows or [shop(WEB_TO_DB)]))
        self.bulkhead.must("apply")

    def inside(self, *command):
        return self.engine.run_inside(*command)

    def behind(self, *alterations):
        """The command's options for an engine whose answers are altered."""
        if self.altered:
            self.altered.close()
        else:
            self.addCleanup(lambda: self.altered.close())
        self.altered = altered = AlteredEngine(self.engine, *alterations)
        return [f"--docker={altered.docker_url}", *self.bulkhead.options[1:]]


class Icc(VerifyTest):
    """An engine as it comes: ICC on."""

    def test_default_bridge(self):
        self.check("icc-default", "fail", evidence="enable_icc=true")
        self.apply()
        found = self.check("icc-default", "warn", evidence="only wall")
        self.assertIn("daemon.json", found["remedy"])
        self.check("icc-default", "fail", arguments=("--icc-required",))
        self.assertEqual(self.verify("--only", "icc-default"), 0)
        # The benchmark asks for the engine's own setting, whatever else is in force.
        self.assertEqual(self.verify("--only", "2.2"), 1)
        self.assertEqual({one["id"] for one in self.document["findings"]}, {"icc-default", "engine-icc"})

    def test_each_network_and_spelling(self):
        for number, word in enumerate(ON + OFF):
            self.engine.create_network(f"word{number}", ipv6=False, options={ICC: word})
        self.engine.create_network("absent", ipv6=False)
        self.assertEqual(self.verify("--only", "icc-network"), 1)
        wanted = {f"network word{number}": "fail" if word in ON else "pass" for number, word in enumerate(ON + OFF)}
        self.assertEqual(self.found("icc-network"), {**wanted, "network absent": "fail"})
        self.assertIn("no option", self.finding("icc-network", "absent")["evidence"])
        self.assertIn(f"docker network create -o {ICC}=false absent", self.finding("icc-network", "absent")["remedy"])
        self.apply()
        self.verify("--only", "icc-network")
        wanted = {subject: "warn" if status == "fail" else status for subject, status in wanted.items()}
        self.assertEqual(self.found("icc-network"), {**wanted, "network absent": "warn"})

    def test_what_the_engine_does_not_take(self):
        for word in ("yes", "on", " true", "tRUE", "2", "False "):
            with self.assertRaises(ApiError):
                self.engine.create_network("bad", ipv6=False, options={ICC: word})
        identifier = self.engine.create_network("odd", icc=True, ipv6=False)
        options = self.behind((f"/networks/{identifier}", rewrite(lambda network: network["Options"].update({ICC: "no"}))))
        self.assertEqual(self.verify("--only", "icc-network", options=options), 3)
        self.assertEqual(self.finding("icc-network")["status"], "unknown")
        self.assertIn(f"{ICC}=no", self.finding("icc-network")["evidence"])

    def test_config_from(self):
        for word, status in (("false", "pass"), ("true", "fail")):
            body = {"Name": f"plan-{word}", "ConfigOnly": True, "Options": {ICC: word}}
            self.engine.api.json("POST", "/networks/create", body)
            body = {"Name": f"made-{word}", "Driver": "bridge", "ConfigFrom": {"Network": f"plan-{word}"}}
            made = self.engine.api.json("POST", "/networks/create", body)["Id"]
            try:
                self.check("icc-network", status, f"made-{word}")
                self.assertEqual(len(self.found("icc-network")), 1)
            finally:
                self.engine.remove_network(made)
                self.engine.remove_network(f"plan-{word}")

    def test_excluded_and_observed(self):
        self.engine.create_network("mine", icc=True)
        self.run_shop(network="mine")
        self.bulkhead.write_flows(shop(WEB_TO_DB, mode="observe"))
        self.bulkhead.must("apply")
        self.check("icc-network", "fail", "mine", evidence="only observes")
        self.check("observed", "warn", "shop-db-1")
        self.apply()
        self.check("icc-network", "warn", "mine")
        self.check("observed", "pass")
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"networks": {"exclude": ["mine"]}}))
        self.bulkhead.must("apply")
        found = self.check("icc-network", "warn", "mine", evidence="networks.exclude .* nothing keeps")
        self.assertIn("enable_icc=false", found["remedy"])
        self.check("icc-network", "fail", "mine", arguments=("--icc-required",))
        self.check("icc-default", "warn", evidence="only wall")
        config = {"networks": {"exclude": ["mine", "hush"]}, "verify": {"icc_required": True}}
        self.bulkhead.write(self.bulkhead.config_file, json.dumps(config))
        self.check("icc-network", "fail", "mine")
        self.check("icc-default", "fail", evidence="only wall")
        # ICC off is the engine's own word, and bulkhead adds nothing to it.
        self.engine.create_network("hush", icc=False, ipv6=False)
        self.check("icc-network", "pass", "hush", evidence="bulkhead does not guard it")
        self.check("docker-icc-drop", "pass", "hush")
        bridge = self.engine.bridge("hush")
        self.addCleanup(self.engine.accept_between_ports(bridge))
        self.check("docker-icc-drop", "fail", "hush", evidence="does not guard it either")
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"networks": {"exclude": ["mine", "hush"]}}))
        self.check("docker-icc-drop", "warn", "hush")

    def test_observed_by_all_who_share_a_network_namespace(self):
        """What one of them does not let pass is not let through to any of them."""
        web = self.engine.run(**specification("shop", "web"))
        self.engine.run(**specification("strict", "side", network=f"container:{web.name}"))
        strict = {"app": "strict", "flows": []}
        for mode, status, evidence in (("enforce", "warn", "only wall"), ("observe", "fail", "only observes")):
            with self.subTest(mode):
                self.apply(shop(mode="observe"), {**strict, "mode": mode})
                observed = self.inside("nft", "list", "set", "inet", "bulkhead", "observed4").stdout
                self.assertEqual("elements" in observed, mode == "observe")
                self.check("icc-default", status, evidence=evidence)
                self.verify("--only", "observed")
                self.assertEqual("container shop-web-1" in self.found("observed"), mode == "observe")

    def test_no_network_of_users(self):
        self.check("icc-network", "skip")


@unittest.skipIf(engines.has_nftables_backend(), "about iptables' chains; test_newer has the nftables backend")
class DockerRules(VerifyTest):
    """ICC off: Docker's drop and the accept that passes it."""

    icc = False
    def test_icc_is_off(self):
        self.check("icc-default", "pass", evidence="enable_icc=false")

    def setUp(self):
        super().setUp()
        # The engine sets it to DROP where it switched forwarding on itself.
        for tool in ("iptables", "ip6tables"):
            policy = re.search(r"-P FORWARD (\w+)", self.inside(tool, "-S", "FORWARD").stdout)[1]
            self.inside(tool, "-P", "FORWARD", "ACCEPT")
            self.addCleanup(self.inside, tool, "-P", "FORWARD", policy)

    def dockers_drop(self, tool):
        """(chain, number, rule): in FORWARD, or from 28 on in a chain of Docker's that FORWARD leads to."""
        rules = self.inside(tool, "-S").stdout.splitlines()
        rule = "-i docker0 -o docker0 -j DROP".split()
        [chain] = [words[1] for words in map(str.split, rules) if words[2:] == rule]
        number = [line.split()[2:] for line in rules if line.startswith(f"-A {chain} ")].index(rule) + 1
        return chain, str(number), rule

    def dockers_chain(self, tool):
        """Where bulkhead's accept stands: 20.10 makes no DOCKER-USER for IPv6."""
        return "DOCKER-USER" if "-N DOCKER-USER" in self.inside(tool, "-S").stdout else "FORWARD"

    def test_drop(self):
        self.engine.run(**specification("shop", "web"))
        self.verify("--only", "docker-icc-drop")
        self.assertEqual([one["status"] for one in self.document["findings"]], ["pass", "pass"], "IPv4 and IPv6")
        for tool, family in (("iptables", "IPv4"), ("ip6tables", "IPv6")):
            with self.subTest(family):
                chain, number, rule = self.dockers_drop(tool)
                self.inside(tool, "-D", chain, number)
                self.assertEqual(self.verify("--only", "docker-icc-drop"), 1)
                failed = [one for one in self.document["findings"] if one["status"] == "fail"]
                self.assertEqual(len(failed), 1)
                self.assertTrue(failed[0]["evidence"].startswith(family), failed)
                self.assertIn("restart docker", failed[0]["remedy"])
                # Where nothing is forwarded that is not accepted, nothing is missing.
                self.inside(tool, "-P", "FORWARD", "DROP")
                self.assertEqual(self.verify("--only", "docker-icc-drop"), 0)
                self.assertIn("the policy of chain FORWARD", str(self.document["findings"]))
                self.inside(tool, "-P", "FORWARD", "ACCEPT")
                self.apply()
                self.assertEqual(self.verify("--only", "docker-icc-drop"), 0)
                self.assertIn("warn", {one["status"] for one in self.document["findings"]})
                self.bulkhead.must("clear")
                self.inside(tool, "-I", chain, number, *rule)
                self.assertEqual(self.verify("--only", "docker-icc-drop"), 0)

    def test_accept_above_the_drop(self):
        self.check("docker-icc-drop", "pass")
        for place in ("DOCKER-USER", "FORWARD"):
            with self.subTest(place):
                self.inside("iptables", "-I", place, "-i", "docker0", "-j", "ACCEPT")
                self.check("docker-icc-drop", "fail", evidence="before Docker drops")
                self.inside("iptables", "-D", place, "-i", "docker0", "-j", "ACCEPT")
        self.addCleanup(self.inside, "iptables", "-D", "FORWARD", "-i", "br-+", "-j", "ACCEPT")
        self.addCleanup(self.inside, "iptables", "-D", "FORWARD", "-i", "docker+", "-j", "ACCEPT")
        # Of other interfaces: no.
        self.inside("iptables", "-I", "FORWARD", "-i", "br-+", "-j", "ACCEPT")
        self.check("docker-icc-drop", "pass")
        self.inside("iptables", "-I", "FORWARD", "-i", "docker+", "-j", "ACCEPT")
        self.check("docker-icc-drop", "fail")

    def test_conditional_accept_above_the_drop(self):
        """It opens something, and what cannot be told: no yes, and a warning where bulkhead is the wall."""
        web, db = self.engine.run_all([specification("shop", one, command=SERVE) for one in ("web", "db")])
        rules = (
            ("-m", "physdev", "--physdev-is-bridged"), ("-s", web.address()), ("-p", "tcp", "--dport", "80"),
        )
        self.assert_closed(web, db)
        for rule in rules:
            with self.subTest(rule):
                self.inside("iptables", "-I", "DOCKER-USER", *rule, "-j", "ACCEPT")
                try:
                    self.assert_open(web, db)
                    self.verify("--only", "docker-icc-drop")
                    found = [one for one in self.document["findings"] if one["evidence"].startswith("IPv4")]
                    self.assertEqual([one["status"] for one in found], ["unknown"])
                    self.assertRegex(found[0]["evidence"], r"rule 1 of chain DOCKER-USER \(handle \d+\)")
                    self.bulkhead.write_flows(shop())
                    self.bulkhead.must("apply")
                    self.assert_closed(web, db)
                    self.verify("--only", "docker-icc-drop")
                    found = [one for one in self.document["findings"] if one["evidence"].startswith("IPv4")]
                    self.assertEqual([one["status"] for one in found], ["warn"])
                    self.assertRegex(found[0]["evidence"], r"rule 2 of chain DOCKER-USER .* only wall")
                finally:
                    self.bulkhead.must("clear")
                    self.inside("iptables", "-D", "DOCKER-USER", *rule, "-j", "ACCEPT")
        # What the engine itself accepts is none of that.
        self.engine.run(**specification("shop", "public", command=SERVE, host_config={
            "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}, ExposedPorts={"80/tcp": {}}))
        self.assertEqual(self.verify("--only", "docker-icc-drop"), 0)
        self.assertEqual({one["status"] for one in self.document["findings"]}, {"pass"})

    def test_observed(self):
        """ICC off is true while bulkhead observes: the engine's drop holds for what bulkhead lets through."""
        web, db = self.engine.run_all([specification("shop", one, command=SERVE) for one in ("web", "db")])
        self.apply(shop(WEB_TO_DB, mode="observe"))
        self.assert_closed(web, db, port=81)
        self.assert_open(web, db)
        self.assertEqual(self.verify("--only", "icc-default,docker-icc-drop,observed"), 0)
        self.assertEqual(self.finding("icc-default")["status"], "pass")
        self.assertEqual(set(self.found("docker-icc-drop").values()), {"pass"})
        self.assertEqual(set(self.found("observed").values()), {"warn"})

    def test_flushed_ruleset(self):
        self.engine.create_network("off", icc=False)
        self.verify("--only", "docker-icc-drop")
        self.assertEqual(set(self.found("docker-icc-drop").values()), {"pass"})
        self.addCleanup(self.engine.restart)
        self.inside("nft", "flush", "ruleset")
        self.assertEqual(self.verify("--only", "docker-icc-drop"), 1)
        self.assertEqual(set(self.found("docker-icc-drop").values()), {"fail"})
        self.assertEqual(len(self.document["findings"]), 2, "each network")
        # The remedy.
        self.engine.restart()
        self.assertEqual(self.verify("--only", "docker-icc-drop"), 0)

    def test_accept(self):
        self.engine.run(**specification("shop", "web"))
        self.check("docker-accept", "fail", "IPv4", evidence="DOCKER-USER")
        self.check("docker-accept", "fail", "IPv6", evidence=self.dockers_chain("ip6tables"))
        self.apply()
        self.check("docker-accept", "pass", "IPv4")
        self.check("docker-accept", "pass", "IPv6")
        self.addCleanup(self.engine.restart)
        self.inside("iptables", "-I", "DOCKER-USER", "-p", "udp", "-j", "RETURN")
        self.check("docker-accept", "fail", "IPv4", evidence="not the first")
        self.inside("iptables", "-F", "DOCKER-USER")
        self.check("docker-accept", "fail", "IPv4", evidence="is not there")
        self.bulkhead.must("apply")
        self.check("docker-accept", "pass", "IPv4")
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"mark": "0"}))
        self.check("docker-accept", "fail", "IPv4", evidence='"mark" is "0"')

    def backend(self, rules):
        """Tables as the engine's own nftables backend (29) makes them, for docker0."""
        for family in ("ip", "ip6"):
            jump = '"docker0" : jump filter-forward-in__docker0'
            chain = (
                f"table {family} docker-bridges {{ chain filter-forward-in__docker0 {{ {rules}; }}; "
                f"map filter-forward-in-jumps {{ type ifname : verdict; elements = {{ {jump} }}; }}; "
                "chain filter-FORWARD { type filter hook forward priority filter; policy accept; "
                "oifname vmap @filter-forward-in-jumps; }; }"
            )
            self.inside("nft", f"add table {family} docker-bridges; delete table {family} docker-bridges; {chain}")

    def test_nftables_backend(self):
        accept = "meta mark and 0x10000000 == 0x10000000 counter accept"
        drop = 'iifname "docker0" counter drop'
        self.engine.run(**specification("shop", "web"))
        self.addCleanup(self.inside, "nft", "delete table ip docker-bridges; delete table ip6 docker-bridges")
        self.backend(f"ct state established accept; {accept}; {drop}; counter drop")
        self.verify("--only", "docker-icc-drop,docker-accept")
        self.assertEqual({one["status"] for one in self.document["findings"]}, {"pass"})
        self.assertEqual(len(self.document["findings"]), 4)
        self.backend(f"{drop}; counter drop")
        found = self.check("docker-accept", "fail", "IPv4", evidence="has not been told the mark")
        self.assertIn('"bridge-accept-fwmark": "0x10000000/0x10000000"', found["remedy"])
        self.backend(f'{accept}; iifname "docker0" counter accept; counter drop')
        self.assertEqual(self.verify("--only", "docker-icc-drop"), 1)
        # The chain stands there, and nothing leads to it.
        self.backend(f"{drop}; counter drop")
        self.assertEqual(self.verify("--only", "docker-icc-drop"), 0)
        for family in ("ip", "ip6"):
            self.inside("nft", "flush", "chain", family, "docker-bridges", "filter-FORWARD")
        self.assertEqual(self.verify("--only", "docker-icc-drop"), 1)
        # On an internal network that backend accepts no mark.
        self.backend(f"{accept}; {drop}")
        identifier = self.engine.api.json("GET", "/networks/bridge")["Id"]
        options = self.behind((f"/networks/{identifier}$", rewrite(lambda network: network.update(Internal=True))))
        self.assertEqual(self.verify("--only", "docker-accept", options=options), 1)
        self.assertIn("internal", self.finding("docker-accept", "network bridge")["evidence"])

    def test_iptables_legacy(self):
        self.check("iptables-legacy", "pass")
        try:
            self.inside("iptables-legacy", "-A", "FORWARD", "-s", "192.0.2.1", "-j", "DROP")
        except subprocess.CalledProcessError:
            self.skipTest("this kernel has no ip_tables")
        self.addCleanup(self.inside, "iptables-legacy", "-F", "FORWARD")
        self.addCleanup(self.engine.restart)
        self.check("iptables-legacy", "warn", "IPv4", evidence="filter")
        self.inside("nft", "flush", "ruleset")
        self.check("iptables-legacy", "fail", "IPv4", evidence="out of reach")
        self.apply()
        self.check("iptables-legacy", "warn", "IPv4")

    def test_iptables_legacy_by_root_folder(self):
        root = f"{self.bulkhead.directory}/root"
        self.check("iptables-legacy", "unknown", arguments=("--root", root), evidence=f"{root}: No such file")
        os.makedirs(root)
        self.check("iptables-legacy", "unknown", arguments=("--root", root), evidence="/proc/net")
        os.makedirs(f"{root}/proc/net")
        self.check("iptables-legacy", "pass", arguments=("--root", root))
        with open(f"{root}/proc/net/ip6_tables_names", "w", encoding="ascii") as file:
            file.write("mangle\nfilter\n")
        self.check("iptables-legacy", "warn", "IPv6", arguments=("--root", root), evidence="mangle filter")
        os.mkdir(f"{root}/proc/net/ip_tables_names")
        self.check("iptables-legacy", "unknown", arguments=("--root", root), evidence="no regular file")


class Datapath(VerifyTest):
    def switch(self, name, value):
        self.inside("sysctl", "-qw", f"net.bridge.{name}={value}")

    def test_switches(self):
        for check, name in (("bridge-nf-iptables", "bridge-nf-call-iptables"),
                            ("bridge-nf-ip6tables", "bridge-nf-call-ip6tables")):
            self.addCleanup(self.switch, name, 1)
            self.switch(name, 1)
            self.check(check, "pass")
            self.switch(name, 0)
            self.assertIn(f"sysctl -w net.bridge.{name}=1", self.check(check, "fail")["remedy"])
            self.apply()
            self.check(check, "pass")
            self.switch(name, 0)
            self.verify("--only", "icc-default")
            self.assertEqual(self.finding("icc-default")["status"], "fail", "no wall is left")
            self.switch(name, 1)
        self.check("br-netfilter", "pass")

    def test_no_br_netfilter(self):
        """As the module's absence looks: there is no /proc/sys/net/bridge."""
        command = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc/sys/net && exec "$@"', "sh",
                   program_path(), "verify", "--json", *self.bulkhead.options]
        for check in ("br-netfilter", "bridge-nf-iptables", "bridge-nf-ip6tables"):
            answer = self.engine.run_inside(*command, "--only", check, check=False)
            self.assertEqual(answer.returncode, 1, answer)
            [found] = json.loads(answer.stdout)["findings"]
            self.assertEqual(found["status"], "fail")
            self.assertTrue(found["remedy"])

    def test_tables_and_policy(self):
        self.run_shop()
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.check("tables", "fail", evidence="enforces nothing")
        self.check("policy", "fail")
        self.apply()
        self.check("tables", "pass")
        self.check("policy", "pass")
        self.inside("nft", "delete", "table", "bridge", "bulkhead")
        self.check("tables", "fail", evidence="table bridge bulkhead")
        self.apply()
        self.inside("nft", "insert", "rule", "inet", "bulkhead", "forward", "accept")
        self.check("tables", "fail", evidence="a rule")
        self.check("icc-default", "fail")
        self.apply()
        self.check("tables", "pass")
        self.inside("nft", "flush", "set", "inet", "bulkhead", "flows4")
        self.check("tables", "pass")
        found = self.check("policy", "fail", evidence=r"^2 elements are missing .* 0 stand")
        self.assertIn("bulkhead plan", found["remedy"])
        self.apply()
        self.check("policy", "pass")
        self.bulkhead.write_flows(shop())
        self.check("policy", "fail", evidence=r"^0 elements are missing .* \d+ stand")

    def test_flow_files(self):
        self.check("flow-files", "pass", evidence="everything between containers is closed")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.check("flow-files", "pass", evidence="^1 files")
        self.bulkhead.write(self.bulkhead.flow_path("broken"), "{")
        self.check("flow-files", "fail", "broken.json")
        os.chmod(self.bulkhead.flow_path("shop"), 0o666)
        self.verify("--only", "flow-files")
        self.assertEqual(len(self.found("flow-files")), 2)
        options = [option for option in self.bulkhead.options if "--flows" not in option]
        self.assertEqual(self.verify("--only", "flow-files", options=[*options, "--flows=/nonexistent"]), 3)


    def test_bridge_of_another_host(self):
        """An engine elsewhere has a docker0, too: each of its bridges has to be here."""
        identifier = self.engine.create_network("far", ipv6=False)
        self.check("engine", "pass")
        named = rewrite(lambda network: network["Options"].update({"com.docker.network.bridge.name": "far0"}))
        options = self.behind((f"/networks/{identifier}$", named))
        self.assertEqual(self.verify("--only", "engine", options=options), 3)
        self.assertEqual(self.found("engine"), {"network far": "unknown"})
        self.assertIn("far0 is not a link", self.finding("engine")["evidence"])


class Service(VerifyTest):
    icc = False

    def drift(self):
        self.verify("--only", "drift,owner")
        return self.finding("drift")

    def await_drift(self, status):
        wait_until(lambda: self.drift()["status"] == status, lambda: f"{status}: {self.document}\n{self.bulkhead.log_text()}")
        return self.finding("drift")

    def break_accept(self):
        self.inside("iptables", "-F", "DOCKER-USER")

    def switch(self, value):
        self.inside("sysctl", "-qw", f"net.bridge.bridge-nf-call-iptables={value}")

    def accept_stands(self):
        return "mark" in self.inside("iptables", "-S", "DOCKER-USER").stdout

    @unittest.skipIf(engines.has_nftables_backend(), "that backend has no place for a rule of ours")
    def test_repair(self):
        self.check("owner", "warn")
        self.check("drift", "skip")
        self.apply()
        self.check("owner", "warn", evidence="does not run")
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("owner", "pass", evidence=f"pid {self.bulkhead.process.pid}")
        old = self.engine.run_inside(
            "setarch", "--uname-2.6", program_path(), "verify", "--only", "owner", *self.bulkhead.options, check=False
        )
        self.assertEqual("(2.6." in old.stdout, "have no owner" in old.stdout, "what kernel this is was looked at")
        self.check("drift", "pass", evidence=r"whole since \d{4}-.* nothing had to be put right")
        self.break_accept()
        wait_until(self.accept_stands, "the accept is put back")
        found = self.await_drift("warn")
        self.assertRegex(found["evidence"], r"put right 1 time, last .*accept rule for the mark.*put back")
        self.assertIn("accept rule for the mark", self.bulkhead.log_text())
        self.switch(0)
        wait_until(lambda: "put right 2 times" in self.drift()["evidence"], "the switch is put right", 10)
        self.assertIn("bridge-nf-call-iptables=1", self.finding("drift")["evidence"])
        self.assertIn("set net.bridge.bridge-nf-call-iptables=1", self.bulkhead.log_text())
        self.check("bridge-nf-iptables", "pass")
        self.bulkhead.stop()
        self.check("drift", "skip")

    @unittest.skipIf(engines.has_nftables_backend(), "that backend has no place for a rule of ours")
    def test_report_only(self):
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"repair": False}))
        self.apply()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("drift", "pass")
        self.break_accept()
        found = self.await_drift("fail")
        self.assertRegex(found["evidence"], "not in force since .*accept rule.*not put back")
        self.assertFalse(self.accept_stands(), "only reported")
        self.engine.create_network("another", icc=False)
        self.run_shop(network="another")
        self.assertFalse(self.accept_stands(), "whatever else there is to do")
        self.await_drift("fail")
        self.assertIn('found, and not put back ("repair": false)', self.bulkhead.log_text())
        self.bulkhead.stop()
        self.bulkhead.start()
        self.bulkhead.settle()
        self.await_drift("pass")
        self.assertTrue(self.accept_stands(), "a start compares everything")
        self.addCleanup(self.switch, 1)
        self.switch(0)
        found = self.await_drift("fail")
        self.assertIn("switched off", found["evidence"])
        self.check("bridge-nf-iptables", "fail")
        self.switch(1)
        self.await_drift("pass")

    def element(self, verb, source, destination, port):
        key = f"{source.address()} . {destination.address()} . tcp . {port}"
        self.inside("nft", verb, "element", "inet", "bulkhead", "flows4", f'{{ {key} comment "by hand" }}'
                    if verb == "add" else f"{{ {key} }}")

    def test_what_others_changed_stays(self):
        """With "repair": false, also when something else happens; and what flow files and containers ask for is done."""
        app = self.run_shop()
        web, db = app["web"], app["db"]
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"repair": False, "owner": False}))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("drift", "pass")
        self.check("owner", "pass", evidence='"owner" is false')
        self.assert_doors(("open", web, db, {}), ("silent", web, db, {"port": 81}))

        def reported(evidence):
            wait_until(
                lambda: re.search(evidence, self.drift()["evidence"]),
                lambda: f"{evidence}: {self.document}\n{self.bulkhead.log_text()}",
            )
            self.assertEqual(self.finding("drift")["status"], "fail")

        self.element("delete", web, db, 80)
        reported(r"changed by nft \(pid \d+\): found, and not put back .*: \+1 -0 elements")
        self.element("add", web, db, 81)
        reported(r"changed by nft \(pid \d+\): .*: \+1 -1 elements")
        changed = [("silent", web, db, {}), ("open", web, db, {"port": 81})]
        self.assert_doors(*changed)
        self.check("policy", "fail", evidence="1 elements are missing .* 1 stand")

        # A container, a network, a flow file's own door: theirs is done, the rest stays.
        late = self.engine.run(**specification("shop", "web", 2, command=SERVE))
        self.engine.create_network("another")
        other = self.engine.run(**specification("shop", "web", 3, command=SERVE, network="another"))
        wait_until(lambda: other.address("another") in self.inside("nft", "list", "ruleset").stdout, "it is known")
        self.assert_doors(("open", late, db, {}), ("silent", late, db, {"port": 81}), *changed)
        late.remove()
        reported(r"\+1 -1 elements")
        self.assert_doors(*changed)
        self.assertEqual(self.bulkhead.log_text().count("not put back"), 2, self.bulkhead.log_text())

        # What is wanted of that very element changes: then it is nobody's but ours.
        web.restart()
        web.refresh()
        reported(r"\+0 -1 elements")
        wait_until(lambda: try_one(web, door(db)) == "open", "web is there again")
        self.assert_doors(("open", web, db, {}), ("open", web, db, {"port": 81}))

        # No tables at all: open, and reported, and no container puts them back.
        self.inside("nft", "delete", "table", "inet", "bulkhead")
        reported("changed by nft .*all of them")
        late = self.engine.run(**specification("shop", "web", 2, command=SERVE))
        self.assertNotIn("inet bulkhead", self.inside("nft", "list", "tables").stdout)
        reported("all of them")
        self.bulkhead.reload()
        self.await_drift("pass")
        self.bulkhead.settle()
        self.assert_doors(
            ("open", web, db, {}), ("silent", web, db, {"port": 81}), ("open", late, db, {}), ("silent", db, late, {})
        )
        self.check("policy", "pass")

    def test_what_others_changed_is_put_back(self):
        """The same with the default: at once."""
        app = self.run_shop()
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"owner": False}))
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_doors(("open", app["web"], app["db"], {}), ("silent", app["web"], app["db"], {"port": 81}))
        self.element("add", app["web"], app["db"], 81)
        wait_until(lambda: re.search(r"put right 1 time.* by nft \(pid", self.drift()["evidence"]), lambda: self.document)
        self.element("delete", app["web"], app["db"], 80)
        wait_until(lambda: "put right 2 times" in self.drift()["evidence"], lambda: f"{self.document}")
        self.assert_doors(("open", app["web"], app["db"], {}), ("silent", app["web"], app["db"], {"port": 81}))

    def test_flow_file_that_is_not_read_yet(self):
        self.run_shop()
        self.bulkhead.write_flows(shop())
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("policy", "pass")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.assertIn("systemctl reload", self.check("policy", "fail")["remedy"])
        self.bulkhead.reload()
        self.check("policy", "pass")

    def test_while_containers_come_and_go(self):
        """A host in use is no host that differs."""
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        enough = threading.Event()
        lives = []

        def churn():
            while not enough.is_set():
                lives.append(self.engine.run(**specification("shop", "web", len(lives))))
                if len(lives) % 2:
                    lives[-1].remove()

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(12):
                self.assertEqual(self.verify("--only", "policy,tables,drift"), 0, self.document["findings"])
            wait_until(lambda: len(lives) >= 6, "six containers have come", 60)
        finally:
            enough.set()
            thread.join()
        self.bulkhead.settle()

    def test_the_engine_is_no_stranger(self):
        """What the engine does to its own chains is not somebody's drift, and is put in order with "repair": false too."""
        for repair in (True, False):
            with self.subTest(repair=repair):
                self.bulkhead.write(self.bulkhead.config_file, json.dumps({"repair": repair}))
                self.bulkhead.stop()
                said = len(self.bulkhead.log_text())
                self.bulkhead.start()
                self.engine.restart()
                for number in range(3):
                    self.engine.create_network(f"net{number}-{repair}", icc=False)
                    self.engine.run(**specification("shop", f"web{number}{repair}", network=f"net{number}-{repair}"))
                self.bulkhead.settle()
                self.check("drift", "pass", evidence="nothing had to be put right")
                self.verify("--only", "docker-accept")
                self.assertEqual(set(self.found("docker-accept").values()), {"pass"})
                log = self.bulkhead.log_text()[said:]
                self.assertLessEqual(log.count("was put in order"), log.count("; the rules stay") + 1)

    def status_file(self):
        return f"/run/bulkhead/netns-{os.stat(self.engine.netns).st_ino}.status"

    def status(self):
        with open(self.status_file(), encoding="utf-8") as file:
            return file.read()

    def test_file_is_not_believed(self):
        self.bulkhead.start()
        self.bulkhead.settle()
        path = self.status_file()
        self.check("drift", "pass")
        # It would write it anew.
        self.bulkhead.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.bulkhead.process.send_signal, signal.SIGCONT)

        def good():
            """Its word, as if it had just been given."""
            return re.sub(r'"written_ms":\d+', f'"written_ms":{time.monotonic_ns() // NS_PER_MS}', said)

        said = self.status()
        for change in (lambda: os.chmod(path, 0o666), lambda: os.chown(path, 7, 7)):
            change()
            self.check("drift", "unknown", evidence="can be written by others")
            os.chmod(path, 0o644)
            os.chown(path, 0, 0)
        self.check("drift", "pass")
        for text in ("{}", good() + "{}", ""):
            self.bulkhead.write(path, text)
            self.check("drift", "unknown")
        self.bulkhead.write(path, good())
        self.check("drift", "pass")
        # A service that has just been started takes its lock first.
        os.unlink(path)
        self.check("drift", "unknown", evidence="the service runs .* has not said yet")
        timer = threading.Timer(0.5, self.bulkhead.write, (path, good()))
        timer.start()
        self.addCleanup(timer.join)
        self.check("drift", "pass")

    def test_word_of_a_service_that_hangs(self):
        """It is written again and again; what is old, or somebody else's, is nobody's word."""
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("drift", "pass")
        first = self.status()
        wait_until(lambda: self.status() != first, "the file is written anew", 10)
        pid = self.bulkhead.process.pid
        self.bulkhead.process.send_signal(signal.SIGSTOP)
        self.addCleanup(self.bulkhead.process.send_signal, signal.SIGCONT)
        good = self.status()
        self.check("drift", "pass")
        written = json.loads(good)["written_ms"]
        for later in (-16000, 3600000):
            self.bulkhead.write(self.status_file(), good.replace(f'"written_ms":{written}', f'"written_ms":{written + later}'))
            found = self.check("drift", "unknown", evidence=rf"the service \(pid {pid}\) has said nothing for")
            self.assertIn("it hangs, or cannot write", found["evidence"])
        self.bulkhead.write(self.status_file(), good.replace(f'"pid":{pid},', f'"pid":{pid + 1},', 1))
        self.check("drift", "unknown", evidence=rf"is that of pid {pid + 1}, but the service that runs is pid {pid}")
        self.bulkhead.process.send_signal(signal.SIGCONT)
        self.await_drift("pass")
        # What a killed one left is not its successor's word.
        self.bulkhead.kill()
        self.assertIn(f'"pid":{pid},', self.status())
        self.check("drift", "skip")
        self.bulkhead.start()
        self.bulkhead.settle()
        self.await_drift("pass")
        self.assertNotIn(f'"pid":{pid},', self.status())

    def test_file_that_cannot_be_written(self):
        """Then there is none, rather than an old one."""
        self.bulkhead.start()
        self.bulkhead.settle()
        self.check("drift", "pass")
        os.makedirs(f"{self.status_file()}.new/in/the/way")
        self.addCleanup(shutil.rmtree, f"{self.status_file()}.new")
        wait_until(lambda: not os.path.exists(self.status_file()), "the old file is removed", 10)
        self.check("drift", "unknown", evidence="has not said yet .* or cannot write")
        wait_until(lambda: "cannot be written" in self.bulkhead.log_text(), "a word in the log")


class Blind(VerifyTest):
    CHECKS = "host-network,shared-network,foreign-driver,privileged,net-admin,host-capabilities,engine-socket,guard-off,no-app,published-any"

    def warned(self):
        self.assertEqual(self.verify("--only", self.CHECKS), 0)
        return {
            (one["id"], one["subject"]) for one in self.document["findings"] if one["status"] != "pass"
        }

    def with_capabilities(self, *names):
        """What is said of the mounts by a verify with these alone, and with mounts of its own, as in a sandboxed unit."""
        bounds = ",".join(["-all", *(f"+{name.lower().removeprefix('cap_')}" for name in names)])
        answer = self.engine.run_inside(
            "unshare", "--mount", "setpriv", f"--bounding-set={bounds}", program_path(), "verify", "--json",
            "--only", "engine-socket", *self.bulkhead.options, check=False)
        return {(one["subject"], one["status"]) for one in json.loads(answer.stdout)["findings"]}

    def as_the_timer(self):
        """With what the unit leaves it all is seen; with less nobody is told that there is nothing."""
        self.verify("--only", "engine-socket")
        seen = {(one["subject"], one["status"]) for one in self.document["findings"]}
        with open(UNIT, encoding="utf-8") as file:
            names = re.search(r"^CapabilityBoundingSet=(.*)$", file.read(), re.MULTILINE)[1].split()
        self.assertEqual(self.with_capabilities(*names), seen)
        hidden = ("container shop-root-1", "unknown")
        self.assertIn(hidden, self.with_capabilities("CAP_NET_ADMIN", "CAP_SYS_PTRACE"))
        blind = self.with_capabilities("CAP_NET_ADMIN")
        self.assertLessEqual({hidden, ("container shop-usr-1", "unknown"), ("container shop-plain-1", "unknown"),
                              ("container shop-socket-1", "warn")}, blind)

    def test_containers(self):
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.run_shop()
        self.assertEqual(self.warned(), set())
        self.assertEqual(len(self.document["findings"]), 10)
        os.link(self.engine.socket, f"{self.engine.directory}/link")
        closed = f"{self.engine.directory}/closed"
        os.mkdir(closed, 0o700)
        os.symlink("/", f"{closed}/root")
        os.chown(closed, 65534, 65534)
        for name, device in (("leads", self.engine.directory), ("plain", "/usr")):
            options = {"type": "none", "o": "bind", "device": device}
            self.engine.api.json("POST", "/volumes/create", {"Name": name, "DriverOpts": options})
        ports = {"ExposedPorts": {"80/tcp": {}}}
        self.engine.run_all([specification("shop", name, **options) for name, options in {
            "host": {"network": "host"},
            "shares": {"network": "container:shop-web-1"},
            "admin": {"host_config": {"CapAdd": ["NET_ADMIN"]}},
            "raw": {"host_config": {"CapAdd": ["NET_RAW", "SYS_TIME"]}},
            "mounts": {"host_config": {"CapAdd": ["SYS_ADMIN"]}},
            "traces": {"host_config": {"CapAdd": ["SYS_PTRACE"], "PidMode": "host"}},
            "debugs": {"host_config": {"CapAdd": ["SYS_PTRACE"]}},
            "watches": {"host_config": {"PidMode": "host"}},
            "socket": {"host_config": {"Binds": [f"{self.engine.socket}:/docker.sock"]}},
            "run": {"host_config": {"Binds": ["/run:/host/run:ro"]}},
            "usr": {"host_config": {"Binds": ["/usr:/run"]}},
            # The socket under another name, a folder above it, and either as a volume.
            "linked": {"host_config": {"Binds": [f"{self.engine.directory}/link:/x"]}},
            "root": {"host_config": {"Binds": [f"{closed}/root:/x:ro"]}},
            "above": {"host_config": {"Binds": [f"{self.engine.directory}:/x:ro"]}},
            "volume": {"host_config": {"Binds": ["leads:/x"]}},
            "plain": {"host_config": {"Binds": ["plain:/x"]}},
            "public": {"host_config": {"PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}, **ports},
            "local": {"host_config": {"PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8081"}]}}, **ports},
        }.items()])
        self.assertEqual(self.warned(), {
            ("host-network", "container shop-host-1"),
            ("shared-network", "container shop-shares-1"),
            ("net-admin", "container shop-admin-1"),
            ("host-capabilities", "container shop-mounts-1"),
            ("host-capabilities", "container shop-traces-1"),
            ("engine-socket", "container shop-socket-1"),
            ("engine-socket", "container shop-run-1"),
            ("engine-socket", "container shop-linked-1"),
            ("engine-socket", "container shop-root-1"),
            ("engine-socket", "container shop-above-1"),
            ("engine-socket", "container shop-volume-1"),
            ("published-any", "container shop-public-1"),
        })
        self.assertIn("0.0.0.0:8080", self.finding("published-any")["evidence"])
        self.assertIn("shop-web-1", self.finding("shared-network")["evidence"])
        self.as_the_timer()
        # Where the flow file says who may come, the port is a matter of rules.
        self.bulkhead.write_flows({"app": "shop", "flows": [], "boundary": {"ingress": "declared"}})
        self.assertNotIn(("published-any", "container shop-public-1"), self.warned())

    def test_what_cannot_be_run_everywhere(self):
        """A privileged container needs every capability of the host's, which a test may not have."""
        self.engine.run(**specification("shop", "web"))
        self.check("privileged", "pass")
        for check, change in (
            ("privileged", {"Privileged": True}),
            ("net-admin", {"CapAdd": ["CAP_NET_ADMIN"]}),
            ("net-admin", {"CapAdd": ["CAP_CHOWN", "ALL"]}),
            ("host-capabilities", {"CapAdd": ["CAP_CHOWN", "ALL"]}),
            ("host-capabilities", {"CapAdd": ["SYS_MODULE"]}),
        ):
            inspected = rewrite(lambda container, change=change: container["HostConfig"].update(change))
            options = self.behind((r"/containers/[0-9a-f]{64}/json", inspected))
            self.assertEqual(self.verify("--only", "privileged,net-admin,host-capabilities", options=options), 0)
            self.assertEqual(self.finding(check, "shop-web-1")["status"], "warn")

    def test_apps_and_guard(self):
        self.bulkhead.write_flows({
            "app": "shop",
            "services": {"web": {"compose": "web", "guard": "off"}},
            "flows": [WEB_TO_DB],
        })
        self.run_shop()
        self.engine.run(**specification("shop", "other"))
        self.engine.run(**specification("stranger", "one"))
        self.engine.create(**specification("stranger", "stopped"))
        self.assertEqual(self.warned(), {
            ("guard-off", "container shop-web-1"),
            ("no-app", "container stranger-one-1"),
        })

    def test_other_bridge(self):
        self.addCleanup(self.inside, "ip", "link", "del", "lan0")
        self.inside("ip", "link", "add", "lan0", "type", "bridge")
        self.engine.create_network("mine", ipv6=False)
        self.run_shop("mine")
        self.check("other-bridge", "pass")
        self.addCleanup(self.inside, "ip", "link", "del", "lan1")
        self.inside("ip", "link", "add", "lan1", "type", "veth", "peer", "name", "lan2")
        self.inside("ip", "link", "set", "lan1", "master", "lan0")
        self.check("other-bridge", "warn", "bridge lan0", evidence="it has 1 port, ")
        self.assertEqual(len(self.found("other-bridge")), 1)
        # One that is excluded is the engine's, and icc-network speaks of it.
        self.bulkhead.write(self.bulkhead.config_file, json.dumps({"networks": {"exclude": ["mine"]}}))
        self.verify("--only", "other-bridge")
        self.assertEqual(len(self.found("other-bridge")), 1)

    def test_foreign_driver(self):
        self.check("foreign-driver", "pass")
        self.addCleanup(self.inside, "ip", "link", "del", "wire0")
        self.inside("ip", "link", "add", "wire0", "type", "veth", "peer", "name", "wire1")
        self.macvlan("odd", "wire0")
        self.check("foreign-driver", "warn", "network odd", evidence="its 0 containers")
        self.engine.run("on-odd", SERVE, network="odd")
        self.check("foreign-driver", "warn", "network odd", evidence="its 1 containers")

    def test_macvlan_on_a_managed_bridge(self):
        """Its containers are on the bridge, and no port of the bridge is theirs."""
        self.engine.create_network("shop_default", ipv6=False)
        self.macvlan("around", self.engine.bridge("shop_default"))
        self.check("foreign-driver", "fail", "network around", evidence="a bridge of network shop_default")
        self.engine.remove_network("around")
        self.check("foreign-driver", "pass")

    def macvlan(self, name, parent):
        subnet = self.engine.next_subnet()
        self.engine.networks_made += 1
        self.engine.api.json("POST", "/networks/create", {
            "Name": name, "Driver": "macvlan", "Options": {"parent": parent}, "IPAM": {"Config": [{"Subnet": subnet}]},
        })

    def test_flows(self):
        checks = "flow-unmatched,flow-apart"

        def warned():
            self.assertEqual(self.verify("--only", checks), 0)
            return {one["id"]: one["evidence"] for one in self.document["findings"] if one["status"] == "warn"}

        self.engine.create_network("one")
        self.engine.create_network("two")
        web = self.engine.run(**specification("shop", "web", network="one"))
        db = self.engine.run(**specification("shop", "db", network="one"))
        self.bulkhead.write_flows(shop(WEB_TO_DB, {"from": "world", "to": "web", "ports": ["80"]}))
        self.assertEqual(warned(), {})
        self.engine.connect("two", db)
        self.engine.disconnect("one", db)
        self.assertEqual(list(warned()), ["flow-apart"])
        self.engine.connect("two", web)
        self.assertEqual(warned(), {})
        db.stop()
        self.assertIn('shop/web -> shop/db: no running container is its "to"', warned()["flow-unmatched"])
        self.assertIn("shop.json:", self.finding("flow-unmatched")["subject"])
        self.bulkhead.write_flows(shop({"from": "webb", "to": "web", "ports": ["80"]}))
        self.assertIn('its "from"', warned()["flow-unmatched"])
        # Each of a list by itself.
        self.bulkhead.write_flows(shop({"from": ["web", "webb"], "to": ["web", "world"], "ports": ["80"]}))
        self.assertEqual(list(warned()), ["flow-unmatched"])
        self.assertIn('shop/webb -> shop/web, ...: no running container is its "from"', warned()["flow-unmatched"])

    def test_flows_of_lists_apart(self):
        for network in ("one", "two"):
            self.engine.create_network(network, ipv6=False)
        for service, network in (("web", "one"), ("db", "one"), ("job", "two")):
            self.engine.run(**specification("shop", service, network=network))
        for ends, wanted in (
            ({"from": ["web", "db"], "to": "web"}, []),
            ({"from": ["db", "job"], "to": "web"}, ["shop/job -> shop/web: "]),
            ({"from": "web", "to": ["db", "job"]}, ["shop/web -> shop/job: "]),
            ({"from": ["web", "*"], "to": "job"}, ["shop/web -> shop/job: "]),
            ({"from": ["web", "db"], "to": "job"}, ["shop/web -> shop/job: ", "shop/db -> shop/job: "]),
        ):
            with self.subTest(ends):
                self.bulkhead.write_flows(shop({**ends, "ports": ["80"]}))
                self.assertEqual(self.verify("--only", "flow-apart,flow-unmatched"), 0)
                said = [one["evidence"].split(": ")[0] + ": " for one in self.document["findings"] if one["status"] == "warn"]
                self.assertEqual(said, wanted)


class Unknown(VerifyTest):
    """What could not be told is never a yes."""

    def test_engine_unreachable(self):
        self.apply()
        options = ["--docker=unix:///nonexistent", *self.bulkhead.options[1:]]
        self.assertEqual(self.verify(options=options), 3)
        for check in ("engine", "icc-default", "icc-network", "policy", "docker-icc-drop", "privileged", "no-app"):
            self.assertEqual(self.finding(check)["status"], "unknown", check)
        for check in ("br-netfilter", "bridge-nf-iptables", "bridge-nf-ip6tables", "tables", "flow-files"):
            self.assertEqual(self.finding(check)["status"], "pass", check)
        self.assertEqual(self.verify("--only", "tables,br-netfilter", options=options), 0)
        # 3 wins over 1, and the findings are still there.
        self.bulkhead.must("clear")
        self.assertEqual(self.verify(options=options), 3)
        self.assertEqual(self.finding("tables")["status"], "fail")

    def test_no_permission(self):
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program_path()]
        os.chmod(self.engine.directory, 0o755)
        program = f"{self.bulkhead.directory}/program"
        shutil.copy(program_path(), program)
        command[-1] = program
        answer = self.engine.run_inside(*command, "verify", "--json", *self.bulkhead.options, check=False)
        self.assertEqual(answer.returncode, 3, answer.stderr)
        self.document = json.loads(answer.stdout)
        self.assertEqual(self.finding("tables")["status"], "unknown")
        self.assertIn("CAP_NET_ADMIN", self.finding("tables")["evidence"])
        self.assertEqual(self.finding("engine")["status"], "unknown")

    def test_api_errors(self):
        self.engine.run(**specification("shop", "web"))
        self.check("privileged", "pass")
        for alter in (refuse(500), refuse(403), garbage, rewrite(lambda container: container.pop("HostConfig"))):
            options = self.behind((r"/containers/[0-9a-f]{64}/json", alter))
            self.assertEqual(self.verify("--only", "privileged", options=options), 3)
            self.assertEqual(self.finding("privileged")["status"], "unknown")
        for path in ("/info", "/version", "/networks"):
            options = self.behind((path + "$", refuse(500)))
            self.assertEqual(self.verify("--only", "icc-default", options=options), 3)
            self.assertEqual(self.finding("icc-default")["status"], "unknown")


class Form(VerifyTest):
    icc = False

    def text(self, *arguments):
        return self.bulkhead.command("verify", *arguments)

    def test_lines(self):
        answer = self.text("--only", "tables,br-netfilter")
        self.assertEqual(answer.returncode, 1)
        lines = answer.stdout.splitlines()
        self.assertRegex(lines[0], r"^PASS  br-netfilter  \S")
        self.assertRegex(lines[1], r"^FAIL  tables        \S")
        self.assertRegex(lines[2], r"^      systemctl enable --now bulkhead")
        self.assertEqual(lines[-1], "1 passed, 0 warned, 1 failed, 0 could not be told")
        self.assertNotIn("\033", answer.stdout)

    def test_colours(self):
        """On a terminal only, and not where NO_COLOR is set."""
        line = " ".join([program_path(), "verify", "--only", "br-netfilter", *self.bulkhead.options])
        for environment, coloured in ((["-u", "NO_COLOR"], True), (["NO_COLOR=1"], False)):
            answer = self.engine.run_inside("env", *environment, "script", "-qec", line, "/dev/null")
            self.assertEqual("\033[32mPASS" in answer.stdout, coloured, answer.stdout)

    def test_quiet(self):
        answer = self.text("--quiet", "--only", "br-netfilter,icc-default,icc-network")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, "", ""))
        answer = self.text("--quiet", "--only", "br-netfilter,tables,owner")
        self.assertEqual(re.findall(r"^\w+", answer.stdout, re.MULTILINE), ["FAIL"])
        answer = self.bulkhead.command("verify", "--quiet", options=["--docker=unix:///none", *self.bulkhead.options[1:]])
        self.assertEqual(answer.returncode, 3)
        self.assertIn("could not be told: ", answer.stdout)

    def test_selection(self):
        self.verify()
        everything = {one["id"] for one in self.document["findings"]}
        self.assertEqual({one["group"] for one in self.document["findings"]}, {"icc", "datapath", "blind"})
        self.verify("--skip", "tables,icc-default")
        self.assertEqual({one["id"] for one in self.document["findings"]}, everything - {"tables", "icc-default"})
        self.verify("--only", "tables,owner", "--skip", "owner")
        self.assertEqual({one["id"] for one in self.document["findings"]}, {"tables"})
        self.verify("--only", "tables", "--all")
        self.assertEqual({one["group"] for one in self.document["findings"]}, {"datapath", "engine", "host"})
        for option in ("--only", "--skip"):
            answer = self.text(option, "tables,icc-netwrk")
            self.assertEqual((answer.returncode, answer.stdout), (2, ""))
            self.assertIn('did you mean "icc-network"?', answer.stderr)
            self.assertEqual(self.text(option, "tables,").returncode, 1)
        self.assertEqual(self.text("--only", "9.9").returncode, 2)
        self.assertEqual(self.text("--root", "relative").returncode, 2)

    def test_nothing_is_changed(self):
        before = self.inside("nft", "list", "tables").stdout
        self.verify()
        self.assertEqual(self.inside("nft", "list", "tables").stdout, before)
        self.assertEqual(os.listdir(self.bulkhead.state_directory), [])

    def test_schema(self):
        try:
            import jsonschema  # pylint: disable=import-outside-toplevel
        except ImportError:
            self.skipTest("no python3-jsonschema")
        with open(f"{DOCUMENTS}/../schema/verify.schema.json", encoding="utf-8") as file:
            schema = json.load(file)
        self.verify()
        jsonschema.validate(self.document, schema)
        self.verify(options=["--docker=unix:///none", *self.bulkhead.options[1:]])
        jsonschema.validate(self.document, schema)


class Newcomer(VerifyTest):
    """A host as it comes: verify says what is wrong; its remedies are followed; it says PASS."""

    def test_the_way(self):
        engine = engines.make(icc=True)
        self.addCleanup(engine.destroy)
        engine.start()
        engine.create_network("shop_default", ipv6=False)
        for service in ("web", "db"):
            engine.run(**specification("shop", service, network="shop_default"))
        self.engine, self.bulkhead = engine, Bulkhead(engine)
        self.addCleanup(self.bulkhead.close)
        engine.run_inside("sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=0")

        self.assertEqual(self.verify(), 1)
        remedies = {one["id"]: one["remedy"] for one in self.document["findings"] if one["status"] == "fail"}
        self.assertEqual(set(remedies), {"icc-default", "icc-network", "bridge-nf-iptables", "tables", "policy"})

        # bridge-nf-iptables: the first line is the command.
        command = remedies["bridge-nf-iptables"].split("   ")[0].split()
        engine.run_inside(*command)
        # icc-default: daemon.json; the engine's command line here decides it, as the file would.
        self.assertIn('"icc": false', remedies["icc-default"])
        for service in ("web", "db"):
            engine.api.request("DELETE", f"/containers/shop-{service}-1", query={"force": 1})
        engine.restart(icc=False)
        # icc-network: the network made anew with the option.
        option = re.search(r"docker network create -o (\S+)=(\S+) shop_default", remedies["icc-network"])
        engine.remove_network("shop_default")
        engine.create_network("shop_default", ipv6=False, options={option[1]: option[2]})
        for service in ("web", "db"):
            engine.run(**specification("shop", service, network="shop_default"))
        # no-app: a flow file; tables: the service.
        self.assertEqual(self.finding("no-app", "shop-web-1")["status"], "warn")
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.assertIn("systemctl enable --now bulkhead", remedies["tables"])
        self.bulkhead.start()
        self.bulkhead.settle()

        self.assertEqual(self.verify(), 0, self.document["findings"])
        self.assertEqual({one["status"] for one in self.document["findings"]}, {"pass", "skip"} & {
            one["status"] for one in self.document["findings"]}, self.document["findings"])
        answer = self.bulkhead.command("verify", "--quiet")
        self.assertEqual((answer.returncode, answer.stdout, answer.stderr), (0, "", ""))


if __name__ == "__main__":
    unittest.main()
