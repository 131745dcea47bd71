"""Checks of size and naming (design, section 9; two words of section 2 that must not appear)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import Function, calls, dotted, files, functions, imports, python

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
PARAMETERS_MAX = 7
COLUMNS_MAX = 100
# The design asks for 1.2; the house stands at 1.11 and this only ever rises.
TEST_LINES_PER_CODE_LINE_MIN = 1.2
EVERYTHING = ("src/**/*.py", "tests/**/*.py", "scripts/*.py", "bench/**/*.py")
ABSENT = {
    "base", "bus", "common", "dto", "factory", "helper", "helpers", "impl", "manager", "managers",
    "mapper", "mappers", "mediator", "misc", "service", "services", "util", "utils",
}  # fmt: skip
_EXCUSES = re.compile(r"^(pytest|mark)\..*(skip|skipif|xfail|importorskip)$")
# Three words, or the ID of a scenario and one.
_STATEMENT = re.compile(r"^test_([a-z]+\d+_.|[^_]+_[^_]+_.)")
# How a test can object without the word `assert`.
_OBJECTS = re.compile(r"(^|[._])(assert|check|expect|raises|refuse|then|verify|warns|fail)")


def file_sizes(root: Path) -> Iterator[str]:
    """At most 400 lines a file, 100 columns a line."""
    for path in files(root, *EVERYTHING):
        lines = path.read_text().splitlines()
        name = path.relative_to(root).as_posix()
        if len(lines) > FILE_LINES_MAX:
            yield f"{name}: {len(lines)} lines"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                yield f"{name}:{number}: {len(line)} columns"


def function_sizes(root: Path) -> Iterator[str]:
    """At most 60 lines and 7 parameters (without self) a function."""
    for name, tree in python(root, *EVERYTHING):
        for function in functions(tree):
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield f"{name}:{function.lineno}: {function.name} has {lines} lines"
            if (count := _parameters(function)) > PARAMETERS_MAX:
                yield f"{name}:{function.lineno}: {function.name} takes {count} parameters"


def _parameters(function: Function) -> int:
    given = function.args
    names = [arg.arg for arg in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def share_of_tests(root: Path) -> Iterator[str]:
    """So many lines of tests per line of code at least, blank lines not counted.

    A row of a table of cases (*.tsv) is a line of tests.
    """
    code = _lines_of(root, "src/**/*.py")
    tests = _lines_of(root, "tests/**/*.py") + _lines_of(root, "tests/**/*.tsv")
    if tests < code * TEST_LINES_PER_CODE_LINE_MIN:
        yield f"src: {code} lines of code and {tests} of tests: {tests / code:.2f}"


def _lines_of(root: Path, pattern: str) -> int:
    texts = (path.read_text() for path in files(root, pattern))
    return sum(bool(line.strip()) for text in texts for line in text.splitlines())


def names(root: Path) -> Iterator[str]:
    """No module and no class is named with a word that says nothing."""
    for name, tree in python(root, "src/**/*.py"):
        stem = Path(name).stem
        if ABSENT & set(stem.lower().split("_")):
            yield f"{name}: the module's name"
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", node.name)
                if ABSENT & {word.lower() for word in words}:
                    yield f"{name}:{node.lineno}: class {node.name}"


def unit_tests_without_mocks(root: Path) -> Iterator[str]:
    """Unit tests run on in-memory twins, never on `unittest.mock`."""
    for name, tree in python(root, "tests/unit/**/*.py"):
        for line, module in imports(tree):
            if module.startswith("unittest.mock") or module.split(".")[0] == "mock":
                yield f"{name}:{line}: imports {module}"
        for line, call in calls(tree):
            if "mocker" in call.split("."):
                yield f"{name}:{line}: calls {call}"


def tests_run_and_object(root: Path) -> Iterator[str]:
    """A test is named by a statement, is never skipped, and can fail."""
    for name, tree in python(root, "tests/**/test_*.py"):
        objecting = _objecting(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _EXCUSES.search(dotted(node)):
                yield f"{name}:{node.lineno}: {dotted(node)}"
        for function in functions(tree):
            if not function.name.startswith("test_"):
                continue
            if not _STATEMENT.search(function.name):
                yield f"{name}:{function.lineno}: {function.name} is no statement"
            if not _can_fail(function, objecting):
                yield f"{name}:{function.lineno}: {function.name} asserts nothing"


def _objecting(tree: ast.Module) -> set[str]:
    """Names in a test module whose call can fail the test: functions, or what other tests share."""
    found = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests.")
        for alias in node.names
    }
    for _ in range(3):  # through functions that call such functions
        found |= {function.name for function in functions(tree) if _can_fail(function, found)}
    return found


def _can_fail(function: Function, objecting: set[str]) -> bool:
    if any(isinstance(node, ast.Assert) for node in ast.walk(function)):
        return True
    given = {arg.arg for arg in (*function.args.args, *function.args.kwonlyargs)}
    return any(
        _OBJECTS.search(call) or (call.split(".")[0] in objecting and call not in given)
        for _, call in calls(function)
    )
