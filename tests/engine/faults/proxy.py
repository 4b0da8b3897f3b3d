# SPDX-License-Identifier: GPL-2.0-or-later
"""A real engine at another socket, whose answers can be made to come late, wrong, in part or not at all."""
import http.client
import http.server
import json
import os
import socketserver
import threading
import time

from docker_api import UnixConnection


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # pylint: disable=invalid-name
        proxy = self.server
        connection = UnixConnection(proxy.engine_socket, None)
        try:
            connection.request("GET", self.path)
            response = connection.getresponse()
            if "/events" in self.path and response.status == 200:
                self.relay_events(connection, response)
            else:
                self.answer(response.status, response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.close_connection = True
        finally:
            connection.close()

    def answer(self, status, body):
        kind, value = self.server.fault
        self.server.answered += 1
        if kind == "delay":
            time.sleep(value)
        if kind == "status":
            status, body = value, json.dumps({"message": "no"}).encode()
        length = len(body)
        if kind == "cut":
            body = body[: length // 2]
        if kind == "malformed":
            body = body[: length // 2]
            length = len(body)
        if kind == "silent":
            self.server.gate.wait()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        if kind == "cut":
            self.close_connection = True

    def relay_events(self, connection, response):
        proxy = self.server
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        proxy.streams += 1
        mine = proxy.stalls  # streams that are opened after a stall are whole
        with proxy.lock:
            proxy.open_streams.append(connection)
        try:
            while line := response.readline():
                if proxy.stalls != mine:
                    proxy.swallowed += 1
                    continue
                line = proxy.alter_event(line)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.write(b"0\r\n\r\n")
        finally:
            self.close_connection = True

    def address_string(self):
        return "unix"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class Proxy(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, engine, name="proxy"):
        self.engine_socket = engine.socket
        self.path = f"{engine.directory}/{name}.sock"
        self.docker_url = f"unix://{self.path}"
        self.fault = (None, None)
        self.gate = threading.Event()
        self.lock = threading.Lock()
        self.open_streams = []
        self.stalls = self.streams = self.swallowed = self.answered = 0
        self.alter_event = lambda line: line
        if os.path.exists(self.path):
            os.unlink(self.path)
        super().__init__(self.path, Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stall_streams(self):
        """Those that are open now never say a word again, and stay open."""
        self.stalls += 1

    def handle_error(self, *_):  # pylint: disable=arguments-differ
        """Who asked has heard enough."""

    def close(self):
        self.gate.set()
        self.shutdown()
        self.server_close()
        for connection in self.open_streams:
            if connection.sock:
                connection.sock.close()
        if os.path.exists(self.path):
            os.unlink(self.path)
