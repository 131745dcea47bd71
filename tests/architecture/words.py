"""Checks of the eleven words: what each may contain, where it stands (design, section 2)."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import calls, dotted, functions, imports, python, texts

APPLY_CASES_MAX = 14
PURE = ("src/invx/kernel/**/*.py", "src/invx/rules/**/*.py", "src/invx/contracts/**/*.py")
DOMAIN = ("src/invx/contexts/*/domain/**/*.py",)
APP = ("src/invx/contexts/*/app/**/*.py",)
CONTEXTS = ("src/invx/contexts/**/*.py",)

_OUTSIDE = {
    "asyncio", "ctypes", "ftplib", "http", "io", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "selectors", "shutil", "smtplib", "socket", "sqlite3", "ssl", "subprocess",
    "tempfile", "threading", "time", "urllib.request",
}  # fmt: skip
_CLOCK = re.compile(r"(^|\.)((datetime|date|dt)\.(now|utcnow|today)|time\.(time|monotonic)\w*)$")
_CHANCE = re.compile(r"(^|\.)(uuid[14678]|urandom|token_\w+)$|^(random|secrets)\.")
_TERMINAL = re.compile(r"^(print|input|open|breakpoint)$")
_SQL = re.compile(
    r"^\s*(SELECT\s|INSERT\s+INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|WITH\s+\w+\s+AS\s*\("
    r"|(CREATE|ALTER|DROP|TRUNCATE)\s+(TABLE|INDEX|SCHEMA|ROLE|FUNCTION|VIEW|POLICY)\s"
    r"|SET\s+LOCAL\s)"
)
_PORTS = re.compile(r"/app/ports(_of_[a-z]+)?\.py$")
_SQL_PLACES = re.compile(r"^src/invx/(infra/|contexts/[^/]+/(read|adapters|migrations)/)")


def kernel_and_rules_need_the_standard_library_only(root: Path) -> Iterator[str]:
    """`kernel` and `rules` import nothing that has to be installed."""
    for name, tree in python(root, *PURE[:2]):
        for line, module in imports(tree):
            if module.split(".")[0] not in {*sys.stdlib_module_names, "invx"}:
                yield f"{name}:{line}: imports {module}"


def core_reaches_nothing_outside(root: Path) -> Iterator[str]:
    """kernel, rules, contracts, domain and app: no clock, chance, file, process or terminal."""
    for name, tree in python(root, *PURE, *DOMAIN, *APP):
        for line, module in imports(tree):
            if any(module == out or module.startswith(f"{out}.") for out in _OUTSIDE):
                yield f"{name}:{line}: imports {module}"
        for line, call in calls(tree):
            if _CHANCE.search(call) or _TERMINAL.search(call):
                yield f"{name}:{line}: calls {call}"


def only_infra_asks_for_system_time(root: Path) -> Iterator[str]:
    """Business time is `ctx.now`; system time comes through the Clock port (T5)."""
    for name, tree in python(root, *PURE, *CONTEXTS):
        for line, call in calls(tree):
            if _CLOCK.search(call):
                yield f"{name}:{line}: calls {call}"


def domain_and_rules_never_wait(root: Path) -> Iterator[str]:
    """Aggregates and rules are plain functions and methods: no await."""
    for name, tree in python(root, PURE[1], *DOMAIN):
        for node in ast.walk(tree):
            if isinstance(node, (ast.AsyncFunctionDef, ast.Await)):
                yield f"{name}:{node.lineno}: {type(node).__name__}"


def money_is_never_binary_float(root: Path) -> Iterator[str]:
    """No float literal, conversion or annotation where amounts are computed (M2)."""
    for name, tree in python(root, "src/invx/kernel/money.py", *PURE[1:], *DOMAIN, *APP):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield f"{name}:{node.lineno}: float {node.value}"
            if isinstance(node, ast.Name) and node.id == "float":
                yield f"{name}:{node.lineno}: float"


def sql_has_its_places(root: Path) -> Iterator[str]:
    """SQL stands in infra, and in a context's read, adapters and migrations."""
    for name, tree in python(root, "src/**/*.py"):
        if not _SQL_PLACES.match(name):
            for line, text in texts(tree):
                if _SQL.match(text):
                    yield f"{name}:{line}: {' '.join(text.split())[:40]}"


def queries_know_no_aggregates(root: Path) -> Iterator[str]:
    """Queries and views know rows, and of the domain only its events and errors.

    Projections may fold an aggregate: they state whole rows.
    """
    for name, tree in python(root, "src/invx/contexts/*/read/**/*.py"):
        if re.search(r"/(queries|views|\w+_quer\w+|\w+_views?)(\.py|/)", name):
            for line, module in imports(tree):
                if re.match(
                    r"invx\.contexts\.\w+\.domain(\.(?!(\w+_)?(events|errors)\b)|$)", module
                ):
                    yield f"{name}:{line}: imports {module}"


def messages_are_frozen_values(root: Path) -> Iterator[str]:
    """Events, commands and contracts are `@dataclass(frozen=True, slots=True)`."""
    for name, tree in python(root, "src/invx/contexts/**/*.py", "src/invx/contracts/*.py"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases = {dotted(base).split(".")[-1] for base in node.bases}
                if bases & {"Event", "Command", "Contract"} and not _is_frozen(node):
                    yield f"{name}:{node.lineno}: {node.name} is not frozen and slotted"


def _is_frozen(node: ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and dotted(decorator.func).endswith("dataclass"):
            said = {
                word.arg
                for word in decorator.keywords
                if isinstance(word.value, ast.Constant) and word.value.value is True
            }
            return {"frozen", "slots"} <= said
    return False


def use_cases_are_handlers(root: Path) -> Iterator[str]:
    """A command stands with its handler, in a file of that name; a handler never commits."""
    for name, tree in python(root, *APP):
        handlers = {node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and "Command" in map(dotted, node.bases):
                handler = re.sub(r"(?<!^)(?=[A-Z])", "_", node.name).lower()
                if handler not in handlers:
                    yield f"{name}:{node.lineno}: no `async def {handler}` for {node.name}"
        stem = Path(name).stem
        if stem not in handlers and any(not handler.startswith("_") for handler in handlers):
            yield f"{name}: no handler `{stem}`"
        for line, call in calls(tree):
            if call.split(".")[-1] in {"commit", "rollback", "flush"}:
                yield f"{name}:{line}: calls {call}"


def ports_stand_in_ports(root: Path) -> Iterator[str]:
    """A port is declared in its context's `app/ports.py`, or beside it in `app/ports_of_….py`.

    A private Protocol is only a type.
    """
    for name, tree in python(root, *CONTEXTS):
        if not _PORTS.search(name):
            for node in ast.walk(tree):
                if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
                    continue
                if "Protocol" in map(_base_name, node.bases):
                    yield f"{name}:{node.lineno}: {node.name}"


def _base_name(base: ast.expr) -> str:
    return dotted(base.value if isinstance(base, ast.Subscript) else base).split(".")[-1]


def aggregates_stay_small(root: Path) -> Iterator[str]:
    """`apply` is one `match` under 15 cases: a bigger one is two aggregates."""
    for name, tree in python(root, *DOMAIN):
        for function in functions(tree):
            matches = [node for node in ast.walk(function) if isinstance(node, ast.Match)]
            cases = sum(len(match.cases) for match in matches)
            if function.name == "apply" and cases > APPLY_CASES_MAX:
                yield f"{name}:{function.lineno}: apply has {cases} cases"
