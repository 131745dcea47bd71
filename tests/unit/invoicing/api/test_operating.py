"""Batches, operations and archives at the edge: what is read, and how it is shown."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from invx.contexts.invoicing.api.archiving import Selected, _name
from invx.contexts.invoicing.api.operating import batch_item, item_view, operation_view
from invx.contexts.invoicing.app.bulk_invoices import NewInvoice
from invx.contexts.invoicing.read.selection import SelectedFile
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, Invalid
from invx.kernel.operations import Operation, OperationState
from invx.kernel.storage import Stored
from tests.world import draft_body, line

CALLER = Caller(UUID(int=1), "user:a", UUID(int=2))
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OPERATION = Operation(
    operation_id=UUID(int=3),
    kind="archive",
    state=OperationState.RUNNING,
    total=8,
    done=1,
    failed=1,
    settings={"files": ["pdf"]},
    actor="user:a",
    created_at=NOW,
)


def refusal_of(raw: Any) -> DomainError:
    wanted = batch_item(raw, CALLER).wanted
    assert isinstance(wanted, DomainError)
    return wanted


@pytest.mark.parametrize(
    ("raw", "pointer", "code"),
    [
        (draft_body(line("1.00"), {"price": 5}), "/lines/1/price", "decimal_string"),
        (draft_body(typo=1), "/typo", "unknown_field"),
        (draft_body(line("1.00", unit="furlong")), "/lines/0/unit", "unknown_unit"),
        (draft_body(key=""), "/key", "string_too_short"),
        ("nonsense", "", "model_type"),
        (None, "", "model_type"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(raw: Any, pointer: str, code: str) -> None:
    refused = refusal_of(raw)
    assert isinstance(refused, Invalid)
    assert [(each.pointer, each.code) for each in refused.problems] == [(pointer, code)]


def test_an_item_says_what_is_wanted() -> None:
    item = batch_item(draft_body(finalize=True, external_id="x"), CALLER)
    assert isinstance(item.wanted, NewInvoice)
    assert item.wanted.finalize
    assert item.wanted.draft.content.external_id == "x"
    assert item.key is None


def test_a_key_is_of_its_caller_and_says_of_what_item() -> None:
    body = draft_body(key="k")
    key = batch_item(body, CALLER).key
    assert key is not None
    assert key == batch_item(dict(reversed(body.items())), CALLER).key
    other = batch_item(draft_body(line("2.00"), key="k"), CALLER).key
    assert other is not None
    assert (other.key_hash == key.key_hash, other.fingerprint == key.fingerprint) == (True, False)
    for stranger in (replace(CALLER, actor="user:b"), replace(CALLER, tenant_id=UUID(int=9))):
        theirs = batch_item(body, stranger).key
        assert theirs is not None
        assert theirs.key_hash != key.key_hash


def test_an_operation_shows_how_far_it_is_and_its_result_when_done() -> None:
    view = operation_view(OPERATION)
    assert (view["progress"], view["result"], view["finished_at"]) == ("0.2500", None, None)
    done = operation_view(replace(OPERATION, state=OperationState.DONE, done=7))
    assert done["progress"] == "1.0000"
    assert done["result"] == {"archive": f"/v1/invoices/archive?operation={view['id']}"}
    other = replace(OPERATION, kind="void", state=OperationState.DONE, done=7)
    assert operation_view(other)["result"] is None


def test_the_problems_of_an_item_point_into_the_whole() -> None:
    problem = {"code": "c", "detail": "d", "problems": [{"pointer": "/lines/0", "code": "x"}]}
    row = {"position": 17, "subject": UUID(int=4), "state": "failed"}
    view = item_view({**row, "problem": json.dumps(problem)})
    assert view["problem"]["problems"][0]["pointer"] == "/items/17/lines/0"
    assert item_view({**row, "problem": None})["problem"] is None


def file(number: str, id: int = 5) -> SelectedFile:
    return SelectedFile(UUID(int=id), number, "pdf", Stored("0" * 64, 0, "row"))


@pytest.mark.parametrize(
    ("number", "code", "name"),
    [
        ("2026-0001", "pdf", "2026-0001.pdf"),
        ("A/2026/1", "pdf", "A-2026-1.pdf"),
        ("..\\x", "pdf", "..-x.pdf"),
        ("1", "ubl", "1.ubl.xml"),
        ("1", "facturx_en16931", "1.facturx_en16931.pdf"),
    ],
)
def test_a_file_is_named_by_its_number_and_leads_nowhere_else(
    number: str, code: str, name: str
) -> None:
    assert _name(file(number), code, set()) == name


def test_two_documents_of_one_number_have_two_files() -> None:
    first = _name(file("1"), "pdf", set())
    second = _name(file("1", id=6), "pdf", {first})
    assert first == "1.pdf"
    assert second.startswith("1_inv_")
    assert second != _name(file("1", id=7), "pdf", {first})


def test_files_are_archived_under_kinds() -> None:
    wanted = Selected([], ("pdf", "ubl", "facturx_basic"))
    assert wanted.kinds == {
        "pdf": "pdf",
        "xml:ubl": "ubl",
        "hybrid:facturx_basic": "facturx_basic",
    }
