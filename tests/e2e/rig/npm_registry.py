"""An npm registry on loopback that has one package, and refuses every other."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def npm_registry(description: dict[str, Any], packed: bytes) -> Iterator[str]:
    """A registry with this package while the context lasts; gives its address.

    Args:
        description: the package's ``package.json``.
        packed: the package.
    """
    name, version = description["name"], description["version"]
    tarball = f"/{name}/-/{name}-{version}.tgz"

    class Registry(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = f"http://{self.headers['Host']}"
            content = {tarball: packed, f"/{name}": _document(description, packed, host + tarball)}.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", "application/json" if self.path != tarball else "application/octet-stream")
            self.send_header("Content-Length", str(len(content or b"{}")))
            self.end_headers()
            self.wfile.write(content or b"{}")

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def _document(description: dict[str, Any], packed: bytes, address: str) -> bytes:
    """What a registry tells of a package. Source: github.com/npm/registry, docs/responses/package-metadata.md."""
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(packed).digest()).decode()
    dist = {"tarball": address, "integrity": integrity, "shasum": hashlib.sha1(packed).hexdigest()}
    version = description["version"]
    document = {
        "name": description["name"],
        "dist-tags": {"latest": version},
        "versions": {version: {**description, "dist": dist}},
    }
    return json.dumps(document).encode()
