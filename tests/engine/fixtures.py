# SPDX-License-Identifier: GPL-2.0-or-later
"""What several test modules have in common: Compose-like containers, and a test case with an engine and bulkhead."""
import re
import unittest

import engine as engines
from bulkhead import Bulkhead
from traffic import Stream, target, try_all


def compose(app, service, number=1):
    return {
        "com.docker.compose.project": app,
        "com.docker.compose.service": service,
        "com.docker.compose.container-number": str(number),
    }


def specification(app, service, number=1, command=("hold",), **options):
    """Arguments of Engine.run for a container as Compose makes it."""
    return {
        "name": f"{app}-{service}-{number}",
        "command": command,
        "labels": compose(app, service, number),
        **options,
    }


SERVE = ("serve", "/receipts", "tcp:80-82", "udp:80-82")


def shop(*flows, mode=None):
    document = {"app": "shop", "flows": list(flows)}
    if mode:
        document["mode"] = mode
    return document


WEB_TO_DB = {"from": "web", "to": "db", "ports": ["80/tcp", "80/udp"], "note": "orders"}


def normalised_ruleset(engine, table=None):
    """The ruleset's text without what moves by itself: counters, ages of remembered denials, process names, handles."""
    if table:
        text = engine.run_inside("nft", "list", "table", *table).stdout
    else:
        text = engine.engine_runs("nft", "list", "ruleset")
    text = re.sub(r"packets \d+ bytes \d+", "packets 0 bytes 0", text)
    text = re.sub(r"counter packets 0 bytes 0", "counter", text)
    text = re.sub(r" expires \w+", "", text)
    text = re.sub(r" # progname \S+", "", text)
    return text


def door(destination, port=80, protocol="tcp", family=4, network=None):
    """What the probe is to try.  A container's only network needs no name."""
    return target(protocol, destination.address(network, family), port)


class EngineTest(unittest.TestCase):
    """An engine without containers, and bulkhead not running, at the start of each test."""

    icc = True
    userland_proxy = True

    @classmethod
    def setUpClass(cls):
        cls.engine = engines.shared(cls.icc, cls.userland_proxy)

    def setUp(self):
        self.engine = engines.shared(self.icc, self.userland_proxy)
        self.bulkhead = Bulkhead(self.engine)
        self.addCleanup(self.bulkhead.close)

    def stream(self, *arguments, **options):
        stream = Stream(*arguments, **options)
        self.addCleanup(stream.close)
        return stream

    def run_shop(self, network="bridge", services=("web", "db"), command=SERVE):
        """One container a service, by service."""
        containers = self.engine.run_all(
            [specification("shop", service, command=command, network=network) for service in services]
        )
        return dict(zip(services, containers))

    def assert_doors(self, *doors):
        """Tries all at once.  A door: (expected, source, destination, options of `door`)."""
        wishes = [(source, [door(destination, **options)]) for _, source, destination, options in doors]
        results = try_all(wishes)
        wrong = [
            f"{source.name} -> {destination.name} {wanted}: {result[wanted][0]}, not {expected}"
            for (expected, source, destination, _), (_, [wanted]), result in zip(doors, wishes, results)
            if result[wanted][0] != expected
        ]
        self.assertFalse(wrong, "\n".join(wrong))

    def assert_open(self, source, destination, **options):
        self.assert_doors(("open", source, destination, options))

    def assert_closed(self, source, destination, **options):
        self.assert_doors(("silent", source, destination, options))

    def assert_closed_altogether(self, source, destination, network=None):
        """Both ways, both families, every protocol."""
        ways = [(source, destination), (destination, source)]
        self.assert_doors(
            *(
                ("silent", one, other, {"protocol": protocol, "family": family, "network": network})
                for one, other in ways
                for family in (4, 6)
                for protocol in ("tcp", "udp", "icmp")
            )
        )

    def assert_web_to_db(self, source, destination, network=None):
        """What WEB_TO_DB says is open, on both families; the next port, and the other way, are closed."""
        doors = []
        for family in (4, 6):
            options = {"family": family, "network": network}
            doors += [("open", source, destination, {**options, "protocol": protocol}) for protocol in ("tcp", "udp")]
            doors += [("silent", source, destination, {**options, "port": 81})]
            doors += [("silent", source, destination, {**options, "protocol": "icmp"})]
            doors += [("silent", destination, source, options)]
        self.assert_doors(*doors)
