"""Every problem that the domain can name reaches the caller, with the pointer of its field.

Table-driven: each case provokes its problems and nothing else, and writes nothing. The last test
reads the codes from the source of the domain and fails when one has no case.
"""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.api import draft_cases, edge_cases, setting_cases
from tests.api.problem_sources import MODULES, Case, codes_in, leads_into
from tests.api.stage import Stage
from tests.e2e.acts import count_rows
from tests.world import BUYER, SELLER, line

SELLERS: dict[str, dict[str, Any]] = {
    "usual": {},
    "by_line": {"default_profile": "plain", "rounding": "per_line"},
    "unnumbered": {"registrations": []},
    "booked": {"accounting": {"chart": "SKR03", "cost_center_dimension": "a/b"}},
}
TERMS = {"kind": "net", "days": 14}
JSON = {"content-type": "application/json"}  # no Idempotency-Key: a refusal would be kept under it


@pytest.fixture(scope="module")
def sellers(stage: Stage) -> dict[str, str]:
    """The ids of legal entities without terms of their own."""
    found = {}
    for name, more in SELLERS.items():
        status, entity = send(stage, "/v1/legal-entities", {**SELLER, "payment_terms": None} | more)
        assert status == 201, entity
        found[name] = entity["id"]
    return found


def send(stage: Stage, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    response = stage.post(path, json.dumps(body).encode(), JSON)
    return response.status_code, response.json()


def said(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Each problem of an answer: where, and what."""
    return sorted((each["pointer"], each["code"]) for each in answer["problems"])


def rows(stage: Stage) -> dict[str, int]:
    return stage.thread.wait(count_rows(stage.world))


def document(case: Case, sellers: dict[str, str]) -> dict[str, Any]:
    """A sound document but for what the case says."""
    sound = {"buyer": BUYER, "lines": [line("100.00")], "payment_terms": TERMS}
    return {"legal_entity": sellers[case.entity], **sound, **case.body}


def names(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


def refused(stage: Stage, path: str, body: dict[str, Any], case: Case) -> dict[str, Any]:
    """The answer, which names exactly the problems of the case; nothing was written."""
    before = rows(stage)
    status, answer = send(stage, path, body)
    assert status == 422, answer
    assert said(answer) == sorted(case.said)
    assert all(each["detail"].endswith((".", ")")) for each in answer["problems"]), answer
    assert rows(stage) == before
    return answer


def ours(pointer: str, code: str) -> bool:
    """Whether what is at fault is not in the body: it is missing, or the legal entity's."""
    of_the_entity = pointer.startswith("/seller/") or pointer == "/rounding"
    asked = code in ("required", "tax_undetermined") or code.endswith("_missing")
    return of_the_entity or asked


ALL_DOCUMENTS = [
    *draft_cases.DRAFTS,
    *draft_cases.TAXES,
    *setting_cases.ISSUING,
    *edge_cases.DOCUMENTS,
]


def test_the_sound_documents_of_the_cases_have_no_problem(
    stage: Stage, sellers: dict[str, str]
) -> None:
    sound = Case(name="sound", codes=(), said=(), body={})
    status, answer = send(stage, "/v1/invoices/check", document(sound, sellers))
    assert (status, answer["problems"]) == (200, [])
    before = rows(stage)
    status, answer = send(stage, "/v1/invoices", document(sound, sellers))
    assert status == 201
    assert rows(stage) != before, "rows are counted where drafts are written"


def whole(case: Case) -> str:
    """The code of the refusal as a whole: of what its problems are about."""
    if case in draft_cases.PROFILES[:-2]:
        return "not_representable"
    if any(code == "document_empty" for _, code in case.said):
        return "document_empty"
    about = {code.partition(":")[0] for code in case.codes}
    named = {"accounts": "account_missing", "determination": "tax_undetermined"}
    return next((named[each] for each in about if each in named), "document_incomplete")


@pytest.mark.parametrize("case", draft_cases.DRAFTS, ids=names(draft_cases.DRAFTS))
def test_a_draft_is_refused_and_checked_in_the_same_words(
    stage: Stage, sellers: dict[str, str], case: Case
) -> None:
    body = document(case, sellers)
    answer = refused(stage, "/v1/invoices", body, case)
    assert answer["code"] == whole(case)
    status, checked = send(stage, "/v1/invoices/check", body)
    assert (status, checked["valid"]) == (200, False)
    assert checked["problems"] == answer["problems"]


@pytest.mark.parametrize("case", draft_cases.TAXES, ids=names(draft_cases.TAXES))
def test_a_draft_whose_taxes_cannot_be_told_is_asked_for_what_is_missing(
    stage: Stage, sellers: dict[str, str], case: Case
) -> None:
    """The check names the same, among what else is missing of an invoice without taxes."""
    body = document(case, sellers)
    answer = refused(stage, "/v1/invoices", body, case)
    assert answer["code"] == whole(case)
    _, checked = send(stage, "/v1/invoices/check", body)
    assert all(each in checked["problems"] for each in answer["problems"])


@pytest.mark.parametrize("case", setting_cases.ISSUING, ids=names(setting_cases.ISSUING))
def test_a_draft_that_lacks_something_is_not_finalized(
    stage: Stage, sellers: dict[str, str], case: Case
) -> None:
    body = document(case, sellers)
    status, draft = send(stage, "/v1/invoices", body)
    assert status == 201, draft
    path = f"/v1/invoices/{draft['id']}"
    answer = refused(stage, f"{path}/finalize", {}, case)
    assert answer["code"] == whole(case)
    for where, what in (("/v1/invoices/check", body), (f"{path}/check", {})):
        status, checked = send(stage, where, what)
        assert (status, checked["valid"]) == (200, False)
        assert checked["problems"] == answer["problems"]
    assert stage.get(path).json()["status"] == "draft"


@pytest.mark.parametrize("case", edge_cases.DOCUMENTS, ids=names(edge_cases.DOCUMENTS))
def test_what_the_schema_of_a_draft_forbids_never_reaches_the_domain(
    stage: Stage, sellers: dict[str, str], case: Case
) -> None:
    body = document(case, sellers)
    for path in ("/v1/invoices", "/v1/invoices/check"):
        assert refused(stage, path, body, case)["code"] == "invalid"


@pytest.mark.parametrize("case", setting_cases.ENTITIES, ids=names(setting_cases.ENTITIES))
def test_a_legal_entity_is_refused_anew_and_amended(
    stage: Stage, sellers: dict[str, str], case: Case
) -> None:
    answer = refused(stage, "/v1/legal-entities", case.body, case)
    assert answer["code"] == "legal_entity_invalid"
    before = rows(stage)
    path = f"/v1/legal-entities/{sellers['usual']}"
    amended = stage.send(stage.client.build_request("PUT", path, json=case.body))
    assert amended.status_code == 422
    assert amended.json()["problems"] == answer["problems"]
    assert rows(stage) == before


@pytest.mark.parametrize("case", edge_cases.ENTITIES, ids=names(edge_cases.ENTITIES))
def test_what_the_schema_of_a_legal_entity_forbids(stage: Stage, case: Case) -> None:
    answer = refused(stage, "/v1/legal-entities", case.body, case)
    assert answer["code"] == "invalid"


@pytest.mark.parametrize(
    "case",
    [*setting_cases.SERIES, *edge_cases.SERIES],
    ids=names([*setting_cases.SERIES, *edge_cases.SERIES]),
)
def test_a_series_is_refused(stage: Stage, sellers: dict[str, str], case: Case) -> None:
    body = {"legal_entity": sellers["usual"], **case.body}
    answer = refused(stage, "/v1/series", body, case)
    by_edge = case in edge_cases.SERIES
    assert answer["code"] == ("invalid" if by_edge else "series_invalid")


def test_more_lines_than_a_document_holds_are_counted_with_their_children(
    stage: Stage, sellers: dict[str, str]
) -> None:
    """The schema bounds each list; only the domain sees all lines together."""
    kits = [{"description": "Kit", "children": [line("1.00")] * 999}] * 10
    case = MANY
    body = document(case, sellers) | {"lines": [*kits, line("1.00")]}
    refused(stage, "/v1/invoices", body, case)


MANY = Case(
    name="10,001 lines",
    codes=("inputs: too_many_lines",),
    said=(("/lines", "too_many_lines"),),
    body={},
)


@pytest.mark.parametrize(
    "case",
    [*ALL_DOCUMENTS, *setting_cases.ENTITIES, *setting_cases.SERIES],
    ids=lambda case: case.name,
)
def test_a_pointer_leads_into_the_body_that_was_sent(case: Case) -> None:
    body = {"lines": [line("100.00")], "payment_terms": TERMS, "buyer": BUYER, **case.body}
    for pointer, code in case.said:
        assert ours(pointer, code) or leads_into(body, pointer), pointer


def test_a_date_that_cannot_be_is_named_when_finalizing(
    stage: Stage, sellers: dict[str, str]
) -> None:
    case = Case(name="dates", codes=(), said=(), body={"lines": [line("1.00")]})
    _, draft = send(stage, "/v1/invoices", document(case, sellers))
    path = f"/v1/invoices/{draft['id']}/finalize"
    for day, code in (("2199-01-01", "issue_date_in_future"), ("1999-01-01", "issue_date_too_old")):
        before = rows(stage)
        status, answer = send(stage, path, {"issue_date": day})
        assert (status, answer["code"], said(answer)) == (422, code, [("/issue_date", code)])
        assert rows(stage) == before


PLANTED = """
from invx.kernel.errors import Problem
from invx.kernel.money import UnknownCurrency, exponent
MINE = "of_a_constant"

def problems(currency):
    yield Problem("/a", "written_out", "A.")
    yield Problem("/b", MINE, "B.")
    yield Problem("/c", UnknownCurrency.code, "C.")
    try:
        exponent(currency)
    except UnknownCurrency as error:
        yield Problem("/d", error.code, error.detail)
"""


def test_a_planted_code_is_found_in_each_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planted_problems.py").write_text(PLANTED)
    monkeypatch.syspath_prepend(tmp_path)
    planted = importlib.import_module("planted_problems")
    assert codes_in(planted) == {"written_out", "of_a_constant", "unknown_currency"}
    (tmp_path / "planted_worse.py").write_text(
        PLANTED.replace('"written_out"', 'f"made_of_{currency}"')
    )
    with pytest.raises(AssertionError, match="made_of"):
        codes_in(importlib.import_module("planted_worse"))


def test_every_code_of_the_domain_has_a_case() -> None:
    cases = [
        *ALL_DOCUMENTS,
        *setting_cases.ENTITIES,
        *edge_cases.ENTITIES,
        *setting_cases.SERIES,
        *edge_cases.SERIES,
        MANY,
    ]
    proven = {code for case in cases for code in case.codes}
    written = {f"{name}: {code}" for name, module in MODULES.items() for code in codes_in(module)}
    assert len(written) > 60, "the source was read"
    assert sorted(written - proven) == [], "a problem that no request provokes"
    assert sorted(proven - written) == [], "a case of a problem that does not exist"
