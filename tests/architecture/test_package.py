"""What goes into a wheel, and how an environment is made from the locks."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.environment import uv_settings
from tests.architecture.source import ROOT, files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built in a copy: setuptools leaves its traces beside the source."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in files(ROOT, "src/**/*", "requirements/*.in", "*.toml", "LICENSE", "README.md"):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "."]
    done = subprocess.run(
        [*build, "-w", "out"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next((folder / "out").glob("invx-*.whl")))


def test_the_wheel_holds_every_file_of_the_program(wheel: zipfile.ZipFile) -> None:
    source = ROOT / "src"
    expected = {path.relative_to(source).as_posix() for path in files(source, "invx/**/*")}
    assert expected - set(wheel.namelist()) == set()


def test_the_wheel_names_its_command_its_needs_and_its_licence(wheel: zipfile.ZipFile) -> None:
    (folder,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    assert "invx = invx.cli:main" in wheel.read(f"{folder}/entry_points.txt").decode()
    about = wheel.read(f"{folder}/METADATA").decode()
    assert "Requires-Dist: asyncpg\n" in about
    assert "License-Expression: Apache-2.0\n" in about
    assert f"{folder}/licenses/LICENSE" in wheel.namelist()


def test_uv_looks_where_pip_is_told_to_look() -> None:
    settings = uv_settings(
        [
            "global.index-url='https://first.example/simple'",
            "global.extra-index-url='https://a.example https://b.example'",
            "install.index-url='https://second.example/simple'",
            ":env:.find-links='/wheels\\n/more'",
            ":env:.cert='/ca.pem'",
            "global.timeout=60",
            "global.no-color='1'",
        ]
    )
    assert settings == {
        "UV_DEFAULT_INDEX": "https://second.example/simple",
        "UV_INDEX": "https://a.example https://b.example",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/ca.pem",
        "UV_HTTP_TIMEOUT": "60",
    }


def test_without_settings_of_pip_uv_is_left_alone() -> None:
    assert uv_settings([]) == {}


@pytest.mark.parametrize("level", ["base", "dev"])
def test_an_environment_that_is_current_is_left_alone(tmp_path: Path, level: str) -> None:
    """The stamp decides within milliseconds, without starting Python."""
    tree = _tree_with_stamp(tmp_path, level)
    done = subprocess.run(
        [tree / "scripts/environment.sh", level], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_lock_or_a_moved_folder_makes_the_environment_anew(tmp_path: Path) -> None:
    tree = _tree_with_stamp(tmp_path, "base")
    (tree / "requirements/base.txt").write_text("changed")
    assert "fake python was asked" in _without_real_python(tree)
    tree = _tree_with_stamp(tmp_path / "again", "base").rename(tmp_path / "moved")
    assert "fake python was asked" in _without_real_python(tree)


def test_without_a_suitable_python_it_says_what_to_install(tmp_path: Path) -> None:
    tree = _tree_with_stamp(tmp_path, "base")
    (tree / "requirements/base.txt").write_text("changed")
    done = subprocess.run(
        [tree / "scripts/environment.sh", "base"],
        env={"PATH": "/usr/bin:/bin", "INVX_PYTHON": "/no/python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Python 3.11 or later" in done.stderr
    assert "apt-get install" in done.stderr


def _tree_with_stamp(folder: Path, level: str) -> Path:
    """A tree whose environment, made for development, is current for `level`."""
    tree = folder / "tree"
    for name in ("scripts", "requirements", ".venv/bin"):
        (tree / name).mkdir(parents=True)
    for name in ("base", "dev", "bootstrap", "rules"):
        (tree / f"requirements/{name}.txt").write_text(f"{name}==1")
    script = tree / "scripts/environment.sh"
    script.write_text((ROOT / "scripts/environment.sh").read_text())
    script.chmod(0o755)
    (tree / "scripts/environment.py").write_text("")
    python = tree / ".venv/bin/python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    subprocess.run(
        [script, level], check=True, env={"PATH": "/usr/bin:/bin", "INVX_PYTHON": str(python)}
    )
    return tree


def _without_real_python(tree: Path) -> str:
    fake = tree / "fake-python"
    fake.write_text('#!/bin/sh\n[ "$1" = -c ] || echo "fake python was asked"\n')
    fake.chmod(0o755)
    done = subprocess.run(
        [tree / "scripts/environment.sh", "base"],
        env={"PATH": "/usr/bin:/bin", "INVX_PYTHON": str(fake)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
