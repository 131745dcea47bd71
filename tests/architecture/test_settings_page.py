"""Every setting is explained on one page, and the page explains none that is not read."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"INVX_[A-Z_]+[A-Z]")


def variables(text: str) -> set[str]:
    return set(NAME.findall(text))


def test_the_page_of_settings_names_what_is_read_and_nothing_else() -> None:
    read = variables((ROOT / "src/invx/settings.py").read_text())
    assert len(read) > 20
    assert variables((ROOT / "docs/operations/settings.md").read_text()) == read


def test_a_missing_variable_would_be_noticed() -> None:
    assert variables("`INVX_HOME`, INVX_PG_BIN=1 and INVX_") == {"INVX_HOME", "INVX_PG_BIN"}
