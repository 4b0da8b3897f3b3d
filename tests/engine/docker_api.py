# SPDX-License-Identifier: GPL-2.0-or-later
"""The engine's HTTP API over its unix socket, as far as the tests need it."""
import http.client
import json
import socket
import struct
import time
import urllib.parse

from pace import patience


class ApiError(Exception):
    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


def wait_until(condition, what, seconds=15.0, interval=0.01):
    """The first true value of condition(); fails with `what` (a text, or a function that makes one)."""
    seconds = patience(seconds)
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(interval)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(None if self.timeout is None else patience(self.timeout))
        self.sock.connect(self.path)


class Api:
    """One connection a request, so that threads need not agree on anything."""

    def __init__(self, path):
        self.path = path

    def request(self, method, path, body=None, query=None, timeout=60, content_type="application/json"):
        """The answer's bytes."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        headers = {}
        if body is not None:
            headers["Content-Type"] = content_type
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        connection = UnixConnection(self.path, timeout)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise ApiError(response.status, f"{method} {path}: {data.decode(errors='replace').strip()}")
        return data

    def json(self, method, path, body=None, query=None, timeout=60):
        data = self.request(method, path, body, query, timeout)
        return json.loads(data) if data.strip() else None


def unmultiplex(data):
    """The text of a log or an attached stream: frames of eight bytes of header and their content."""
    text = b""
    while len(data) >= 8:
        (length,) = struct.unpack(">I", data[4:8])
        text += data[8 : 8 + length]
        data = data[8 + length :]
    return text.decode()
