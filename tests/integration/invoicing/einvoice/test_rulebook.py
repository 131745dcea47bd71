"""Each official rule, broken in a file of ours: it is refused by that rule, and we say what to do.

Usually all business rules and some of the many rules about syntax; in a soak all of these too.
"""

import asyncio
import os
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import pytest

from invx.contexts.invoicing.adapters.einvoice.validation import Finding, Findings, Validator
from invx.contexts.invoicing.adapters.einvoice.validation.explain import rule
from tests.integration.invoicing.einvoice.bases import BODIES, SYNTAXES, base
from tests.integration.invoicing.einvoice.rulebook import Row, mutated, rows, unbroken
from tests.integration.invoicing.einvoice.test_rule_words import texts

SOAK = bool(os.environ.get("INVX_SOAK"))
ABOUT_SYNTAX = re.compile(r"(UBL|CII)-")
EVERY = 10  # of the rules about syntax one in so many is tried
AT_ONCE = 16  # fewer than the validator lets wait
Key: TypeAlias = tuple[str, str, str]
ROWS = rows()


def _chosen() -> list[Row]:
    """In a soak all rows; else all business rules in both syntaxes, and a sample of the others."""
    if SOAK:
        return ROWS
    business = [row for row in ROWS if not ABOUT_SYNTAX.match(row.rule)]
    return business + [row for row in ROWS if ABOUT_SYNTAX.match(row.rule)][::EVERY]


def _key(row: Row) -> Key:
    return row.base, row.syntax, row.mutation


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    opened = Validator()
    yield opened
    opened.close()


async def _validated(validator: Validator, keys: Iterable[Key]) -> dict[Key, Findings]:
    """What the rules say of each document, all of them in two processes."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(key: Key) -> Findings:
        name, syntax, mutation = key
        xml = base(name, syntax)
        async with turns:
            changed = mutated(xml, mutation) if mutation else xml
            return await validator.validate(changed, SYNTAXES[syntax])

    wanted = list(dict.fromkeys(keys))
    return dict(zip(wanted, await asyncio.gather(*map(one, wanted)), strict=True))


def _told(finding: Finding) -> tuple[str, str, str, str, str]:
    return (
        finding.rule,
        finding.severity.value,
        " ".join(finding.terms),
        finding.resource.value,
        finding.field or "",
    )


def _expected(row: Row) -> tuple[str, str, str, str, str]:
    return row.rule, row.severity, row.terms, row.resource, row.field


async def test_no_base_breaks_a_rule_before_it_is_changed(validator: Validator) -> None:
    found = await _validated(
        validator, [(name, syntax, "") for name in BODIES for syntax in SYNTAXES]
    )
    assert {key: each.rules for key, each in found.items() if each.rules} == {}
    assert all(each.complete for each in found.values())


async def test_each_mutation_is_refused_by_its_rule_with_terms_and_field(
    validator: Validator,
) -> None:
    chosen = _chosen()
    assert len(chosen) >= 500
    found = await _validated(validator, map(_key, chosen))
    wrong = [
        (row, told)
        for row in chosen
        if _expected(row) not in (told := sorted({_told(each) for each in found[_key(row)].items}))
    ]
    assert wrong == []


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_book_knows_every_rule_of_the_sheets(syntax: str) -> None:
    official = {id for sheet in ("en16931", "xrechnung") for id in texts(f"{sheet}-{syntax}")}
    broken = {row.rule for row in ROWS if row.syntax == syntax}
    excused = {id for other, id in unbroken() if other == syntax}
    assert official - broken - excused == set(), "rules that the book does not know"
    assert (broken | excused) - official == set(), "rules that the sheets have no more"
    assert broken & excused == set()
    assert len(broken) > 800


def test_each_rule_stands_once_per_syntax_with_a_reason_where_it_is_not_broken() -> None:
    stated = [(row.rule, row.syntax) for row in ROWS]
    assert len(stated) == len(set(stated))
    assert all(len(reason) > 20 for reason in unbroken().values())


def test_every_rule_is_told_in_words_of_ours() -> None:
    told = {row.rule for row in ROWS} | {id for _, id in unbroken()}
    assert [id for id in sorted(told) if not rule(id).get("words")] == []


def test_business_rules_name_their_terms_and_lead_to_a_field_unless_we_work_it_out() -> None:
    business = [row for row in ROWS if not ABOUT_SYNTAX.match(row.rule)]
    assert {row.rule for row in business if not row.terms} <= {"PEPPOL-EN16931-R008"}
    led = [row for row in business if row.field]
    assert len(led) > 0.75 * len(business)
    assert all(row.field.startswith("/") for row in led)
