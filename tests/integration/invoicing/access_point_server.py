"""An access point as a process of somebody else's would be one: a real server on a real port."""

import base64
import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "secret-of-the-operator"


@dataclass(slots=True)
class FarSide:
    """What it has, by key; what it says next; what was asked of it."""

    url: str = ""
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: int = 0
    says: deque[tuple[int, Any]] = field(default_factory=deque)  # status and body, once each
    standing: dict[str, Any] = field(default_factory=lambda: {"status": "delivered"})
    asked: list[str] = field(default_factory=list)

    def answer(self) -> tuple[int, Any]:
        return self.says.popleft() if self.says else (200, self.standing)


@contextmanager
def access_point() -> Iterator[FarSide]:
    """It listens until the end."""
    far = FarSide()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            far.posts += 1
            if self.headers["authorization"] != f"Bearer {TOKEN}":
                self._say(401, {})
                return
            content = base64.b64decode(body["content"])
            assert hashlib.sha256(content).hexdigest() == body["sha256"]
            assert self.headers["idempotency-key"] == body["key"]
            far.kept.setdefault(body["key"], {**body, "content": content})
            status, said = far.answer()
            receipt = {"receipt": f"r/{body['key']}"} if isinstance(said, dict) else {}
            self._say(status, {**said, **receipt} if isinstance(said, dict) else said)

        def do_GET(self) -> None:
            far.asked.append(self.path)
            self._say(*far.answer())

        def _say(self, status: int, said: Any) -> None:
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    far.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield far
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
