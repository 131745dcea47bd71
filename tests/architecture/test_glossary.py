"""Every word that the code has made up for the domain stands in the glossary."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType

import pytest

import invx.contexts.invoicing.domain as invoicing
from invx.contracts import invoicing as published
from invx.kernel.aggregate import Aggregate
from invx.kernel.messages import Contract, Event

GLOSSARY = Path(__file__).parents[2] / "docs" / "glossary.md"


def modules() -> Iterator[ModuleType]:
    yield published
    for found in pkgutil.iter_modules(invoicing.__path__):
        yield importlib.import_module(f"{invoicing.__name__}.{found.name}")


def words() -> set[str]:
    """Names of events, aggregates and contracts, and the values of the enumerations."""
    found: set[str] = set()
    for module in modules():
        for name, value in vars(module).items():
            if not inspect.isclass(value) or value.__module__ != module.__name__:
                continue
            if issubclass(value, Event | Aggregate | Contract):
                found.add(name)
            elif issubclass(value, StrEnum):
                found |= {member.value for member in value}
    return found


def unexplained(text: str, wanted: set[str]) -> set[str]:
    """The words that the text does not name."""
    return wanted - set(re.findall(r"`([A-Za-z_0-9]+)`", text))


def test_the_glossary_names_every_word() -> None:
    assert len(words()) > 50
    assert unexplained(GLOSSARY.read_text(), words()) == set()


@pytest.mark.parametrize("word", ["DocumentFinalized", "written_off", "Series", "cash"])
def test_a_word_that_is_taken_out_is_missed(word: str) -> None:
    text = GLOSSARY.read_text().replace(f"`{word}`", word)
    assert unexplained(text, words()) == {word}
