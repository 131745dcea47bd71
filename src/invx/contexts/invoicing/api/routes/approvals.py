"""Approvals: submit a draft, see what waits for you, approve, reject, delegate, withdraw."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.approving import APPROVALS, approval_slice
from invx.contexts.invoicing.api.edge import InvoiceId, Invoicing, Once, answered
from invx.contexts.invoicing.api.schemas.approvals import (
    ApprovalListOut,
    ApprovalOut,
    DecisionIn,
    DelegationIn,
    SubmissionIn,
    WithdrawalIn,
)
from invx.contexts.invoicing.app.decide_approval import (
    DecideApproval,
    DelegateApproval,
    WithdrawApproval,
    decide_approval,
    delegate_approval,
    withdraw_approval,
)
from invx.contexts.invoicing.app.submit_document import SubmitDocument, submit_document
from invx.contexts.invoicing.domain.approval.approval import Approval
from invx.contexts.invoicing.domain.errors import DocumentNotFound
from invx.contexts.invoicing.read.approvals import approval_view, get_approval, list_approvals
from invx.contexts.invoicing.read.views import INVOICE
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag, expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.pagination import ListQuery, list_query, page_body
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1", tags=["Approvals"])

Reader = Annotated[Caller, requires("invoices:read")]
Writer = Annotated[Caller, requires("invoices:write")]
Approver = Annotated[Caller, requires("invoices:approve")]
Version = Annotated[int | None, expected_version()]
_REFUSALS = problem_responses(404, 409, 412)
_ALL_REFUSALS = problem_responses(404, 409, 412, 422)
_OF = "/invoices/{invoice}/approval"


@router.get("/approvals", response_model=ApprovalListOut, responses=problem_responses(422))
async def list_(
    caller: Reader, query: Annotated[ListQuery, list_query(APPROVALS)], edge: Invoicing
) -> Response:
    """List approvals. `assignee=me&status=pending` gives those that wait for you.

    `me` stands for your subject and for every permission that your token holds.
    """
    async with edge.runner.reading(caller) as (conn, ctx):
        rows = await list_approvals(conn, ctx, approval_slice(query, caller))
    page, more = rows[: query.limit], len(rows) > query.limit
    following = query.cursor("", page[-1]["document_id"]) if more else None
    items = [row["resource"].encode() for row in page]
    return json_response(page_body(items, has_more=more, next=following))


@router.get(_OF, response_model=ApprovalOut, responses=problem_responses(404))
async def get(invoice: InvoiceId, caller: Reader, edge: Invoicing) -> Response:
    """Read the steps of an approval: who is asked, and who decided what."""
    document_id = id_of(INVOICE, invoice, DocumentNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        shown = await get_approval(conn, ctx, document_id)
    return json_response(shown.body, headers={"etag": etag(shown.version)})


@router.post(_OF, response_model=ApprovalOut, responses=_REFUSALS)
async def submit(
    *,
    invoice: InvoiceId,
    caller: Writer,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: SubmissionIn | None = None,
) -> Response:
    """Ask for the approval of a draft as it is now. If-Match names the version of the draft.

    What was asked for or approved lapses with the next edit of the draft.
    """
    command = SubmitDocument(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        note=body.note if body else None,
        expected_version=version,
    )
    return await answered(edge, submit_document, command, caller, show=_show, once=once)


@router.post(f"{_OF}/approve", response_model=ApprovalOut, responses=_REFUSALS)
async def approve(
    *,
    invoice: InvoiceId,
    caller: Approver,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: DecisionIn | None = None,
) -> Response:
    """Approve a step that is assigned to you, up to your limit. If-Match names the approval's.

    Send If-Match or the step where your approval must not count for a later step by mistake.
    """
    command = _decision(invoice, body, version, approve=True)
    return await answered(edge, decide_approval, command, caller, show=_show, once=once)


@router.post(f"{_OF}/reject", response_model=ApprovalOut, responses=_REFUSALS)
async def reject(
    *,
    invoice: InvoiceId,
    caller: Approver,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: DecisionIn | None = None,
) -> Response:
    """Reject a document at a step that is assigned to you. It is a plain draft again."""
    command = _decision(invoice, body, version, approve=False)
    return await answered(edge, decide_approval, command, caller, show=_show, once=once)


@router.post(f"{_OF}/delegate", response_model=ApprovalOut, responses=_ALL_REFUSALS)
async def delegate(
    *,
    invoice: InvoiceId,
    body: DelegationIn,
    caller: Approver,
    version: Version,
    once: Once,
    edge: Invoicing,
) -> Response:
    """Let somebody else decide a step that is assigned to you."""
    command = DelegateApproval(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        to=body.to,
        reason=body.reason,
        step=body.step,
        expected_version=version,
    )
    return await answered(edge, delegate_approval, command, caller, show=_show, once=once)


@router.post(f"{_OF}/withdraw", response_model=ApprovalOut, responses=_REFUSALS)
async def withdraw(
    *,
    invoice: InvoiceId,
    caller: Writer,
    version: Version,
    once: Once,
    edge: Invoicing,
    body: WithdrawalIn | None = None,
) -> Response:
    """Withdraw what you submitted, also after it was approved."""
    command = WithdrawApproval(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        note=body.note if body else None,
        expected_version=version,
    )
    return await answered(edge, withdraw_approval, command, caller, show=_show, once=once)


def _decision(
    invoice: str, body: DecisionIn | None, version: int | None, *, approve: bool
) -> DecideApproval:
    return DecideApproval(
        document_id=id_of(INVOICE, invoice, DocumentNotFound),
        approve=approve,
        note=body.note if body else None,
        step=body.step if body else None,
        expected_version=version,
    )


def _show(approval: Approval, unit: UnitOfWork) -> Answer:
    del unit
    headers = {"content-type": "application/json", "etag": etag(approval.version)}
    return Answer(200, encode(approval_view(approval)), headers, approval.id)
