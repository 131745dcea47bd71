"""One process per context behind Envoy, with RabbitMQ between them: what only this shape has.

The stories that are told to one process are told to services, too (`shapes.py`).
"""

import json
import re
import signal
import subprocess
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from invx.host import CONTEXTS
from invx.kernel.ids import typeid
from tests.e2e.installation import Installation, installed
from tests.e2e.split import SplitWorld, split_of, split_world
from tests.waiting import HANG_SECONDS, until
from tests.world import Desk, draft_body, line

GOLDEN = Path(__file__).parents[2] / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def split() -> Iterator[Installation]:
    with installed() as installation:
        yield installation.up(services=True)


@pytest.fixture
async def world(split: Installation) -> AsyncIterator[SplitWorld]:
    async with split_world(split) as opened:
        yield opened


@pytest.fixture
async def desk(world: SplitWorld) -> Desk:
    return await world.seller()


async def revenue(desk: Desk, month: str) -> list[dict]:
    found = await desk.get("/v1/analytics/revenue", **{"from": month, "to": month})
    return list(found["data"])


async def test_an_invoice_is_heard_of_in_the_other_context(desk: Desk) -> None:
    issued = [await desk.invoice(line("100.00")) for _ in range(3)]
    numbers = [int(each["number"].rpartition("-")[2]) for each in issued]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    await desk.world.settle()
    [row] = await revenue(desk, issued[0]["issue_date"][:7])
    assert row["net"] == "300.00"


async def test_a_key_is_known_everywhere_and_forgotten_everywhere(desk: Desk) -> None:
    asked = {"name": "Shop", "permissions": ["invoices:read", "invoices:write"]}
    key = await desk.post("/v1/api-keys", asked, status=201)
    head = {"Authorization": f"Bearer {key['secret']}"}
    anybody = httpx.AsyncClient(transport=desk.client._transport, base_url="http://invx.test")
    desk.world.keep(anybody)
    made = await anybody.post("/v1/invoices", json=draft_body(), headers=head)
    assert made.status_code == 201, made.text
    gone = await desk.client.delete(f"/v1/api-keys/{key['id']}")
    assert gone.is_success, gone.text
    refused = await anybody.get("/v1/invoices", headers=head)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == 401


@pytest.mark.parametrize(
    "path,head,status,code",
    [
        ("/v1/invoices", {}, 401, "unauthenticated"),
        ("/v1/invoices", {"Authorization": "Bearer nonsense"}, 401, "unauthenticated"),
        ("/v1/invoices", {"Authorization": "Bearer invx_live_short"}, 401, "invalid_token"),
        ("/v1/nothing", {}, 404, "not_found"),
        ("/internal/keys", {}, 404, "not_found"),
        ("/metrics", {}, 404, "not_found"),
        ("/v1/invoices/..%2f..%2finternal/keys", {}, 400, "refused"),
    ],
)
def test_what_the_gateway_refuses_is_a_problem_too(
    split: Installation, path: str, head: dict[str, str], status: int, code: str
) -> None:
    answer = httpx.get(split.url + path, headers=head, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_body_that_is_too_large_goes_no_further(desk: Desk) -> None:
    answer = await desk.client.post("/v1/invoices", content=b" " * 16_000_001)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_one_document_describes_all_of_them(split: Installation) -> None:
    assert httpx.get(f"{split.url}/openapi.json", timeout=60).json() == json.loads(
        GOLDEN.read_text()
    )
    assert httpx.get(f"{split.url}/docs", timeout=60).status_code == 200


async def test_a_context_reaches_no_database_but_its_own(split: Installation) -> None:
    services = split_of(split)
    at = services.place.of("analytics").where.app
    other = await asyncpg.connect(**{**at, "database": "invx_invoicing"})
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await other.execute("SET ROLE invoicing_app")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await other.execute("SELECT * FROM invoicing.events")
    await other.close()
    own = await asyncpg.connect(**at)
    await own.execute("SET ROLE analytics_app")
    await own.close()


def test_the_page_of_services_names_each_and_says_that_all_are_well(split: Installation) -> None:
    # A part that is busy for three seconds is not called well.
    shown = until(lambda: (said := split.invx("services")).returncode == 0 and said)
    lines = {text.split()[0]: text.split()[1] for text in shown.stdout.splitlines()}
    parts = ("invoicing", "identity", "analytics", "gateway", "rabbitmq", "valkey", "postgresql")
    assert lines == dict.fromkeys(parts, "well")


async def test_a_killed_context_comes_back_and_hears_what_it_missed(
    split: Installation, desk: Desk
) -> None:
    pid = json.loads((split.home / "services" / "log" / "analytics.pid").read_text())["pid"]
    subprocess.run(["kill", "-9", str(pid)], check=True)
    issued = await desk.invoice(line("70.00"))  # the others do not notice
    await desk.world.settle()
    end = time.monotonic() + HANG_SECONDS
    while True:
        answer = await desk.client.get(
            "/v1/analytics/revenue",
            params={"from": issued["issue_date"][:7], "to": issued["issue_date"][:7]},
        )
        if answer.is_success:
            break
        assert answer.json()["code"] == "unavailable"
        assert time.monotonic() < end
    assert [row["net"] for row in answer.json()["data"]] == ["70.00"]


def test_commands_look_into_the_databases_of_all_contexts(
    split: Installation, tmp_path: Path
) -> None:
    sealed = split.invx("audit", "seal")
    assert sealed.returncode == 0, sealed.stderr
    audit = split.invx("audit", "verify")
    assert audit.returncode == 0, audit.stdout + audit.stderr
    assert audit.stdout.startswith("Intact:")
    listed = split.invx("tenant", "list")
    assert split.login["tenant"] in listed.stdout, listed.stderr
    assert split.login["live_tenant"] in listed.stdout
    doctor = split.invx("doctor")
    assert "PostgreSQL" in doctor.stdout, doctor.stderr
    wanted = "tnt_01jb8z0000e008000000000001"
    refused = split.invx("tenant", "suspend", wanted)
    assert (refused.returncode, refused.stdout) == (1, "")


async def test_a_tenant_leaves_all_databases(
    split: Installation, desk: Desk, tmp_path: Path
) -> None:
    await desk.invoice()
    await desk.world.settle()
    tenant, file = typeid("tnt", desk.tenant_id), tmp_path / "tenant.zip"
    suspended = split.invx("tenant", "suspend", tenant)
    assert suspended.returncode == 0, suspended.stderr
    refused = await desk.client.post("/v1/invoices", json=draft_body())
    assert refused.json()["code"] == "tenant_closed", refused.text
    exported = split.invx("tenant", "export", tenant, str(file))
    assert exported.returncode == 0, exported.stderr
    with zipfile.ZipFile(file) as packed:
        folders = {name.partition("/")[0] for name in packed.namelist() if "/" in name}
    assert folders == {"invoicing", "analytics", "identity"}
    back = split.invx("tenant", "import", str(file))
    assert back.returncode == 1
    assert "ADR 0033" in back.stderr
    erased = split.invx("tenant", "erase", tenant, "--confirm", "Kontor Nord")
    assert erased.returncode == 0, erased.stdout + erased.stderr
    for context in CONTEXTS:
        async with desk.world.admin(context=context) as conn:
            row = await conn.fetchrow(
                f"SELECT status, name FROM {context}.tenants WHERE tenant_id = $1", desk.tenant_id
            )
            left = await conn.fetchval(
                f"SELECT count(*) FROM {context}.events WHERE tenant_id = $1", desk.tenant_id
            )
        assert (row["status"], row["name"], left) == ("erased", "", 0), context
    verified = split.invx("audit", "verify")
    assert verified.returncode == 0, verified.stdout


def test_logs_name_requests_and_hold_no_secret(split: Installation) -> None:
    head = {"Authorization": f"Bearer {split.login['key']}"}
    asked = httpx.get(f"{split.url}/v1/invoices?q=Maier", headers=head, timeout=60)
    rid = asked.headers["x-request-id"]
    log = split.home / "services" / "log" / "access.jsonl"
    whole = re.compile(f"^.*{re.escape(rid)}.*\n", re.MULTILINE)
    [line] = until(lambda: whole.findall(log.read_text()))
    said = json.loads(line)
    assert said["request_id"] == rid
    assert (said["path"], said["status"], said["context"]) == ("/v1/invoices", 200, "invoicing")
    assert "Maier" not in log.read_text()
    for file in (split.home / "services" / "log").glob("*.log"):
        assert split.login["key"] not in file.read_text()


def test_it_stops_with_all_that_it_started(split: Installation) -> None:
    """Last: the module's installation is gone then."""
    marks = [
        mark
        for folder in ("log", "rabbitmq", "valkey")
        for mark in (split.home / "services" / folder).glob("*.pid")
        if mark.name != "node.pid"  # RabbitMQ's own
    ]
    pids = [json.loads(mark.read_text())["pid"] for mark in marks]
    assert {mark.stem for mark in marks} == {
        *("invoicing", "identity", "analytics", "envoy", "rabbitmq", "epmd", "valkey"),
    }
    assert split.signal(signal.SIGTERM) == 0, split.said
    until(lambda: not any(map(_lives, pids)))
    assert not split.postgres_runs()
    assert "No services run here" in split.invx("services").stderr


def _lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
