"""The doctor finds planted faults and names their remedy."""

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from invx.cli.findings import database, installation, machine
from invx.cli.findings.finding import Finding, Level
from invx.infra.tokens import create_key
from invx.settings import PlaceSettings, ServeSettings, Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return read_settings({"INVX_HOME": str(tmp_path / "home")})


@pytest.fixture
def key(settings: Settings) -> Path:
    path = settings.place.home / "signing-key.json"
    create_key(path, settings.place.home / "jwks.json")
    return path


def only(findings: object) -> Finding:
    (found,) = list(findings)  # type: ignore[call-overload]
    return found


def test_a_good_finding_has_no_remedy_and_a_bad_one_has(settings: Settings) -> None:
    assert only(installation.home(settings.place)).remedy == ""
    assert only(machine.python((3, 10, 1))).remedy


def test_an_old_python_is_refused() -> None:
    assert only(machine.python((3, 10, 12))).level is Level.FAIL
    assert only(machine.python((3, 11, 0))).level is Level.OK


def test_a_package_of_another_version_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "base.txt"
    lock.write_text("typer==0.0.1 \\\n    --hash=sha256:0\nno-such-package==1.0 \\\n")
    found = only(machine.packages(lock))
    assert found.level is Level.FAIL
    assert "typer" in found.seen
    assert "no-such-package is missing" in found.seen


def test_a_package_for_another_platform_is_not_missed(tmp_path: Path) -> None:
    lock = tmp_path / "base.txt"
    lock.write_text("no-such-package==1.0 ; sys_platform == 'win32' \\\n")
    assert only(machine.packages(lock)).level is Level.OK


def test_the_packages_here_are_those_of_the_lock() -> None:
    assert only(machine.packages(machine.lock_file())).level is Level.OK


def test_a_pdf_can_be_made() -> None:
    assert only(machine.fonts()).level is Level.OK


@pytest.mark.parametrize(
    ("free", "level"), [(10**12, Level.OK), (10**9, Level.WARN), (10**8, Level.FAIL)]
)
def test_a_full_disk_is_seen(tmp_path: Path, free: int, level: Level) -> None:
    assert only(machine.disk(tmp_path / "not" / "yet", free)).level is level


def test_a_clock_before_the_release_is_wrong(tmp_path: Path) -> None:
    found = only(machine.clock(tmp_path, datetime(1970, 1, 2, tzinfo=UTC)))
    assert found.level is Level.FAIL


def test_a_clock_that_went_back_is_seen_from_what_was_written(key: Path) -> None:
    now = datetime.now(UTC)
    assert only(machine.clock(key.parent, now)).level is Level.OK
    found = only(machine.clock(key.parent, now - timedelta(days=1)))
    assert found.level is Level.FAIL
    assert "was written" in found.seen


def test_a_home_that_is_a_file_is_seen(settings: Settings) -> None:
    settings.place.home.write_text("")
    assert only(installation.home(settings.place)).level is Level.FAIL


def test_no_keys_yet_is_no_fault(settings: Settings) -> None:
    assert only(installation.keys(settings)).level is Level.OK


def test_good_keys_are_good(settings: Settings, key: Path) -> None:
    assert only(installation.keys(settings)).level is Level.OK


def test_a_key_that_others_can_read_is_a_fault(settings: Settings, key: Path) -> None:
    key.chmod(0o644)
    found = only(installation.keys(settings))
    assert found.level is Level.FAIL
    assert f"chmod 600 {key}" in found.remedy


def test_a_broken_key_is_a_fault(settings: Settings, key: Path) -> None:
    key.write_text("{}")
    assert only(installation.keys(settings)).level is Level.FAIL


def test_a_key_set_that_does_not_know_the_key_is_a_fault(settings: Settings, key: Path) -> None:
    (key.parent / "jwks.json").write_text(json.dumps({"keys": []}))
    found = only(installation.keys(settings))
    assert found.level is Level.FAIL
    assert "does not know" in found.seen


def test_a_taken_port_is_a_fault(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        here = replace(settings, serve=ServeSettings(port=taken.getsockname()[1]))
        assert only(installation.port(here)).level is Level.FAIL
    assert only(installation.port(here)).level is Level.OK


def test_binaries_that_are_not_there_are_a_fault(tmp_path: Path) -> None:
    found = only(
        database.database(PlaceSettings(home=tmp_path, postgres_binaries=tmp_path / "none"))
    )
    assert found.level is Level.FAIL
    assert "INVX_PG_BIN" in found.remedy


def test_a_place_without_data_is_told_where_they_will_be(tmp_path: Path) -> None:
    levels = {each.subject: each for each in database.database(PlaceSettings(home=tmp_path))}
    assert {each.level for each in levels.values()} == {Level.OK}
    assert "none yet" in levels["data"].seen


def test_data_of_another_version_are_a_fault(tmp_path: Path) -> None:
    place = PlaceSettings(home=tmp_path, postgres_account=None)
    from invx.place import embedded_server

    data = embedded_server(place).location / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    if not os.geteuid():
        os.chown(data, 65534, -1)
    found = {each.subject: each for each in database.database(place)}["data"]
    assert found.level is Level.FAIL
    assert "PostgreSQL 14" in found.remedy


def test_a_server_of_your_own_that_does_not_answer_is_a_fault() -> None:
    dsn = "postgresql://a:b@127.0.0.1:1/invx"
    place = PlaceSettings(app_dsn=dsn, system_dsn=dsn, admin_dsn=dsn)
    found = only(database.database(place))
    assert found.level is Level.FAIL
    assert "127.0.0.1:1" in found.seen
