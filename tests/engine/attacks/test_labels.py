# SPDX-License-Identifier: GPL-2.0-or-later
"""
Labels that lie: names full of what terminals, parsers and rules take for something else.  They open nothing, and they
break no rule, comment, log, JSON or terminal.

Invalid UTF-8 cannot be had of this engine: its API decodes labels from JSON, and Go writes U+FFFD for each byte that is
none.  That it is sent all the same is the control here; bytes that are really wrong are the business of the fuzz harness
of the API's parser.
"""
import json
import unittest

from attacks import packets
from attacks.common import CONTROL_ONLY, WITNESS_PORT, AttackTest
from docker_api import wait_until
from engine import IMAGE, Container

LIES = {
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f" + "".join(map(chr, range(0x80, 0xA0))),
    "NUL in the middle": "shop\0evil",
    "NUL at the end": "shop\0",
    "colours and a cleared screen": "\x1b[31m\x1b[2J\x1b[Hshop",
    "a window's title": "\x1b]0;shop\x07",
    "a terminal that answers": "\x1b[6n\x1bP$q\"p\x1b\\",
    "a line of its own": "shop\nshop: +1 flow for shop-web-1",
    "a carriage return": "evil\rshop",
    "64 KiB": "A" * 65536,
    "64 KiB of escapes": "\x1b[5m" * 16384,
    "quotes": "\"'`shop\"'`",
    "an end of comment and of set": "\" } ; delete table inet bulkhead ; { \"",
    "backslashes": "\\\\\" \\n \\u0000 \\",
    "conversions": "%s%s%n%99999d",
    "a path": "../../../../etc/bulkhead/flows.d/shop",
    "a service as an app": "shop/web",
    "everybody": "*/*",
    "everybody of an app": "*",
    "the world": "world",
    "the host": "host",
    "nobody": "",
    "spaces around": " shop ",
    "capitals": "SHOP",
    "right to left": "\u202epohs",
    "nothing to see": "shop\u200b",
    "another alphabet": "ѕһор",
    "replacement characters": "shop\ufffd",
    "planes": "shop\U0001f4a3",
    "JSON": '{"app":"shop","flows":[]}',
}
INVALID = b"shop\xff\xfe\xc3\x28\xed\xa0\x80\xf8\x88\x80\x80\x80"
KEYS = [
    "com.docker.compose.project",
    "com.docker.compose.service",
    "com.docker.stack.namespace",
    "com.docker.swarm.service.name",
    "bulkhead.app",
    "bulkhead.service",
]


def labels(lie):
    """The lie wherever a label is looked at, and truths beside it that alone mean nothing."""
    return {
        "com.docker.compose.project": lie,
        "com.docker.compose.service": "web",
        "com.docker.stack.namespace": lie,
        "com.docker.swarm.service.name": lie,
        "bulkhead.app": lie,
        "bulkhead.service": "web",
        f"com.docker.compose.project/{lie[:1000]}": "shop",
        f"{lie[:1000]}/bulkhead.app": lie,
    }


class Labels(AttackTest):
    def run_liars(self):
        liars = self.engine.run_all(
            [
                {"name": f"liar-{number}", "network": "app", "labels": labels(lie)}
                for number, lie in enumerate(LIES.values())
            ]
        )
        # A lie as the service of a true app: it is of that app, and no service of it.
        liars.append(
            self.engine.run(
                "half-liar",
                network="app",
                labels={"com.docker.compose.project": "shop", "com.docker.compose.service": LIES["colours and a cleared screen"]},
            )
        )
        liars.append(self.run_invalid())
        return dict(zip([*LIES, "a true app's false service", "invalid UTF-8"], liars))

    def run_invalid(self):
        """The bytes as they are, in the request's body."""
        body = json.dumps(
            {"Image": IMAGE, "Entrypoint": ["/probe"], "Cmd": ["hold"], "HostConfig": {"NetworkMode": "app"},
             "Labels": dict.fromkeys(KEYS, "LIE")}
        ).encode().replace(b"LIE", INVALID)  # fmt: skip
        created = self.engine.api.json("POST", "/containers/create", body, query={"name": "invalid"})
        return Container(self.engine, created["Id"], "invalid", {}).start()

    def knock(self, liars):
        """All send to what only web may reach, then somebody else what is declared: ({name: mark}, that one's mark)."""
        marks, later = {}, packets.new_mark()
        for name, liar in liars.items():
            marks[name] = packets.new_mark()
            me = self.scene.party(liar)
            self.scene.send(
                me, *(self.scene.udp(me, self.scene.db, 81, marks[name].encode(), family) for family in (4, 6))
            )
        # Not from a liar, which has nothing that is declared.  It comes by the same bridge, after all of them.
        self.scene.send(
            self.scene.evil, self.scene.udp(self.scene.evil, self.scene.db, WITNESS_PORT, later.encode())
        )
        return marks, later

    def assert_plain(self, text, what):
        """Nothing that a terminal would take for an order, and no line without an end."""
        for line in text.split("\n"):
            self.assertTrue(line.replace("\t", " ").isprintable(), f"{what}: {line[:200]!r}")
            self.assertLess(len(line), 4096, f"{what}: {line[:200]!r}…")

    def commands(self):
        choices = [[], ["--endpoints"], ["--networks"], ["--denied"], ["--endpoints", "--networks", "--denied"]]
        for choice in choices:
            for json_too in ([], ["--json"]):
                yield ["list", *choice, *json_too]
        yield ["list", "--app", "shop"]
        yield ["plan"]
        yield ["plan", "--json"]

    def assert_output(self):
        for command in self.commands():
            with self.subTest(f"plain: bulkhead {' '.join(command)}"):
                answer = self.bulkhead.must(*command)
                self.assertEqual(answer.stderr, "")
                if "--json" in command:
                    json.loads(answer.stdout)
                    # Escaped or not, no control character stands in a document.
                    self.assertFalse([c for c in answer.stdout if ord(c) < 32 and c not in "\n\t"])
                    self.assertFalse([c for c in answer.stdout if 0x7F <= ord(c) < 0xA0])
                else:
                    self.assert_plain(answer.stdout, " ".join(command))
        for family in ("inet", "bridge"):
            with self.subTest(f"plain: nft list table {family} bulkhead"):
                self.assert_plain(
                    self.engine.run_inside("nft", "list", "table", family, "bulkhead").stdout, f"table {family}"
                )
        with self.subTest("plain: the log"):
            self.assert_plain(self.bulkhead.log_text(), "log")

    def test_labels(self):
        self.begin()
        liars = self.run_liars()
        listener = self.scene.db.listener
        for name, mark in self.knock(liars)[0].items():
            with self.subTest(f"open: {name}"):
                listener.expect(mark, name)
        with self.subTest("invalid UTF-8 is replaced by the engine"):
            detail = self.engine.api.json("GET", f"/containers/{liars['invalid UTF-8'].id}/json")
            self.assertIn("\ufffd", detail["Config"]["Labels"]["bulkhead.app"])
        if CONTROL_ONLY:
            return
        self.guard()
        marks, later = self.knock(liars)
        listener.expect(later, "the declared packet arrives")
        for name, mark in marks.items():
            with self.subTest(f"closed: {name}"):
                self.assertEqual(listener.heard(mark), [])
        self.assert_output()
        # They come and go, and change their names, under the service's eyes.
        for number, liar in enumerate(liars.values()):
            if number % 3 == 0:
                liar.rename(f"renamed-{number}")
            elif number % 3 == 1:
                liar.restart()
        self.bulkhead.settle()
        wait_until(lambda: "renamed-0" in self.bulkhead.must("list", "--endpoints").stdout, "the new name is listed")
        self.assert_output()
        self.assertIsNone(self.bulkhead.process.poll(), "the service lives")
        web, db = self.scene.web.container, self.scene.db.container
        self.assert_doors(
            *(("open", web, db, {"port": 81, "protocol": protocol, "family": family})
              for protocol in ("tcp", "udp") for family in (4, 6)),
            ("silent", web, db, {"port": 82}),
        )  # fmt: skip


if __name__ == "__main__":
    unittest.main()
