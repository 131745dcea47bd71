"""The house rules on this tree; and each rule objects when its violation is planted."""

from pathlib import Path

import pytest

from tests.architecture import shape, tree, words
from tests.architecture.source import ROOT, Check

CHECKS: list[Check] = [
    shape.file_sizes,
    shape.function_sizes,
    shape.share_of_tests,
    shape.names,
    shape.unit_tests_without_mocks,
    shape.tests_run_and_object,
    words.kernel_and_rules_need_the_standard_library_only,
    words.core_reaches_nothing_outside,
    words.only_infra_asks_for_system_time,
    words.domain_and_rules_never_wait,
    words.money_is_never_binary_float,
    words.sql_has_its_places,
    words.queries_know_no_aggregates,
    words.messages_are_frozen_values,
    words.use_cases_are_handlers,
    words.ports_stand_in_ports,
    words.aggregates_stay_small,
    tree.no_addresses_or_machine_paths,
    tree.dependencies_have_reasons,
    tree.locks_are_current,
]

DOMAIN = "src/invx/contexts/invoicing/domain/planted.py"
APP = "src/invx/contexts/invoicing/app/plant_tree.py"
QUERIES = "src/invx/contexts/invoicing/read/queries.py"
READ = "src/invx/contexts/invoicing/read/planted.py"
HANDLER = "async def plant_tree(command, uow):\n    "
UNIT = "tests/unit/test_planted.py"
SHORT = "def test_a_sum_is_right():\n    "

# What is planted, where, and what the rule must say about it.
PLANTS: list[tuple[Check, str, str, str]] = [
    (shape.file_sizes, "src/invx/a.py", "x = 1\n" * 401, "401 lines"),
    (shape.file_sizes, "tests/a.py", f"x = '{'y' * 95}'\n", "101 columns"),
    (shape.function_sizes, "scripts/a.py", "def f():\n" + "    x = 1\n" * 60, "f has 61 lines"),
    (shape.function_sizes, "src/invx/a.py", "def f(a, b, c, d, *, e, f, g, h): ...", "takes 8"),
    (shape.share_of_tests, "src/invx/a.py", "x = 1\n", "1 lines of code and 0 of tests"),
    (shape.names, "src/invx/infra/money_utils.py", "", "the module's name"),
    (shape.names, "src/invx/infra/a.py", "class InvoiceService: ...", "class InvoiceService"),
    (shape.names, "src/invx/infra/a.py", "class LineDTO: ...", "class LineDTO"),
    (shape.names, "src/invx/infra/a.py", "class BaseRepository: ...", "class BaseRepository"),
    (shape.unit_tests_without_mocks, UNIT, "from unittest import mock", "unittest.mock"),
    (shape.unit_tests_without_mocks, UNIT, "from unittest.mock import patch", "mock.patch"),
    (shape.unit_tests_without_mocks, UNIT, "def f(mocker):\n    mocker.patch('x')", "mocker.patch"),
    (shape.tests_run_and_object, UNIT, f"{SHORT}sum([1])", "asserts nothing"),
    (shape.tests_run_and_object, UNIT, "def test_sum():\n    assert 1", "is no statement"),
    (shape.tests_run_and_object, UNIT, f"{SHORT}pytest.skip()\n    assert 1", "pytest.skip"),
    (shape.tests_run_and_object, UNIT, f"@pytest.mark.xfail\n{SHORT}assert 1", "xfail"),
    (
        words.kernel_and_rules_need_the_standard_library_only,
        "src/invx/rules/tax/a.py",
        "import stdnum",
        "stdnum",
    ),
    (words.core_reaches_nothing_outside, DOMAIN, "import os.path", "os.path"),
    (
        words.core_reaches_nothing_outside,
        DOMAIN,
        "def f():\n    from pathlib import Path",
        "pathlib",
    ),
    (words.core_reaches_nothing_outside, DOMAIN, "x = uuid.uuid4()", "uuid4"),
    (words.core_reaches_nothing_outside, APP, f"{HANDLER}print(1)", "print"),
    (words.only_infra_asks_for_system_time, DOMAIN, "x = datetime.now(UTC)", "datetime.now"),
    (words.only_infra_asks_for_system_time, READ, "x = dt.date.today()", "date.today"),
    (words.only_infra_asks_for_system_time, "src/invx/kernel/a.py", "x = time.time()", "time.time"),
    (words.domain_and_rules_never_wait, DOMAIN, "async def f(): ...", "AsyncFunctionDef"),
    (words.money_is_never_binary_float, DOMAIN, "RATE = 0.19", "float"),
    (words.money_is_never_binary_float, "src/invx/rules/a.py", "x = float('1')", "float"),
    (words.sql_has_its_places, APP, f"{HANDLER}await uow.run('SELECT 1')", "SELECT 1"),
    (words.sql_has_its_places, "src/invx/host.py", "x = f'DELETE FROM {y}'", "DELETE FROM"),
    (
        words.queries_know_no_aggregates,
        QUERIES,
        "from invx.contexts.invoicing.domain.document import Document",
        "domain.document",
    ),
    (
        words.queries_know_no_aggregates,
        QUERIES,
        "from invx.contexts.invoicing.domain import document",
        "domain.document",
    ),
    (words.messages_are_frozen_values, DOMAIN, "@dataclass\nclass Sold(Event): ...", "Sold is not"),
    (
        words.messages_are_frozen_values,
        APP,
        "@dataclass(frozen=True)\nclass PlantTree(Command): ...",
        "PlantTree is not",
    ),
    (
        words.messages_are_frozen_values,
        "src/invx/contracts/a.py",
        "class V1(Contract): ...",
        "V1 is",
    ),
    (words.use_cases_are_handlers, APP, "async def other(): ...", "no handler `plant_tree`"),
    (words.use_cases_are_handlers, APP, "class CutTree(Command): ...", "no `async def cut_tree`"),
    (words.use_cases_are_handlers, APP, f"{HANDLER}await uow.commit()", "uow.commit"),
    (words.ports_stand_in_ports, DOMAIN, "class Weather(Protocol): ...", "Weather"),
    (words.ports_stand_in_ports, DOMAIN, "class Weather(Protocol[T]): ...", "Weather"),
    (
        words.aggregates_stay_small,
        DOMAIN,
        "def apply(self, e):\n  match e:\n" + "".join(f"    case {n}: ...\n" for n in range(15)),
        "15 cases",
    ),
    (tree.no_addresses_or_machine_paths, "docs/a.md", "from https://py" + "pi.org/simple", "py"),
    (tree.no_addresses_or_machine_paths, "requirements/a.txt", "--index-" + "url x", "index"),
    (tree.no_addresses_or_machine_paths, ".ci/run", "cd /ro" + "ot/invx", "/ro"),
    (tree.no_addresses_or_machine_paths, "Makefile", "ls '/wo" + "rk/main'", "/wo"),
    (tree.dependencies_have_reasons, "requirements/base.in", "left-pad>=1", "left-pad"),
    (
        tree.dependencies_have_reasons,
        tree.REASONS,
        "| `left-pad` | pads | MIT |",
        "left-pad is not asked for",
    ),
    (tree.locks_are_current, "requirements/a.txt", "left-pad==1.0\n", "left-pad==1.0 has no hash"),
]


def name_of(check: Check) -> str:
    return check.__name__


@pytest.mark.parametrize("check", CHECKS, ids=name_of)
def test_the_tree_keeps_the_rule(check: Check) -> None:
    assert list(check(ROOT)) == []


@pytest.mark.parametrize(
    "check,path,text,expected", PLANTS, ids=[f"{p[0].__name__}-{n}" for n, p in enumerate(PLANTS)]
)
def test_a_planted_violation_is_seen(
    tmp_path: Path, check: Check, path: str, text: str, expected: str
) -> None:
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(text)
    findings = list(check(tmp_path))
    assert any(expected in finding for finding in findings), findings


def test_every_rule_has_a_planted_violation() -> None:
    assert {check for check, *_ in PLANTS} == set(CHECKS)


def test_what_is_asked_for_must_be_locked(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.in").write_text("left-pad\n")
    (tmp_path / "requirements" / "base.txt").write_text("")
    assert list(tree.locks_are_current(tmp_path)) == [
        "requirements/base.txt: left-pad is not locked"
    ]


# What looks like a violation and is none.
INNOCENT: list[tuple[Check, str, str]] = [
    (shape.names, "src/invx/infra/a.py", "class Database: ...\nclass Serviceable: ..."),
    (shape.tests_run_and_object, UNIT, f"def same(a):\n    assert a\n{SHORT}same(1)"),
    (shape.tests_run_and_object, UNIT, f"{SHORT}with pytest.raises(Error):\n        f()"),
    (words.sql_has_its_places, READ, "Q = 'SELECT 1'"),
    (words.sql_has_its_places, APP, '"""SELECT the tree to plant."""\nasync def plant_tree(): ...'),
    (words.only_infra_asks_for_system_time, APP, "x = uow.ctx.now.date()"),
    (words.queries_know_no_aggregates, QUERIES, "from invx.contexts.a.domain import events"),
    (words.queries_know_no_aggregates, QUERIES, "from invx.contexts.a.domain.bill_events import A"),
    (words.queries_know_no_aggregates, READ, "from invx.contexts.a.domain.bill import Bill"),
    (words.ports_stand_in_ports, DOMAIN, "class _Named(Protocol): ..."),
    (shape.tests_run_and_object, UNIT, f"{SHORT}assert inbox.skip(1)"),
    (shape.tests_run_and_object, UNIT, "def test_r29_neighbours():\n    assert 1"),
    (words.use_cases_are_handlers, APP, "def pure(): ..."),
    (
        words.messages_are_frozen_values,
        DOMAIN,
        "@dataclass(frozen=True, slots=True)\nclass A(Event): ...",
    ),
    (words.core_reaches_nothing_outside, DOMAIN, "x = uuid.uuid5(NAMESPACE, 'x')"),
    (tree.no_addresses_or_machine_paths, "docs/a.md", "GET /v1/opt" + "/x and src/ro" + "ot/x"),
]


@pytest.mark.parametrize("check,path,text", INNOCENT)
def test_a_rule_leaves_the_innocent_alone(
    tmp_path: Path, check: Check, path: str, text: str
) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    assert list(check(tmp_path)) == []
