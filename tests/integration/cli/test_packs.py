"""`invx packs`: what is known of taxes, and a newer pack without a release."""

from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from invx.cli.program import app
from invx.contexts.invoicing.adapters.tax_packs import packs_folder, packs_in

GERMANY = (files("invx.rules.tax") / "packs" / "DE.toml").read_text("utf-8")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INVX_HOME", str(tmp_path))
    return tmp_path


def packs(*words: str) -> Result:
    return CliRunner().invoke(app, ["packs", *words])


def newer(home: Path, text: str) -> str:
    file = home / "newer.toml"
    file.write_text(text)
    return str(file)


def test_every_pack_is_listed_with_what_it_knows(home: Path) -> None:
    done = packs("list")
    assert done.exit_code == 0, done.output
    assert "DE  Germany" in done.stdout
    assert "complete" in done.stdout
    assert "none" in done.stdout, "the United States are not known"
    assert "installed here" not in done.stdout


def test_a_newer_pack_replaces_the_shipped_one(home: Path) -> None:
    text = GERMANY.replace('version = "2026.1"', 'version = "2027.1"', 1)
    done = packs("update", newer(home, text))
    assert done.exit_code == 0, done.output
    germany = packs_in(packs_folder(home)).get("DE")
    assert germany is not None
    assert germany.version == "2027.1"
    assert "2027.1, installed here" in packs("list").stdout
    assert packs("update", newer(home, text)).exit_code == 0, "again does no harm"


@pytest.mark.parametrize(
    "old,new", [('status = "complete"', 'status = "perfect"'), ("country =", "land ="), ("=", "")]
)
def test_a_wrong_pack_changes_nothing(home: Path, old: str, new: str) -> None:
    done = packs("update", newer(home, GERMANY.replace(old, new, 1)))
    assert done.exit_code != 0
    assert not packs_folder(home).exists()
    assert "2026.1, shipped" in packs("list").stdout


def test_a_file_that_is_not_there_is_said_so(home: Path) -> None:
    done = packs("update", str(home / "nothing.toml"))
    assert done.exit_code == 2
    assert "nothing.toml" in done.output
