"""One tenant that floods a gateway is held there, and the others are not."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from invx.host import ROUTERS
from invx.infra.embedded_envoy import envoy_program
from invx.infra.gateway.clusters import Upstream
from invx.infra.gateway.envoy import Gateway, configuration
from invx.infra.gateway.routing import routing_of
from invx.infra.supervised import Supervised, free_port
from invx.infra.tokens import Signer, create_key
from tests.waiting import until

PER_SECOND = 1


@dataclass(frozen=True, slots=True)
class Edge:
    """A gateway before contexts that answer anything, and who signs its tokens."""

    client: httpx.Client
    signer: Signer

    def head_of(self, tenant_id: UUID) -> dict[str, str]:
        token = self.signer.sign(
            tenant_id,
            subject="user:test",
            permissions=(),
            now=time.time(),
            lifetime=timedelta(minutes=5),
        )
        return {"Authorization": f"Bearer {token}"}

    def ask(self, head: dict[str, str]) -> httpx.Response:
        return self.client.get("/v1/invoices", headers=head)


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    keys, secret = tmp_path / "jwks.json", tmp_path / "signing-key.json"
    create_key(secret, keys)

    class Anything(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = keys.read_bytes() if self.path == "/.well-known/jwks.json" else b"{}"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: what is asked is what the test asks."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Anything)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps({}))
    gateway = Gateway(
        port=free_port(),
        admin_port=free_port(),
        upstreams={name: [Upstream("127.0.0.1", server.server_port)] for name in ROUTERS},
        routing=routing_of(ROUTERS),
        access_log=tmp_path / "access.jsonl",
        document=document,
        tenant_requests_per_second=PER_SECOND,
    )
    program = envoy_program(tmp_path / "log", configuration(gateway), port=gateway.port)
    envoy = Supervised(program).start()
    client = httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", timeout=60)
    found = Edge(client, Signer(secret))
    try:
        until(lambda: found.ask(found.head_of(uuid4())).is_success)  # it has the keys then
        yield found
    finally:
        client.close()
        envoy.stop()
        server.shutdown()


def test_a_tenant_that_floods_is_held_and_no_other(edge: Edge) -> None:
    loud, quiet = edge.head_of(uuid4()), edge.head_of(uuid4())
    began = time.monotonic()
    answers = [edge.ask(loud) for _ in range(100)]
    allowed = PER_SECOND * (2 + time.monotonic() - began + 1)
    let_in = [each for each in answers if each.status_code == 200]
    held = [each for each in answers if each.status_code == 429]
    assert len(let_in) + len(held) == 100
    assert PER_SECOND * 2 <= len(let_in) <= allowed
    said = held[0]
    assert said.headers["content-type"] == "application/problem+json"
    assert said.headers["retry-after"] == "1"
    assert (said.json()["code"], said.json()["status"]) == ("too_many_requests", 429)
    assert edge.ask(quiet).status_code == 200
    until(lambda: edge.ask(loud).is_success, pause=0.3)


def test_very_many_tenants_have_a_bucket_each(edge: Edge) -> None:
    """Envoy forgets all but twenty of them, unless it is told how many to keep."""
    loud = edge.head_of(uuid4())
    others = [edge.head_of(uuid4()) for _ in range(25)]
    began = time.monotonic()
    let_in = 0
    for _ in range(30):
        let_in += edge.ask(loud).status_code == 200
        for other in others:
            edge.ask(other)
    assert let_in <= PER_SECOND * (2 + time.monotonic() - began + 1)


def test_what_needs_no_token_is_not_counted_here(edge: Edge) -> None:
    asked = [edge.client.get("/.well-known/jwks.json").status_code for _ in range(30)]
    assert set(asked) == {200}
