"""Operations and batches at the edge: what is selected, and how it is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.content import content_of
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.api.lists import SELECTED, document_filter
from invx.contexts.invoicing.api.schemas.operations import BatchItemIn, SelectionIn
from invx.contexts.invoicing.app.asked import GivenAnswer
from invx.contexts.invoicing.app.batch_invoices import BatchItem, ItemKey, Result
from invx.contexts.invoicing.app.bulk_invoices import NewInvoice
from invx.contexts.invoicing.app.draft_document import DraftDocument
from invx.contexts.invoicing.domain.document import Document
from invx.contexts.invoicing.read.selection import select_documents
from invx.contexts.invoicing.read.views import INVOICE, instant
from invx.infra.http.answers import encode
from invx.infra.http.idempotency_key import canonical_value, hash_key
from invx.infra.http.pagination import InvalidQuery, parse_list_query
from invx.infra.http.validation import field_problems
from invx.infra.idempotency import Answer, IdempotentRequest, answer_row
from invx.infra.operations import Row, said
from invx.kernel import limits
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError, Invalid
from invx.kernel.ids import typeid
from invx.kernel.operations import Operation, OperationState

OPERATION = "op"
_JSON = {"content-type": "application/json"}


async def selected(selection: SelectionIn, edge: Edge, caller: Caller) -> Sequence[UUID]:
    """The documents that are meant: those named, or those that fit now, in order of making.

    Raises Invalid for a filter that the list of documents would not take either.
    """
    if selection.invoices is not None:
        return selection.invoices
    try:
        query = parse_list_query(SELECTED, list((selection.filter or {}).items()))
        wanted = document_filter(query)
    except InvalidQuery as error:
        problems = [
            replace(each, pointer=f"/filter/{each.pointer.removeprefix('query:')}")
            for each in error.problems
        ]
        raise Invalid(error.detail, problems=problems) from None
    async with edge.runner.reading(caller) as (conn, ctx):
        return await select_documents(conn, ctx, wanted, limits.OPERATION_ITEMS_MAX + 1)


def operation_view(operation: Operation) -> dict[str, Any]:
    """An operation as the API shows it."""
    id = typeid(OPERATION, operation.operation_id)
    made = operation.kind == "archive" and operation.state is OperationState.DONE
    return {
        "id": id,
        "object": "operation",
        "kind": operation.kind,
        "state": str(operation.state),
        "total": operation.total,
        "done": operation.done,
        "failed": operation.failed,
        "progress": f"{1 - operation.left / operation.total:.4f}",
        "result": {"archive": f"/v1/invoices/archive?operation={id}"} if made else None,
        "created_at": instant(operation.created_at),
        "started_at": instant(operation.started_at),
        "finished_at": instant(operation.finished_at),
    }


def show_operation(operation: Operation, unit: UnitOfWork) -> Answer:
    """An operation that was cancelled or resumed."""
    del unit
    return Answer(200, encode(operation_view(operation)), _JSON)


def show_begun(operation: Operation, unit: UnitOfWork) -> Answer:
    """An operation that has just begun: 202 with the place where to ask for it."""
    del unit
    view = operation_view(operation)
    return Answer(202, encode(view), {**_JSON, "location": f"/v1/operations/{view['id']}"})


def item_view(row: Row) -> dict[str, Any]:
    """An item of an operation."""
    problem = msgspec.json.decode(row["problem"]) if row["problem"] else None
    return {
        "object": "operation_item",
        "position": row["position"],
        "invoice": typeid(INVOICE, row["subject"]),
        "state": row["state"],
        "problem": _placed(problem, row["position"]) if problem else None,
    }


def _placed(problem: dict[str, Any], index: int) -> dict[str, Any]:
    """The problems of an item with pointers into the whole."""
    for each in problem["problems"]:
        each["pointer"] = f"/items/{index}{each['pointer']}"
    return problem


def batch_item(raw: Any, caller: Caller) -> BatchItem:
    """An item as a command, or as the refusal of what cannot be read."""
    try:
        body = BatchItemIn.model_validate(raw)
        content, defaults = content_of(body)
    except ValidationError as error:
        errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
        return BatchItem(Invalid(problems=field_problems(RequestValidationError(errors, body=raw))))
    except DomainError as error:
        return BatchItem(error)
    draft = DraftDocument(content=content, defaults=defaults, legal_entity_id=body.legal_entity)
    wanted = NewInvoice(draft=draft, finalize=body.finalize, series_id=body.series)
    key = None
    if body.key is not None:
        hashed = hash_key(caller.tenant_id, caller.actor, "item of a batch of invoices", body.key)
        key = ItemKey(hashed.hex(), sha256(canonical_value(raw)).hexdigest())
    return BatchItem(wanted, key)


def show_batch(items: Sequence[BatchItem], results: Sequence[Result], unit: UnitOfWork) -> Answer:
    """One result per item; what was accepted under a key is remembered with it."""
    views = [
        _result(index, item, result, unit)
        for index, (item, result) in enumerate(zip(items, results, strict=True))
    ]
    accepted = sum(1 for result in results if not isinstance(result, DomainError))
    whole = {"object": "batch", "accepted": accepted, "rejected": len(results) - accepted}
    return Answer(200, encode({**whole, "results": views}), _JSON)


def _result(index: int, item: BatchItem, result: Result, unit: UnitOfWork) -> dict[str, Any]:
    view: dict[str, Any] = {
        "object": "batch_result",
        "index": index,
        "accepted": not isinstance(result, DomainError),
        "replayed": isinstance(result, GivenAnswer),
        "invoice": None,
        "problem": None,
    }
    if isinstance(result, DomainError):
        view["problem"] = _placed(said(result), index)
    elif isinstance(result, GivenAnswer):
        view["invoice"] = msgspec.Raw(result.body)
    else:
        body = encode(_invoice(result.document))
        view["invoice"] = msgspec.Raw(body)
        if item.key is not None:
            _remember(item.key, body, unit)
    return view


def _invoice(document: Document) -> Mapping[str, Any]:
    """What names nobody, so an erasure has nothing to look for in stored answers."""
    totals = document.totals
    issued, due = document.issue_date or document.content.issue_date, document.due_date
    return {
        "id": typeid(INVOICE, document.id),
        "object": "invoice",
        "version": document.version,
        "status": str(document.status),
        "number": document.number,
        "issue_date": issued.isoformat() if issued else None,
        "due_date": due.isoformat() if due else None,
        "currency": document.content.currency,
        "totals": {name: str(getattr(totals, name)) for name in ("net", "tax", "gross", "due")},
    }


def _remember(key: ItemKey, body: bytes, unit: UnitOfWork) -> None:
    """A plain insert: of two batches at once that hold the item, the second runs again."""
    request = IdempotentRequest(key.key_hash, key.fingerprint, _never)
    answer = Answer(200, body)
    unit.write_set.insert(
        "idempotency", answer_row(unit.ctx.tenant_id, request, answer, unit.system_now())
    )


def _never(refusal: DomainError) -> Answer:
    raise refusal
