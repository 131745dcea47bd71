"""The rules by which documents of a legal entity need approvals."""

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.approving import rules_of
from invx.contexts.invoicing.api.edge import Invoicing, LegalEntityId, answered
from invx.contexts.invoicing.api.schemas.approvals import ApprovalRulesIn, ApprovalRulesOut
from invx.contexts.invoicing.app.state_approval_rules import (
    StateApprovalRules,
    state_approval_rules,
)
from invx.contexts.invoicing.domain.approval.approval_rules import ApprovalRules
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.approvals import get_rules, rule_view, rules_view
from invx.contexts.invoicing.read.views import LEGAL_ENTITY
from invx.infra.http.answers import encode, json_response
from invx.infra.http.etag import etag, expected_version
from invx.infra.http.fields import id_of
from invx.infra.http.permissions import requires
from invx.infra.http.problems import problem_responses
from invx.infra.idempotency import Answer
from invx.kernel.context import Caller

router = APIRouter(prefix="/v1/legal-entities/{legal_entity}/approval-rules", tags=["Approvals"])

Reader = Annotated[Caller, requires("approval_rules:read")]
Writer = Annotated[Caller, requires("approval_rules:write")]
Version = Annotated[int | None, expected_version()]


@router.get(
    "",
    operation_id="approvals_get_rules",
    response_model=ApprovalRulesOut,
    responses=problem_responses(404),
)
async def get(legal_entity: LegalEntityId, caller: Reader, edge: Invoicing) -> Response:
    """Read when documents of a legal entity need an approval, and whose."""
    entity_id = id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound)
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await get_rules(conn, ctx, entity_id)
    return json_response(encode(found), headers={"etag": etag(found["version"])})


@router.put(
    "",
    operation_id="approvals_state_rules",
    response_model=ApprovalRulesOut,
    responses=problem_responses(404, 412, 422),
)
async def state(
    legal_entity: LegalEntityId,
    body: ApprovalRulesIn,
    caller: Writer,
    version: Version,
    edge: Invoicing,
) -> Response:
    """State all rules anew. What is approved stays so where the same rules go on to apply."""
    command = StateApprovalRules(
        legal_entity_id=id_of(LEGAL_ENTITY, legal_entity, LegalEntityNotFound),
        rules=rules_of(body),
        expected_version=version,
    )
    return await answered(edge, state_approval_rules, command, caller, show=_show)


def _show(rules: ApprovalRules, unit: UnitOfWork) -> Answer:
    del unit
    stated = [rule_view(rule) for rule in rules.rules]
    view = rules_view(rules.legal_entity_id, rules.version, stated)
    headers = {"content-type": "application/json", "etag": etag(rules.version)}
    return Answer(200, encode(view), headers, rules.id)
