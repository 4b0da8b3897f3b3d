# SPDX-License-Identifier: GPL-2.0-or-later
"""The confined service does its work; that it is confined Bulkhead.start asserts in every module."""
import os
import shutil
import unittest

import engine as engines
from bulkhead import Bulkhead
from docker_api import wait_until
from fixtures import WEB_TO_DB, EngineTest, shop
from test_verify_audit import make_certificates

SWITCH = "/proc/sys/net/bridge/bridge-nf-call-iptables"


class Works(EngineTest):
    def test_repairs_and_reloads(self):
        app = self.run_shop()
        self.assert_open(app["web"], app["db"], port=81)
        self.bulkhead.write_flows(shop(WEB_TO_DB))
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_web_to_db(app["web"], app["db"])
        self.engine.run_inside("sh", "-c", f"echo 0 >{SWITCH}")
        wait_until(lambda: self.engine.run_inside("cat", SWITCH).stdout == "1\n", "br_netfilter is on again", 10)

        # A directory that the service did not know when it started, though its owner and mode are in order.
        elsewhere = f"{self.engine.directory}/elsewhere/flows.d"
        os.makedirs(elsewhere)
        shutil.copy(self.bulkhead.flow_path("shop"), elsewhere)
        os.rename(self.bulkhead.flows_directory, f"{self.bulkhead.directory}/old")
        os.symlink(elsewhere, self.bulkhead.flows_directory)
        self.bulkhead.reload()
        self.assertIn("restart it", self.bulkhead.log_text())
        self.assert_web_to_db(app["web"], app["db"])
        os.unlink(self.bulkhead.flows_directory)
        # Another one in the old one's place is read.
        os.mkdir(self.bulkhead.flows_directory, mode=0o755)
        self.bulkhead.write_flows(shop())
        self.bulkhead.reload()
        self.bulkhead.settle()
        self.assert_closed(app["web"], app["db"])
        self.bulkhead.stop()
        os.rename(self.bulkhead.flows_directory, f"{self.bulkhead.directory}/old2")
        os.symlink(elsewhere, self.bulkhead.flows_directory)
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_web_to_db(app["web"], app["db"])

    def test_what_others_can_write_is_not_used(self):
        """The configuration says observe; when others can write it, it says nothing."""
        app = self.run_shop()
        self.bulkhead.write(self.bulkhead.config_file, '{ "mode": "observe" }')
        self.bulkhead.write_flows(shop())
        self.bulkhead.start()
        self.bulkhead.settle()
        self.assert_open(app["web"], app["db"])
        self.bulkhead.stop()
        os.chmod(self.bulkhead.config_file, 0o666)
        os.chmod(self.bulkhead.state_directory, 0o777)
        self.addCleanup(os.chmod, self.bulkhead.state_directory, 0o755)
        bridges = f"{self.bulkhead.state_directory}/bridges"
        os.unlink(bridges)
        self.bulkhead.start()
        wait_until(self.bulkhead.follows_the_engine, self.bulkhead.log_text, 20)
        self.assert_closed_altogether(app["web"], app["db"])
        for sentence in (
            f"the configuration {self.bulkhead.config_file} is not read: group or others can write",
            f"the state directory {self.bulkhead.state_directory} is not used: group or others can write",
            "chmod go-w",
        ):
            self.assertIn(sentence, self.bulkhead.log_text())
        self.assertFalse(os.path.exists(bridges))
        self.bulkhead.stop()
        os.chmod(self.bulkhead.config_file, 0o644)


@unittest.skipUnless(shutil.which("openssl"), "makes its certificates with openssl")
class Tls(unittest.TestCase):
    def test_a_name_and_certificates(self):
        engine = engines.make(icc=True, flags={"host": "tcp://127.0.0.1:2376"})
        self.addCleanup(engine.destroy)
        directory = f"{engine.directory}/tls"
        files = make_certificates(directory)
        engine.flags.update({"tlsverify": "true", **files})
        engine.start()
        bulkhead = Bulkhead(engine, docker="tcp://localhost:2376")
        self.addCleanup(bulkhead.close)
        bulkhead.environment = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": directory}
        bulkhead.start()
        wait_until(lambda: "following tcp://localhost:2376" in bulkhead.log_text(), bulkhead.log_text, 15)
        engine.stop()
        engine.start()
        wait_until(lambda: bulkhead.log_text().count("trying again") >= 1, bulkhead.log_text, 15)
        engine.create_network("later")
        wait_until(lambda: "later" in str(bulkhead.list("--networks")), bulkhead.log_text, 20)
        with open(f"{directory}/key.pem", encoding="ascii") as key:
            self.assertNotIn(key.read().split("\n")[1], bulkhead.log_text())


if __name__ == "__main__":
    unittest.main()
