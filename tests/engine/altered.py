# SPDX-License-Identifier: GPL-2.0-or-later
"""A real engine whose answers are altered on their way: for states that this engine refuses to be in, and for errors."""
import http.client
import http.server
import json
import os
import re
import socketserver
import threading

from docker_api import UnixConnection


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):  # pylint: disable=invalid-name
        connection = UnixConnection(self.server.engine_socket, 60)
        try:
            connection.request("GET", self.path)
            response = connection.getresponse()
            status, body = response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            status, body = 502, str(error).encode()
        finally:
            connection.close()
        for pattern, alter in self.server.alterations:
            if re.search(pattern, self.path):
                status, body = alter(status, body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "unix"

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


class AlteredEngine(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Answers at `socket` as the engine does, but for `alterations`: pairs of a pattern of the path and a function
    (status, body) -> (status, body).  For commands that ask and end: nothing is followed."""

    daemon_threads = True

    def __init__(self, engine, *alterations):
        self.engine_socket, self.alterations = engine.socket, alterations
        self.path = f"{engine.directory}/altered.sock"
        self.docker_url = f"unix://{self.path}"
        if os.path.exists(self.path):
            os.unlink(self.path)
        super().__init__(self.path, Handler)
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def handle_error(self, *_):  # pylint: disable=arguments-differ
        """Who asked has heard enough."""

    def close(self):
        self.shutdown()
        self.server_close()
        os.unlink(self.path)


def refuse(status, text="no"):
    """Whatever the engine says, this is heard."""
    return lambda _status, _body: (status, json.dumps({"message": text}).encode())


def garbage(_status, _body):
    return 200, b'{"Id": 1, "HostConfig": [}'


def rewrite(change):
    """The document, changed in place."""

    def alter(status, body):
        document = json.loads(body)
        change(document)
        return status, json.dumps(document).encode()

    return alter
