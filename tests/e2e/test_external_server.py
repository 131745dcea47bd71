"""`invx` on a PostgreSQL of the operator's own: all of it works, and nothing embedded starts."""

import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from invx.infra.embedded import Postgres
from tests.e2e.installation import INVX, SECONDS_MAX, Installation, installed
from tests.world import SELLER, draft_body

DATABASE = "books"  # which nobody made
PASSWORD = "p@ss:/?#[]% wort"  # whatever an operator's vault makes up


@dataclass(frozen=True)
class Outside:
    """A server that knows nobody but its owner, and an installation that is told of it."""

    installation: Installation
    where: dict[str, str]

    def invx(self, *words: str, code: int = 0) -> str:
        done = self.installation.invx(*words, **self.where)
        assert done.returncode == code, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        return done.stdout.strip() if code == 0 else done.stdout + done.stderr

    @contextmanager
    def served(self) -> Iterator[str]:
        """`invx serve` until the block ends; its address."""
        said = self.installation.home.parent / "serve.out"
        with said.open("w") as output:
            running = subprocess.Popen(
                [INVX, "serve"],
                env=self.installation.environment(**self.where),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            end = time.monotonic() + SECONDS_MAX
            while not (found := re.search(r"at\s+(http://[\d.:]+)", said.read_text())):
                assert running.poll() is None, said.read_text()
                assert time.monotonic() < end, said.read_text()
                time.sleep(0.05)
            yield found[1]
        finally:
            running.terminate()
            assert running.wait(SECONDS_MAX) == 0, said.read_text()
            assert PASSWORD not in said.read_text()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with (
        tempfile.TemporaryDirectory(prefix="invx-own-") as folder,
        installed() as installation,
    ):
        Path(folder).chmod(0o755)
        with Postgres(Path(folder) / "postgres", settings={"fsync": "off"}) as server:
            at = server.connection()
            rest = f"/{DATABASE}?host={quote(at['host'], safe='')}&port={at['port']}"
            logins = {
                "ADMIN": f"{at['user']}:{quote(at['password'], safe='')}",
                "APP": f"invx_app:{quote(PASSWORD, safe='')}",
                "SYSTEM": f"invx_system:{quote(PASSWORD, safe='')}",
            }
            where = {
                f"INVX_DATABASE_{name}": f"postgresql://{login}@{rest}"
                for name, login in logins.items()
            }
            yield Outside(installation, where)


def test_before_it_is_migrated_it_says_what_to_do(outside: Outside) -> None:
    said = outside.invx("tenant", "list", code=1)
    assert "Traceback" not in said
    assert "migrate" in said


def test_an_invoice_is_finalized_there_and_heard_of_in_the_other_context(outside: Outside) -> None:
    """From an empty server to a legal invoice, by the commands that the operator's page names."""
    outside.invx("migrate")
    tenant = outside.invx("tenant", "create", "Own")
    token = outside.invx("token", tenant)
    head = {"Authorization": f"Bearer {token}"}
    with outside.served() as url, httpx.Client(base_url=url, headers=head, timeout=60) as client:
        assert client.get("/readyz").status_code == 200
        entity = client.post("/v1/legal-entities", json=SELLER)
        assert entity.status_code == 201, entity.text
        made = client.post("/v1/invoices", json=draft_body()).json()
        done = client.post(f"/v1/invoices/{made['id']}/finalize", json={})
        assert done.status_code == 200, done.text
        assert done.json()["totals"]["gross"] == "119.00"
        shown = client.get(f"/v1/invoices/{made['id']}").json()
        assert shown["number"] == done.json()["number"]
        month = shown["issue_date"][:7]
        end = time.monotonic() + SECONDS_MAX
        while True:  # relay and worker have their own connections to the server
            revenue = client.get("/v1/analytics/revenue", params={"from": month, "to": month})
            if revenue.status_code == 200 and revenue.json()["data"]:
                break
            assert time.monotonic() < end, revenue.text
            time.sleep(0.1)


def test_nothing_embedded_was_made_or_started(outside: Outside) -> None:
    assert not (outside.installation.home / "postgres").exists()
    assert not outside.installation.postgres_runs()
