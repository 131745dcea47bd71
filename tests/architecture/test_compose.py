"""What compose starts: by the published schema, without rights, bounded, and set as Invx reads."""

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from invx.cli.split import PORTS
from invx.host import CONTEXTS
from invx.kernel.errors import DomainError
from invx.settings import Settings, read_settings
from tests.architecture.deployment import (
    COMPOSE,
    DEPLOY,
    PINNED,
    against,
    loaded,
    parts_of,
)

SERVICES = DEPLOY / "compose.services.yaml"
ONE = DEPLOY / "compose.yaml"
PASSWORD = re.compile(r"(?i)(PASSWORD|SECRET|TOKEN)$")
every_file = pytest.mark.parametrize("file", COMPOSE, ids=lambda file: file.name)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those that the script makes, in a copy of the folder."""
    folder = tmp_path_factory.mktemp("deploy")
    shutil.copy(DEPLOY / "secrets.sh", folder)
    made = subprocess.run([folder / "secrets.sh"], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder / "secrets"


def default(text: str) -> str:
    """A value where nothing is set outside: `${NAME:-this}`."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def settings_of(file: Path, name: str, secrets: Path, home: Path) -> Settings:
    """What a container of ours is set to; its secrets lie where the file says."""
    sources = loaded(file)["secrets"]
    part = parts_of(file)[name]
    said = {key: default(str(value)) for key, value in part.get("environment", {}).items()}
    for each in part.get("secrets", []):
        lies = secrets.parent / sources[each]["file"]
        said = {
            key: str(lies) if value == f"/run/secrets/{each}" else value
            for key, value in said.items()
        }
    assert "/run/secrets/" not in " ".join(said.values()), "a secret is not given to it"
    return read_settings({"INVX_HOST": "0.0.0.0", "INVX_HOME": str(home), **said})


def ours(file: Path) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in parts_of(file).items() if "invx:" in each["image"]}


@every_file
def test_the_published_schema_takes_it(file: Path) -> None:
    assert against("compose-spec", loaded(file)) == []


def test_the_schema_would_object() -> None:
    broken = loaded(ONE)
    broken["services"]["invx"]["read_onli"] = True
    broken["services"]["postgres"]["healthcheck"]["retries"] = {}
    said = " ".join(against("compose-spec", broken))
    assert "read_onli" in said
    assert "retries" in said or "healthcheck" in said


@every_file
def test_nothing_runs_with_more_rights_than_it_needs(file: Path) -> None:
    for name, each in parts_of(file).items():
        assert each["read_only"] is True, name
        assert each["cap_drop"] == ["ALL"], name
        assert "cap_add" not in each, name
        assert "privileged" not in each, name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert not each.get("user", "").startswith("0"), name


@every_file
def test_everything_is_bounded_and_looked_after(file: Path) -> None:
    for name, each in parts_of(file).items():
        limits = each["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert each["logging"]["options"]["max-size"], name
        # The image of ours asks by itself.
        assert "healthcheck" in each or name in ours(file), name


@every_file
def test_every_image_is_named_with_its_version(file: Path) -> None:
    for name, each in parts_of(file).items():
        image = default(each["image"])
        assert image == "invx:local" or PINNED.fullmatch(image), name


@every_file
def test_no_password_stands_in_a_file_or_has_a_default(file: Path) -> None:
    for name, each in parts_of(file).items():
        for key, value in each.get("environment", {}).items():
            assert not PASSWORD.search(key), f"{name}: {key}"
            assert "://" not in str(value) or "@" not in str(value), f"{name}: {key}"
    for name, source in loaded(file).get("secrets", {}).items():
        assert source["file"].startswith("secrets/"), name
    assert "deploy/secrets/" in (DEPLOY.parent / ".gitignore").read_text().splitlines()


@every_file
def test_only_the_edge_is_reached_from_other_machines(file: Path) -> None:
    for name, each in parts_of(file).items():
        for port in each.get("ports", []):
            assert default(port).startswith("127.0.0.1:"), f"{name}: {port}"
            # Another address can be said for what is made to be reached, and nothing else.
            assert ("INVX_PUBLISH" in port) is (name in ("invx", "gateway")), f"{name}: {port}"


@every_file
def test_what_is_mounted_is_there(file: Path, secrets: Path) -> None:
    known = loaded(file)
    for name, each in parts_of(file).items():
        for volume in each.get("volumes", []):
            source, target = volume.split(":")[:2]
            assert target.startswith("/"), name
            assert (DEPLOY / source).exists() or source in known["volumes"], f"{name}: {source}"
    for source in known.get("secrets", {}).values():
        assert (secrets.parent / source["file"]).stat().st_size > 20


def test_the_program_reads_every_setting_that_a_container_of_ours_gets(
    secrets: Path, tmp_path: Path
) -> None:
    for file in (ONE, SERVICES):
        for name in ours(file):
            settings = settings_of(file, name, secrets, tmp_path)
            assert settings.place.external or name == "gateway-config", name


def test_a_misspelt_setting_would_be_refused(secrets: Path, tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(ONE.read_text().replace("INVX_DATABASE_APP_FILE", "INVX_DATABASE_AP_FILE"))
    with pytest.raises(DomainError, match="INVX_DATABASE_AP_FILE"):
        settings_of(file, "migrate", secrets, tmp_path)


def test_each_context_is_a_process_at_its_port_with_its_own_database(
    secrets: Path, tmp_path: Path
) -> None:
    for name in CONTEXTS:
        assert ours(SERVICES)[name]["command"] == ["serve", "--contexts", name]
        settings = settings_of(SERVICES, name, secrets, tmp_path)
        assert settings.serve.port == PORTS[name]
        for uri in (settings.place.app_dsn, settings.place.system_dsn, settings.place.admin_dsn):
            assert f"@postgres-{name}:5432/invx_{name}" in str(uri)
        assert "postgres:" not in str(settings.place.admin_dsn), "who serves is no administrator"
        assert str(settings.broker.url).endswith("@rabbitmq:5672")
        assert str(settings.broker.valkey_url).endswith("@valkey:6379/0")


def test_identity_alone_reaches_into_all_contexts_and_administers_none(
    secrets: Path, tmp_path: Path
) -> None:
    places = {name: settings_of(SERVICES, name, secrets, tmp_path).place for name in CONTEXTS}
    assert {name for name, place in places.items() if place.contexts} == {"identity"}
    assert set(places["identity"].contexts) == set(CONTEXTS)
    for name, each in places["identity"].contexts.items():
        assert each.admin_dsn == each.app_dsn == places[name].app_dsn
        assert each.system_dsn == places[name].system_dsn


def test_what_migrates_knows_every_database_with_the_same_passwords(
    secrets: Path, tmp_path: Path
) -> None:
    place = settings_of(SERVICES, "migrate", secrets, tmp_path).place
    assert set(place.contexts) == set(CONTEXTS)
    for name, each in place.contexts.items():
        serving = settings_of(SERVICES, name, secrets, tmp_path).place
        assert (each.app_dsn, each.system_dsn) == (serving.app_dsn, serving.system_dsn)
        assert "//postgres:" in str(each.admin_dsn)
    assert {name for name in parts_of(SERVICES) if name.startswith("postgres-")} == {
        f"postgres-{name}" for name in CONTEXTS
    }


def test_contexts_are_sent_to_identity_where_it_listens(secrets: Path, tmp_path: Path) -> None:
    at = f"http://identity:{PORTS['identity']}"
    for name in CONTEXTS:
        auth = settings_of(SERVICES, name, secrets, tmp_path).auth
        if name == "identity":
            assert auth.jwks == tmp_path / "jwks.json"
        else:
            assert auth.jwks == f"{at}/.well-known/jwks.json"
            assert auth.token_url == f"{at}/oauth/token"


def test_what_watches_finds_every_context_at_its_port() -> None:
    jobs = loaded(DEPLOY / "observability/prometheus.yaml")["scrape_configs"]
    (ours,) = [job for job in jobs if job["job_name"] == "invx"]  # as the alerts call it
    found = {each["names"][0]: each["port"] for each in ours["dns_sd_configs"]}
    assert found == {name: PORTS[name] for name in CONTEXTS}


def test_a_container_has_longer_to_end_than_the_program_takes() -> None:
    drains = 5 + 20  # INVX_DRAIN_SECONDS of the image, and what is under way
    for file, names in ((ONE, ["invx"]), (SERVICES, list(CONTEXTS))):
        for name in names:
            grace = int(parts_of(file)[name]["stop_grace_period"].rstrip("s"))
            assert grace > drains, name


def test_secrets_are_random_private_and_made_once(secrets: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    before = {path.name: path.read_text() for path in secrets.iterdir()}
    again = subprocess.run(
        [secrets.parent / "secrets.sh"], capture_output=True, text=True, check=False
    )
    assert (again.returncode, again.stdout) == (0, "")
    assert {path.name: path.read_text() for path in secrets.iterdir()} == before
    passwords = re.findall(r"\b[0-9a-f]{48}\b", "".join(before.values()))
    assert len(set(passwords)) == 12  # a login each; the servers, the broker, Valkey, Grafana
    shutil.copy(DEPLOY / "secrets.sh", tmp_path)
    subprocess.run([tmp_path / "secrets.sh"], capture_output=True, check=True)
    other = (tmp_path / "secrets" / "postgres").read_text()
    assert other != before["postgres"]


def test_accounts_in_containers_can_read_secrets(secrets: Path) -> None:
    for path in secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o644, path.name
    assert os.access(DEPLOY / "secrets.sh", os.X_OK)
