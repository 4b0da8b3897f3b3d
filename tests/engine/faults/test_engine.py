# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine stops, dies, restarts, lies, or says nothing more."""
import os
import signal
import threading
import time
import unittest

from docker_api import ApiError, wait_until
from faults.common import FaultTest
from faults.proxy import Proxy
from fixtures import specification
from traffic import NS_PER_MS

SECOND = 1000 * NS_PER_MS


class EngineTestCase(FaultTest):
    guests = 0

    def begin_behind_proxy(self):
        self.proxy = Proxy(self.engine)
        self.addCleanup(self.proxy.close)
        self.bulkhead.options[0] = f"--docker={self.proxy.docker_url}"
        self.begin()

    def guest(self):
        """Somebody who is new: a replica of web, with the flow of web."""
        self.guests += 1
        return self.engine.run(**specification("shop", "web", 100 + self.guests, network=self.network))

    def knows(self, container):
        flows = self.bulkhead.list("--app", "shop")["flows"]
        return any(flow["source"]["address"] == container.address() for flow in flows)

    def names(self):
        return {flow["source"]["container"] for flow in self.bulkhead.list("--app", "shop")["flows"]}

    def follows_again(self, seconds=20):
        guest = self.guest()
        wait_until(lambda: self.knows(guest), lambda: f"it follows again\n{self.bulkhead.log_text()[-2000:]}", seconds)
        guest.remove()


class Answers(EngineTestCase):
    def test_wrong_late_or_in_part(self):
        self.begin_behind_proxy()
        for kind, value, name in (
            ("status", 500, "the engine answers with errors"),
            ("cut", None, "its answers are cut off"),
            ("malformed", None, "its answers are malformed"),
            ("delay", 5, "it answers after 5 s"),
        ):
            with self.subTest(name):
                since = time.monotonic_ns()
                log = len(self.bulkhead.log_text())
                self.proxy.fault, self.proxy.answered = (kind, value), 0
                guest = self.guest()
                wait_until(lambda: self.proxy.answered >= 2, "it asks")
                if kind == "delay":
                    wait_until(lambda: self.knows(guest), "a late answer is an answer", 30)
                else:
                    wait_until(lambda: "the rules stay, trying again" in self.bulkhead.log_text()[log:], "it says so")
                    self.assertFalse(self.knows(guest))
                self.proxy.fault = (None, None)
                wait_until(lambda: self.knows(guest), "it learns of it afterwards", 30)
                guest.remove()
                self.end_fault(name, "the rules stay; asked again", since)

    def test_stream_stalls(self):
        """Neither closed nor ended: renewed when it has been silent for a while."""
        self.begin_behind_proxy()
        self.proxy.stall_streams()
        guest = self.guest()  # whom the kernel tells of, by its link
        wait_until(lambda: self.knows(guest), "who has a new port is asked for")
        guest.rename("another")
        wait_until(lambda: self.proxy.swallowed >= 2, "events are lost")
        opened = self.proxy.streams
        self.assertNotIn("another", self.names())
        # Half a minute passes.
        self.fault.monotonic_ns += 31 * SECOND
        wait_until(lambda: self.proxy.streams > opened, "the stream is opened anew", 10)
        wait_until(lambda: "another" in self.names(), "what was missed is learned", 10)
        self.follows_again()
        guest.remove()
        self.end_fault("the stream of events stalls", "renewed after 30 s of silence")

    def test_streams_of_rubbish(self):
        self.begin_behind_proxy()
        self.proxy.alter_event = lambda line: line[: len(line) // 2] + b"\n"
        self.follows_again()
        self.proxy.alter_event = lambda line: b"\x00\xff{" * 20000 + b"\n"
        self.follows_again()
        self.proxy.alter_event = lambda line: line
        self.follows_again()
        self.end_fault("events are cut, or rubbish", "everything is looked at")

    def test_socket_is_replaced(self):
        self.begin_behind_proxy()
        old = self.proxy
        os.unlink(old.path)
        self.proxy = Proxy(self.engine)
        self.addCleanup(self.proxy.close)
        self.follows_again(60)
        old.stall_streams()
        self.end_fault("its socket is replaced", "the new one is used when the old one ends or is silent")

    def test_clock_jumps(self):
        self.begin_behind_proxy()
        for name, field, jump in (
            ("an hour back", "realtime_ns", -3600 * SECOND),
            ("a day on", "realtime_ns", 86400 * SECOND),
            ("to 1970", "realtime_ns", -time.time_ns()),
        ):
            with self.subTest(name):
                since = time.monotonic_ns()
                setattr(self.fault, field, jump)
                self.follows_again()
                # And while it subscribes anew.
                opened = self.proxy.streams
                for connection in self.proxy.open_streams:
                    if connection.sock:
                        connection.sock.shutdown(2)
                wait_until(lambda: self.proxy.streams > opened, "it subscribes again", 10)
                self.follows_again()
                self.end_fault(f"the clock jumps {name}", "nothing", since)


class Bursts(EngineTestCase):
    def test_two_thousand_events_at_once(self):
        """Of a reader that is so far behind the engine drops some, without a word."""
        self.begin(faulty=False)
        self.bulkhead.process.send_signal(signal.SIGSTOP)
        threads = [threading.Thread(target=self.rename, args=(self.engine.create(f"burst-{i}"), 500)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        guest = self.guest()
        self.bulkhead.process.send_signal(signal.SIGCONT)
        wait_until(lambda: self.knows(guest), "who started in the middle is known", 20)
        self.bulkhead.settle()
        self.follows_again()
        self.end_fault("2,000 events at once", "looked at once more")

    @staticmethod
    def rename(container, times):
        name = container.name
        for number in range(times):
            try:
                container.rename(f"{name}-{number}")
            except ApiError:
                pass

    def test_netlink_buffers_overrun(self):
        """More changes of rules and links than the buffers hold, and the last ones are those that count."""
        self.fault.no_flags = self.fault.small_buffers = 1
        self.begin()
        self.assertGreater(self.fault.happened, 1)
        since = time.monotonic_ns()
        self.bulkhead.process.send_signal(signal.SIGSTOP)
        elements = ", ".join(f"10.{i >> 8}.{i & 255}.1" for i in range(2000))
        table = f"table ip somebody {{\nset s {{\ntype ipv4_addr\nelements = {{ {elements} }}\n}}\n}}"
        for text in (table, "delete table ip somebody"):
            self.engine.run_inside("nft", "-f", "-", input=text + "\n")
        links = "".join(f"link add v{i} type veth peer name w{i}\nlink del v{i}\n" for i in range(5))
        self.engine.run_inside("ip", "-batch", "-", input=links)
        self.engine.run_inside("nft", "flush", "set", "inet", "bulkhead", "flows4")
        guest = self.guest()
        sockets = [line.split() for line in self.engine.run_inside("cat", "/proc/net/netlink").stdout.splitlines()[1:]]
        dropped = {socket[1] for socket in sockets if int(socket[8])}
        awake = time.monotonic_ns()
        self.bulkhead.process.send_signal(signal.SIGCONT)
        wait_until(lambda: self.knows(guest), "what was lost is found", 20)
        self.bulkhead.settle()
        self.assertEqual(dropped, {"0", "12"}, "rtnetlink and nfnetlink")
        self.end_fault("netlink's buffers overrun (ENOBUFS)", "everything is compared", since, awake=awake)


class Restarts(EngineTestCase):
    def test_restarts(self):
        self.begin(faulty=False)
        for name, do in (
            ("the engine is killed", self.kill),
            ("restarted with live-restore", self.engine.restart),
            ("restarted with ICC off", lambda: self.engine.restart(icc=False)),
            ("restarted with ICC on", lambda: self.engine.restart(icc=True)),
        ):
            with self.subTest(name):
                since = time.monotonic_ns()
                do()
                self.follows_again(30)
                self.bulkhead.settle(20)
                self.end_fault(name, "the rules stay", since)

    def kill(self):
        self.engine.kill()
        self.engine.start()


if __name__ == "__main__":
    unittest.main()
