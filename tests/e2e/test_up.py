"""`invx up` as its user meets it: what it prints works, it stops cleanly, and it survives death."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.installation import INVX, Installation, installed
from tests.waiting import HANG_SECONDS, until


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    with installed() as installation:
        yield installation.up()


@pytest.fixture
def fresh() -> Iterator[Installation]:
    with installed() as installation:
        yield installation


def sample(installation: Installation, name: str) -> dict:
    found = [each for each in installation.curl()["data"] if each["external_id"] == name]
    assert len(found) == 1
    return found[0]


def test_the_printed_curl_shows_a_finalized_invoice_and_a_draft(running: Installation) -> None:
    assert sample(running, "sample-invoice")["number"].endswith("-0001")
    assert sample(running, "sample-invoice")["mode"] == "test"
    assert sample(running, "sample-draft")["status"] == "draft"


def test_the_welcome_names_all_that_one_needs(
    running: Installation,
) -> None:
    said = running.said
    assert f"URL     {running.url} " in said
    assert re.search(r"tenant  tnt_\w{26} ", said)
    assert re.search(r"key     invx_test_\w+ ", said)
    assert re.search(r"login   demo-\w+@invx\.example   password \S+\n", said)
    assert str(running.home / "log" / "invx.jsonl") in said
    assert "make demo" in said
    assert "Traceback" not in said


def test_its_own_log_is_json_and_stays_out_of_the_terminal(running: Installation) -> None:
    lines = (running.home / "log" / "invx.jsonl").read_text().splitlines()
    assert [line for line in map(json.loads, lines) if line["event"] == "request"]
    assert '"event"' not in running.said
    for secret in ("eyJ", running.login["key"], running.login["password"]):
        assert secret not in "".join(lines)


def test_machines_and_people_find_their_pages(running: Installation) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/docs", "/metrics"):
        assert httpx.get(running.url + path, timeout=60).status_code == 200, path


def test_the_printed_login_signs_in(running: Installation) -> None:
    body = {"email": running.login["email"], "password": running.login["password"]}
    answer = httpx.post(f"{running.url}/v1/sessions", json=body, timeout=60)
    assert answer.status_code == 201, answer.text
    assert {running.login["tenant"], running.login["live_tenant"]} == {
        each["id"] for each in answer.json()["tenants"]
    }
    assert (running.home / "login.json").stat().st_mode & 0o777 == 0o600


def test_the_printed_key_finalizes_an_invoice(running: Installation) -> None:
    with running.client() as client:
        entity = client.get("/v1/legal-entities").json()["data"][0]["id"]
        made = client.post(
            "/v1/invoices",
            json={
                "legal_entity": entity,
                "buyer": {"name": "Kunde", "address": {"country": "DE"}},
                "lines": [
                    {
                        "description": "Rat",
                        "quantity": "2",
                        "price": "50.00",
                        "taxes": [{"category": "S", "rate": "19"}],
                    }
                ],
            },
        ).json()
        answer = client.post(f"/v1/invoices/{made['id']}/finalize", json={})
    assert answer.status_code == 200, answer.text
    assert answer.json()["totals"]["payable"] == "119.00"
    assert answer.json()["number"]


def test_a_tenant_of_its_own_sees_none_of_the_samples(running: Installation) -> None:
    tenant = running.invx("tenant", "create", "Acme", "--mode", "test").stdout.strip()
    with running.client(tenant) as client:
        assert client.get("/v1/invoices").json()["data"] == []
    assert f"{tenant}  Acme" in running.invx("tenant", "list").stdout


def test_a_second_one_on_the_same_home_is_refused_with_its_address(running: Installation) -> None:
    second = running.invx("up")
    assert second.returncode == 1
    assert running.url in second.stderr
    assert str(running.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert httpx.get(f"{running.url}/healthz", timeout=60).status_code == 200


def test_a_taken_port_is_refused_before_anything_is_made(fresh: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = fresh.invx("up", INVX_PORT=str(port))
    assert refused.returncode == 1
    assert f"127.0.0.1:{port}" in refused.stderr
    assert "INVX_PORT" in refused.stderr
    assert not (fresh.home / "postgres").exists()


def test_keys_are_private_and_the_doctor_is_content(running: Installation) -> None:
    assert stat.S_IMODE((running.home / "signing-key.json").stat().st_mode) == 0o600
    seen = running.invx("doctor")
    assert seen.returncode == 0, seen.stdout
    assert "every migration has run" in seen.stdout
    assert running.url in seen.stdout


def test_ctrl_c_and_stop_end_everything_and_the_data_are_there_again(fresh: Installation) -> None:
    before = sample(fresh.up(), "sample-invoice")
    assert fresh.signal(signal.SIGINT) == 0
    assert "Traceback" not in fresh.said
    assert "Stopped." in fresh.said
    assert not fresh.postgres_runs()
    assert not (fresh.home / "running.json").exists()
    assert sample(fresh.up(), "sample-invoice") == before
    stopped = fresh.invx("stop")
    assert stopped.returncode == 0
    assert fresh.signal(0) == 0  # SIGTERM is what `invx stop` sends
    assert f"Stopped process {fresh.pid}" in stopped.stderr
    assert not fresh.postgres_runs()
    assert "Nothing is running here." in fresh.invx("stop").stderr


def test_after_kill_9_it_starts_again_with_everything_that_was_accepted(
    fresh: Installation,
) -> None:
    draft = sample(fresh.up(), "sample-draft")
    with fresh.client() as client:
        number = client.post(f"/v1/invoices/{draft['id']}/finalize", json={}).json()["number"]
    os.kill(fresh.pid, signal.SIGKILL)
    assert fresh.signal(0) == -signal.SIGKILL
    assert sample(fresh.up(), "sample-draft")["number"] == number
    assert fresh.invx("audit", "verify").stdout.startswith("Intact: 3 tenants")


def test_a_signal_while_it_starts_leaves_nothing_running(fresh: Installation) -> None:
    starting = subprocess.Popen(
        [INVX, "up"], env=fresh.environment(), stderr=subprocess.PIPE, text=True
    )
    until(fresh.postgres_runs, pause=0.02)
    starting.send_signal(signal.SIGTERM)
    _, said = starting.communicate(timeout=HANG_SECONDS)
    assert starting.returncode == 0, said
    assert "Traceback" not in said
    until(lambda: not fresh.postgres_runs())
