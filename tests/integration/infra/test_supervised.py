"""A program is started, kept up, found again after our death, and ended with all it began."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from invx.infra.supervised import Program, ProgramFailed, Supervised, free_port, listens
from tests.waiting import until

# Listens on a port, and starts a child that would outlive it.
LISTENER = """
import socket, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[2], "w").write(str(child.pid))
server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
server.bind(("127.0.0.1", int(sys.argv[1]))); server.listen()
print("listening", flush=True)
while True: server.accept()[0].close()
"""


def listener(folder: Path, port: int, name: str = "listener") -> Program:
    command = (sys.executable, "-c", LISTENER, str(port), str(folder / "child"))
    return Program(name, command, folder, lambda: listens(port), {"PATH": os.defpath}, 5)


def lives(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] not in "ZX"


def test_it_runs_until_it_is_stopped_and_takes_its_children_along(tmp_path: Path) -> None:
    port = free_port()
    with Supervised(listener(tmp_path, port)) as running:
        pid, child = running.pid, int((tmp_path / "child").read_text())
        assert pid is not None
        assert listens(port)
        assert lives(child)
        until(lambda: "listening" in running.log.read_text())
    assert running.pid is None
    assert not lives(pid)
    assert not lives(child)
    running.stop()  # again, to no effect


def test_its_log_is_for_its_owner_only(tmp_path: Path) -> None:
    with Supervised(listener(tmp_path, free_port())) as running:
        assert running.log.stat().st_mode & 0o777 == 0o600


def test_a_killed_one_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    with Supervised(listener(tmp_path, free_port())) as running:
        running.watch(said.append)
        first, child = running.pid, int((tmp_path / "child").read_text())
        running.kill()
        until(lambda: running.restarts == 1)
        assert running.pid not in (None, first)
        assert not lives(child)
    assert said[0].startswith("listener ended (code -9)")
    assert said[-1] == "listener answers again"


def test_two_supervisors_of_one_folder_are_one_too_many(tmp_path: Path) -> None:
    with Supervised(listener(tmp_path, free_port())):
        other = Supervised(listener(tmp_path, free_port()))
        with pytest.raises(ProgramFailed, match="Another Invx runs listener"):
            other.start()
    with other:
        assert other.pid is not None


def test_what_a_killed_supervisor_left_is_ended_before_the_next_begins(tmp_path: Path) -> None:
    port = free_port()
    source = Path(__file__)
    dies = (
        "import importlib.util, os, sys, pathlib\n"
        f"spec = importlib.util.spec_from_file_location('t', {str(source)!r})\n"
        "t = importlib.util.module_from_spec(spec); spec.loader.exec_module(t)\n"
        f"t.Supervised(t.listener(pathlib.Path({str(tmp_path)!r}), {port})).start()\n"
        "os._exit(1)\n"
    )
    subprocess.run([sys.executable, "-c", dies], env={**os.environ, "PYTHONPATH": "src"})
    orphan = json.loads((tmp_path / "listener.pid").read_text())["pid"]
    assert lives(orphan)
    with Supervised(listener(tmp_path, port)) as running:
        assert running.pid != orphan
        assert not lives(orphan)


def test_a_number_that_now_means_another_process_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        mark = {"pid": stranger.pid, "began": "1"}
        (tmp_path / "listener.pid").write_text(json.dumps(mark))
        with Supervised(listener(tmp_path, free_port())):
            assert stranger.poll() is None
        stranger.send_signal(signal.SIGKILL)


@pytest.mark.parametrize("mark", ["", "{}", "no json", '{"pid": "x", "began": "1"}'])
def test_a_damaged_mark_is_no_obstacle(tmp_path: Path, mark: str) -> None:
    (tmp_path / "listener.pid").write_text(mark)
    with Supervised(listener(tmp_path, free_port())) as running:
        assert running.pid is not None


def test_one_that_ends_while_starting_is_reported_with_its_words(tmp_path: Path) -> None:
    code = "import sys; print('no such table'); sys.exit(3)"
    program = Program("broken", (sys.executable, "-c", code), tmp_path, lambda: False, {})
    with pytest.raises(ProgramFailed, match="broken ended while starting: no such table"):
        Supervised(program).start()


def test_one_that_never_answers_is_given_up_and_ended(tmp_path: Path) -> None:
    thinks = ("/bin/sh", "-c", "echo thinking; sleep 600")  # says so sooner than Python would
    program = Program("slow", thinks, tmp_path, lambda: False, {}, 1)
    slow = Supervised(program)
    with pytest.raises(ProgramFailed, match="slow did not answer in time: thinking"):
        slow.start(timeout=3)
    assert slow.pid is None


def test_somebody_elses_answer_is_not_taken_for_its_own(tmp_path: Path) -> None:
    port = free_port()
    with (
        Supervised(listener(tmp_path, port, "first")),
        pytest.raises(ProgramFailed, match="Something else answers where second would"),
    ):
        Supervised(listener(tmp_path, port, "second")).start()


def test_a_long_log_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "listener.log"
    log.write_bytes(b"x" * 10_000_001)
    with Supervised(listener(tmp_path, free_port())):
        assert log.stat().st_size < 1_000
    assert (tmp_path / "listener.log.1").stat().st_size == 10_000_001
