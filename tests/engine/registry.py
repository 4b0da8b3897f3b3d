#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A registry of images that an engine can pull from, so that an image has a digest: as much of the distribution API as a
pull needs.  Run as a program it serves a folder, in which each file is named by the digest of what it holds."""
import gzip
import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile

from docker_api import wait_until

PORT = 5000
HOST = f"127.0.0.1:{PORT}"
TYPES = {
    "manifest": "application/vnd.docker.distribution.manifest.v2+json",
    "config": "application/vnd.docker.container.image.v1+json",
    "layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        name = self.path.rsplit("/", 1)[-1]
        if self.path == "/v2/":
            self.answer(200, b"{}", "application/json")
        elif name.startswith("sha256:") and os.path.exists(name):
            with open(name, "rb") as file:
                kind = TYPES["manifest"] if "/manifests/" in self.path else "application/octet-stream"
                self.answer(200, file.read(), kind)
        else:
            self.answer(404, b"{}", "application/json")

    do_HEAD = do_GET

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if self.path.startswith("/v2/") and "sha256:" in self.path:
            self.send_header("Docker-Content-Digest", self.path.rsplit("/", 1)[-1])
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


class Registry:
    """Serves in the engine's network namespace, on loopback, where an engine asks for no TLS."""

    def __init__(self, engine):
        self.engine = engine
        self.directory = f"{engine.directory}/registry"
        os.makedirs(self.directory, exist_ok=True)
        self.process = subprocess.Popen(
            engine.inside(sys.executable, os.path.abspath(__file__), self.directory), stdin=subprocess.DEVNULL
        )
        wait_until(lambda: self.listens() or self.process.poll() is not None, "the registry listens")

    def listens(self):
        return f":{PORT} " in self.engine.run_inside("ss", "--tcp", "--listening", "--numeric").stdout

    def store(self, content):
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        with open(f"{self.directory}/{digest}", "wb") as file:
            file.write(content)
        return digest

    def put(self, files):
        """An image of one layer with these files, {name in the image: path here}; returns its digest."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, path in files.items():
                tar.add(path, arcname=name, filter=self.engine.executable)
        layer = gzip.compress(archive.getvalue(), mtime=0)
        rootfs = {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(archive.getvalue()).hexdigest()]}
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs}).encode()
        parts = {"config": config, "layer": layer}
        described = {
            kind: {"mediaType": TYPES[kind], "size": len(content), "digest": self.store(content)}
            for kind, content in parts.items()
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": TYPES["manifest"],
            "config": described["config"],
            "layers": [described["layer"]],
        }
        return self.store(json.dumps(manifest).encode())

    def close(self):
        self.process.terminate()
        self.process.wait()


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
