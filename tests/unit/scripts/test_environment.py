"""Which Python `scripts/environment.sh` builds the environment with."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "environment.sh"
SYSTEM = "/usr/bin/python3"
SLOW, QUICK = 99_000_000, 1


class Folder:
    """A checkout whose environment.py only says who runs it, and a PATH of invented Pythons."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        for name in ("scripts", "requirements", ".venv/bin", "bin"):
            (root / name).mkdir(parents=True)
        (root / "scripts" / "environment.sh").write_text(SCRIPT.read_text())
        (root / "scripts" / "environment.py").write_text("print('the system, or another')")
        for lock in ("bootstrap", "base", "dev"):
            (root / "requirements" / f"{lock}.txt").write_text("")

    def python(self, name: str, *, pace: int = 0, code: int = 0, version: int = 0) -> None:
        """A Python of that pace; building with it ends with that code."""
        file = self.bin / name
        file.write_text(
            '#!/bin/sh\ncase "$*" in\n'
            f"*perf_counter*) echo {pace} ;;\n"
            f"*version_info*) exit {version} ;;\n"
            f"*) echo built with {name} for $2; exit {code} ;;\nesac\n"
        )
        file.chmod(0o755)

    def build(self, level: str = "base", **environ: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["/bin/sh", str(self.root / "scripts" / "environment.sh"), level],
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": f"{self.bin}:/usr/bin:/bin", **environ},
        )

    @property
    def stamp(self) -> str:
        file = self.root / ".venv" / "invx-lock"
        return file.read_text() if file.exists() else ""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def system_is_usable() -> bool:
    asked = [SYSTEM, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return Path(SYSTEM).exists() and subprocess.run(asked, check=False).returncode == 0


def test_the_system_python_is_taken_when_the_first_one_is_slow(folder):
    folder.python("python3", pace=SLOW)
    built = folder.build()
    taken = "the system" if system_is_usable() else "built with python3"
    assert taken in built.stdout
    assert folder.stamp.startswith("base ")


def test_the_first_python_is_kept_when_it_is_as_quick(folder):
    folder.python("python3", pace=QUICK)
    assert "built with python3 for base" in folder.build().stdout


def test_a_named_python_is_taken_whatever_its_pace(folder):
    folder.python("python3", pace=QUICK)
    folder.python("mine", pace=SLOW)
    built = folder.build(INVX_PYTHON=str(folder.bin / "mine"))
    assert "built with mine" in built.stdout


def test_a_python_without_means_leaves_it_to_the_next(folder):
    folder.python("python3", pace=QUICK, code=3)
    folder.python("python3.14", code=3)
    folder.python("python3.13", version=1)
    folder.python("python3.12")
    built = folder.build()
    assert "built with python3 " in built.stdout
    assert "built with python3.13" not in built.stdout
    assert built.stdout.splitlines()[-1] == "built with python3.12 for base"
    assert built.returncode == 0


def test_any_other_failure_is_not_tried_again_and_leaves_no_stamp(folder):
    folder.python("python3", pace=QUICK, code=1)
    folder.python("python3.14")
    built = folder.build()
    assert built.returncode == 1
    assert built.stdout.splitlines() == ["built with python3 for base"]
    assert folder.stamp == ""


def test_no_usable_python_says_what_to_install(folder):
    folder.python("old", version=1)
    built = folder.build(INVX_PYTHON=str(folder.bin / "old"))
    assert built.returncode == 1
    assert "Invx needs Python 3.11 or later" in built.stderr
    assert "apt-get install python3" in built.stderr


def test_nothing_is_built_again_while_the_lock_is_the_same(folder):
    folder.python("python3", pace=QUICK)
    (folder.root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    assert "built" in folder.build().stdout
    assert folder.build().stdout == ""
    assert "for dev" in folder.build("dev").stdout
    assert folder.build("base").stdout == "", "an environment to work on Invx runs it as well"
    (folder.root / "requirements" / "dev.txt").write_text("more==1")
    assert "for dev" in folder.build("base").stdout
