"""What the page of services says of each part, and of parts that do not answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invx.cli.program import app
from invx.cli.split_status import look
from invx.infra.supervised import free_port


class Half(BaseHTTPRequestHandler):
    """A context whose database answers and whose keys are missing."""

    def do_GET(self) -> None:
        well = self.path == "/healthz"
        body = json.dumps({"checks": {} if well else {"database": True, "keys": False}}).encode()
        self.send_response(200 if well else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silence."""


@pytest.fixture
def url() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Half)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_is_not_ready_is_named(url: str) -> None:
    [seen] = look({"invoicing": {"url": url, "log": "a.log"}})
    assert (seen.well, seen.said) == (False, f"{url} not ready: keys")


def test_the_gateway_is_asked_whether_it_lives(url: str) -> None:
    [seen] = look({"gateway": {"url": url, "log": "a.log"}})
    assert (seen.well, seen.said) == (True, url)


def test_what_does_not_answer_is_down_and_says_how(tmp_path: Path) -> None:
    port = free_port()
    known = {
        "invoicing": {"url": f"http://127.0.0.1:{port}", "log": "a.log"},
        "rabbitmq": {"port": port, "log": "b.log"},
        "postgresql": {"socket": str(tmp_path / "s"), "log": "c.log"},
    }
    seen = {each.name: each for each in look(known)}
    assert not any(each.well for each in seen.values())
    assert "ConnectError" in seen["invoicing"].said
    assert [each.log for each in seen.values()] == ["a.log", "b.log", "c.log"]


def test_one_that_is_down_fails_the_command(url: str, tmp_path: Path) -> None:
    folder = tmp_path / "services"
    folder.mkdir()
    (folder / "services.json").write_text(json.dumps({"gateway": {"url": url, "log": "g"}}))
    env = {"INVX_HOME": str(tmp_path)}
    assert CliRunner().invoke(app, ["services"], env=env).exit_code == 0
    known = {"gateway": {"url": url, "log": "g"}, "rabbitmq": {"port": free_port(), "log": "r"}}
    (folder / "services.json").write_text(json.dumps(known))
    done = CliRunner().invoke(app, ["services"], env=env)
    assert done.exit_code == 1
