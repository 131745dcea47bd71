"""What operators type wrong, or too early: a sentence and an exit code, never a stack."""

import csv
import os
import shlex
import sys
from pathlib import Path
from uuid import UUID

import pytest
import typer
from typer.core import TyperGroup

from invx.cli.program import app, main
from invx.kernel.ids import typeid

with Path(__file__).with_name("refusals.tsv").open(encoding="utf-8") as _file:
    ROWS = list(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))

SEVEN = UUID(int=7)


def typed(monkeypatch: pytest.MonkeyPatch, home: Path, words: list[str]) -> int:
    """The exit code of the program, in a home of its own."""
    for name in [name for name in os.environ if name.startswith("INVX_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("INVX_HOME", str(home))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["invx", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.parametrize("row", ROWS, ids=[row["words"] for row in ROWS])
def test_a_command_that_cannot_be_says_so_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    row: dict[str, str],
) -> None:
    home, file = tmp_path / "home", tmp_path / "file.csv"
    home.mkdir()
    file.write_text("a,b\n1,2\n")
    where = {
        "home": str(home),
        "file": str(file),
        "tenant": typeid("tnt", SEVEN),
        "series": typeid("ser", SEVEN),
        "other": typeid("inv", SEVEN),
    }
    words = shlex.split(row["words"].format(**where))
    assert typed(monkeypatch, home, words) == int(row["exit"])
    said, complained = capsys.readouterr()
    assert row["says"].format(**where) in (said if words == ["--version"] else complained)
    assert "Traceback" not in complained
    assert not complained.startswith(("FileNotFoundError", "IsADirectoryError"))
    assert said == "" or row["exit"] == "0", "a pipe gets nothing of a complaint"
    assert list(home.iterdir()) == []


def commands(group: TyperGroup, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command of the program, by its words."""
    found = []
    for name, each in group.commands.items():
        if isinstance(each, TyperGroup):
            found += commands(each, (*before, name))
        else:
            found.append((*before, name))
    return found


ALL = commands(typer.main.get_group(app))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_explains_itself(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    words: tuple[str, ...],
) -> None:
    assert typed(monkeypatch, tmp_path, [*words, "--help"]) == 0
    said = capsys.readouterr().out
    usage, _, explained = said.partition("\n\n")
    assert usage.startswith(f"Usage: invx {' '.join(words)} ")
    assert explained.partition("\n\n")[0].rstrip().endswith("."), "a sentence"
    assert list(tmp_path.iterdir()) == []


def test_the_table_knows_every_command() -> None:
    """But for those that begin something, or only show what is there."""
    typed_ = {tuple(shlex.split(row["words"])[:length]) for row in ROWS for length in (1, 2)}
    left = {" ".join(each) for each in ALL if each not in typed_}
    assert left == {"up", "demo", "doctor", "keys rotate", "packs list", "rules list"}
