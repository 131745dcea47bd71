"""Every end-to-end test runs in both shapes, or is listed with the reason why not."""

import ast
from pathlib import Path

import pytest

from tests.e2e.shapes import ALONE, ONE, SERVICES, shapes_of

HERE = Path(__file__).parent
NAMES = [name for names in ALONE.values() for name in names]


def named_in(path: Path) -> list[str]:
    """The tests of a module."""
    body = ast.parse(path.read_text()).body
    functions = [each for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [each.name for each in functions if each.name.startswith("test_")]


MODULES = {path.name: named_in(path) for path in sorted(HERE.glob("test_*.py"))}


def test_what_is_listed_is_there_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    known = [*MODULES, *(test for tests in MODULES.values() for test in tests)]
    assert [name for name in NAMES if known.count(name) != 1] == []


def test_every_other_test_is_collected_in_both_shapes(request: pytest.FixtureRequest) -> None:
    """What pytest has collected: a test that asks for no shape must be on the list."""
    shapes: dict[tuple[str, str], set[str]] = {}
    for item in request.session.items:
        if item.path.parent == HERE and isinstance(item, pytest.Function):
            told = getattr(item, "callspec", None)
            shape = told.params.get("shape", ONE) if told else ONE
            shapes.setdefault((item.path.name, item.originalname), set()).add(shape)
    wrong = {
        f"{module}::{test}": found
        for (module, test), found in shapes.items()
        if found != set(shapes_of(module, test))
    }
    assert wrong == {}


def test_most_is_told_to_both() -> None:
    both = [
        test for module, tests in MODULES.items() for test in tests
        if shapes_of(module, test) == (ONE, SERVICES)
    ]  # fmt: skip
    assert len(both) > 0.8 * sum(map(len, MODULES.values()))
