"""Every command of the program on a real home folder, while `invx up` runs there."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from invx.cli import audit
from invx.cli.ground import TENANT, Refused
from invx.infra.supervised import free_port
from invx.kernel.ids import typeid
from invx.place import DATABASE, embedded_server
from invx.settings import PlaceSettings
from tests.e2e.installation import INVX, Installation, installed
from tests.waiting import HANG_SECONDS, until
from tests.world import SELLER, draft_body


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    with installed() as installation:
        yield installation.up()


def measured(port: str, series: str) -> None:
    """Wait until the process that serves its metrics there has measured that."""

    def page() -> str:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        except httpx.TransportError:  # not up yet
            return ""

    until(lambda: series in page())


def sql(installation: Installation, *statements: str) -> Any:
    """Run statements as the owner of the database; the first value of the last one."""

    async def execute() -> Any:
        server = embedded_server(PlaceSettings(home=installation.home))
        conn = await asyncpg.connect(**server.connection(database=DATABASE))
        try:
            for statement in statements[:-1]:
                await conn.execute(statement)
            return await conn.fetchval(statements[-1])
        finally:
            await conn.close()

    return asyncio.run(execute())


def revenue(installation: Installation) -> list[dict[str, Any]]:
    with installation.client() as client:
        data: list[dict[str, Any]] = client.get("/v1/analytics/revenue").json()["data"]
        return data


def test_republish_teaches_an_empty_analytics_the_same_revenue(running: Installation) -> None:
    running.invx("republish", "--from", "invoicing", "--to", "analytics")
    before = revenue(running)
    assert before
    sql(running, "TRUNCATE analytics.documents, analytics.inbox", "SELECT 1")
    assert revenue(running) == []
    done = running.invx("republish", "--from", "invoicing", "--to", "analytics")
    assert done.returncode == 0, done.stderr
    assert "3 tenants" in done.stderr  # the installation itself is one
    assert revenue(running) == before
    again = running.invx("republish", "--from", "invoicing", "--to", "analytics")
    assert "0 were new to analytics" in again.stderr
    assert revenue(running) == before


def test_what_cannot_be_republished_is_refused_in_a_sentence(running: Installation) -> None:
    for words, said in (
        (("--from", "invoicing", "--to", "invoicing"), "same context"),
        (("--from", "nothing", "--to", "analytics"), "Unknown contexts: nothing"),
    ):
        done = running.invx("republish", *words)
        assert done.returncode == 1
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_parked_contract_is_listed_replayed_and_skipped(running: Installation) -> None:
    message = sql(running, "SELECT message_id FROM analytics.inbox LIMIT 1")
    park = (
        "UPDATE analytics.inbox SET state = 'parked', reason = 'planted', attempts = 7"
        f" WHERE message_id = '{message}'"
    )
    sql(running, park, "SELECT 1")
    listed = running.invx("inbox", "list")
    assert str(message) in listed.stdout
    assert "planted" in listed.stdout
    assert "1 parked" in listed.stderr
    assert "1 tried again" in running.invx("inbox", "replay", str(message)).stderr
    sql(running, park, "SELECT 1")
    skipped = running.invx("inbox", "skip", str(message), "--reason", "known", "--actor", "user:a")
    assert skipped.returncode == 0, skipped.stderr
    reason = f"SELECT reason FROM analytics.inbox WHERE message_id = '{message}'"
    assert "skipped by user:a: known" in sql(running, reason)
    assert "Nothing is parked." in running.invx("inbox", "list").stderr
    unknown = running.invx("inbox", "replay", str(message))
    assert unknown.returncode == 1
    assert "is not parked" in unknown.stderr


def test_a_parked_job_is_listed_and_run_again_by_the_server_beside(running: Installation) -> None:
    where = "FROM invoicing.due_jobs WHERE kind = 'archive_document'"
    key = sql(running, f"SELECT key {where} LIMIT 1")
    sql(
        running,
        "UPDATE invoicing.due_jobs SET state = 'parked', reason = 'planted', attempts = 8"
        f" WHERE kind = 'archive_document' AND key = '{key}'",
        "SELECT 1",
    )
    id = f"archive_document/{key}"
    assert id in running.invx("inbox", "list").stdout
    skipped = running.invx("inbox", "skip", id, "--reason", "known")
    assert skipped.returncode == 1
    assert "A job is not skipped" in skipped.stderr
    assert "1 tried again" in running.invx("inbox", "replay", id).stderr
    until(lambda: sql(running, f"SELECT state {where} AND key = '{key}'") == "done")


def test_what_is_to_be_replayed_is_said_and_of_whom(running: Installation) -> None:
    refused = running.invx("inbox", "replay", "x", "--all")
    assert refused.returncode == 1
    assert "Name one id" in refused.stderr
    sql(running, "UPDATE analytics.inbox SET state = 'parked', reason = 'planted'", "SELECT 1")
    parked = sql(running, "SELECT count(*) FROM analytics.inbox WHERE state = 'parked'")
    other = running.invx("tenant", "create", "Other").stdout.strip()
    assert "0 tried again" in running.invx("inbox", "replay", "--all", "--tenant", other).stderr
    assert sql(running, "SELECT count(*) FROM analytics.inbox WHERE state = 'parked'") == parked
    assert f"{parked} tried again" in running.invx("inbox", "replay", "--all").stderr
    left = "SELECT count(*) FROM analytics.inbox WHERE state <> 'done'"
    until(lambda: sql(running, left) == 0)


def test_the_running_server_does_its_upkeep_and_shows_it(running: Installation) -> None:
    port = running.url.rpartition(":")[2]
    for chore, context in (("measure_outbox", "invoicing"), ("measure_inbox", "analytics")):
        label = f'{{chore="{chore}",context="{context}"}}'
        measured(port, f"invx_upkeep_last_success_timestamp_seconds{label}")
    measured(port, 'invx_outbox_lag_seconds{context="invoicing"} 0.0')


def test_a_setting_that_cannot_be_is_refused_in_a_sentence(running: Installation) -> None:
    done = running.invx("up", INVX_DATABASE_APP="postgresql://u:a-secret@db:port/invx")
    assert done.returncode == 1
    assert "INVX_DATABASE_APP" in done.stderr
    assert "a-secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_audit_names_a_changed_event_and_exits_with_1(running: Installation) -> None:
    assert running.invx("audit", "verify").returncode == 0
    sql(running, "ALTER TABLE invoicing.events DISABLE TRIGGER USER", "SELECT 1")
    stream = sql(running, "SELECT stream_id FROM invoicing.events WHERE version = 1 LIMIT 1")
    change = "UPDATE invoicing.events SET actor = '{}' WHERE stream_id = '{}' AND version = 1"
    actor = sql(running, f"SELECT actor FROM invoicing.events WHERE stream_id = '{stream}'")
    sql(running, change.format("somebody", stream), "SELECT 1")
    found = running.invx("audit", "verify")
    sql(running, change.format(actor, stream), "SELECT 1")
    assert found.returncode == 1
    assert f"stream {stream}, version 1" in found.stdout
    assert running.invx("audit", "verify").stdout.startswith("Intact")


def test_a_tenant_is_sealed_anchored_exported_and_proved_elsewhere(
    running: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The commands in this process: starting one for each would take most of the time."""
    folder = running.home.parent
    anchor, archive = folder / "anchor.jsonl", folder / "archive.zip"
    monkeypatch.setenv("INVX_HOME", str(running.home))
    monkeypatch.setenv("INVX_ANCHOR_FILE", str(anchor))
    tenant = running.login["tenant"]
    audit.seal(tenant)
    held = [json.loads(line) for line in anchor.read_text().splitlines()]
    of_documents = [each for each in held if each["context"] == "invoicing"][-1]
    assert of_documents["numbers"][0]["last"] >= 1
    audit.verify_all()
    intact = capsys.readouterr().out
    assert re.search(r"[1-9]\d* seals, [1-9]\d* register rows", intact), intact
    assert f"{len(held)} seals in the anchors" in intact
    audit.export(tenant, archive)
    assert archive.stat().st_mode & 0o077 == 0
    with pytest.raises(Refused, match="is there already"):
        audit.export(tenant, archive)
    root = f"invoicing={of_documents['root']}"
    command = [sys.executable, "-I", "scripts/verify_archive.py", str(archive), "--root", root]
    proved = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (proved.returncode, proved.stdout.splitlines()[-1]) == (0, "Intact.")
    anchor.write_text(anchor.read_text().replace('"format"', '"fermat"', 1))
    with pytest.raises(Refused, match="changed outside Invx"):
        audit.verify_all()
    assert f"BROKEN anchor in {anchor}: anchor.jsonl: line 1" in capsys.readouterr().out
    with pytest.raises(Refused, match="There is no tenant"):
        audit.export(typeid(TENANT, UUID(int=7)), folder / "none.zip")
    assert not (folder / "none.zip").exists()


def test_exchange_rates_of_a_file_are_taken_down_once(running: Installation) -> None:
    file = running.home / "rates.csv"
    file.write_text("Date,USD,HRK,\n2025-12-31,1.17,7.53,\n2026-01-02,1.18,N/A,\n")
    for said in ("2 new rates, 0 corrected, 0 known", "0 new rates, 0 corrected, 2 known"):
        done = running.invx("rates", "import", str(file), "--source", "ecb")
        assert done.returncode == 0, done.stderr
        assert said in done.stderr
        assert "HRK" in done.stderr
    later = running.invx("rates", "import", str(file), "--source", "ecb", "--since", "2026-01-01")
    assert "1 known" in later.stderr
    file.write_text("nothing")
    refused = running.invx("rates", "import", str(file), "--source", "ecb")
    assert (refused.returncode, "Date, USD" in refused.stderr) == (1, True)
    with running.client() as client:
        listed = client.get("/v1/exchange-rates").json()["data"]
    assert [each["rate"] for each in listed] == ["1.18", "1.17"]


def test_migrate_has_nothing_left_to_do_and_refuses_a_phase_that_is_none(
    running: Installation,
) -> None:
    assert "0 migrations applied." in running.invx("migrate", "--phase", "pre").stderr
    assert running.invx("migrate", "--phase", "later").returncode == 1


def test_a_misspelt_setting_and_an_unknown_tenant_are_refused(running: Installation) -> None:
    assert "INVX_PROT" in running.invx("token", INVX_PROT="1").stderr
    assert running.invx("token", "tnt_nonsense").returncode == 1
    assert running.invx("audit", "verify", "--tenant", "nonsense").returncode == 1


def test_commands_on_an_empty_home_say_so_and_make_nothing(running: Installation) -> None:
    nowhere = running.home.parent / "nowhere"
    for words in (("inbox", "list"), ("tenant", "list"), ("audit", "verify")):
        done = running.invx(*words, INVX_HOME=str(nowhere))
        assert done.returncode == 1
        assert "There is no installation" in done.stderr
    assert not nowhere.exists()


def test_parts_of_the_program_run_as_processes_of_their_own(running: Installation) -> None:
    """HTTP, relay and worker apart: an event still finds its way to the other context."""
    tenant = running.invx("tenant", "create", "Split").stdout.strip()
    token = running.invx("token", tenant).stdout.strip()
    commands = (
        ("serve", "--contexts", "invoicing", "--no-background", "--port", "0"),
        ("serve", "--contexts", "analytics", "--no-background", "--port", "0"),
        ("relay", "--contexts", "invoicing"),
        ("work", "--contexts", "analytics"),
    )
    logs = [running.home.parent / f"part{number}.txt" for number in range(len(commands))]
    ports = [str(free_port()) for _ in commands]
    children = [
        subprocess.Popen(
            [INVX, *words],
            env=running.environment(INVX_METRICS_PORT=port),
            stderr=log.open("w"),
        )
        for words, log, port in zip(commands, logs, ports, strict=True)
    ]

    def url(number: int) -> str:
        return until(lambda: re.search(r"at (http://\S+)", logs[number].read_text()))[1]

    try:
        client = httpx.Client(headers={"Authorization": f"Bearer {token}"}, timeout=HANG_SECONDS)
        client.post(f"{url(0)}/v1/legal-entities", json=SELLER).raise_for_status()
        made = client.post(f"{url(0)}/v1/invoices", json=draft_body()).raise_for_status().json()
        client.post(f"{url(0)}/v1/invoices/{made['id']}/finalize", json={}).raise_for_status()
        assert client.get(f"{url(0)}/v1/analytics/revenue").status_code == 404
        data = until(lambda: client.get(f"{url(1)}/v1/analytics/revenue").json()["data"])
        assert data[0]["gross"] == "119.00"
        # Who relays and works is chance: `invx up` does so too. Measuring is everybody's.
        measured(ports[2], 'invx_outbox_pending{context="invoicing"}')
        measured(ports[3], 'invx_inbox_pending{context="analytics"}')
        taken = running.invx("work", "--contexts", "analytics", INVX_METRICS_PORT=ports[3])
        assert taken.returncode == 1
        assert "INVX_METRICS_PORT" in taken.stderr
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        codes = [child.wait(HANG_SECONDS) for child in children]
    assert codes == [0, 0, 0, 0]
