"""Approvals and their rules: rows, what the API shows, and what waits for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from invx.contexts.invoicing.domain.approval.approval import Approval, StepStanding
from invx.contexts.invoicing.domain.approval.approval_errors import ApprovalNotFound
from invx.contexts.invoicing.domain.approval.approval_rules import ApprovalRules
from invx.contexts.invoicing.domain.approval.rules import ApprovalRule, ApprovalStep, Assignee
from invx.contexts.invoicing.domain.errors import LegalEntityNotFound
from invx.contexts.invoicing.read.views import INVOICE, LEGAL_ENTITY, Row, Shown, instant
from invx.infra.event_store import Recorded
from invx.infra.postgres import Connection
from invx.infra.unit_of_work import Rows
from invx.kernel.context import RequestContext
from invx.kernel.ids import typeid

_encode = msgspec.json.Encoder().encode
# One range of an index for each word that is asked for: no page reads more than so many of each.
_BY_STATUS = """
SELECT a.document_id, a.resource::text AS resource
FROM unnest($2::text[]) AS asked(status) {entities}
CROSS JOIN LATERAL (SELECT p.document_id, p.resource FROM invoicing.approvals p
    WHERE p.tenant_id = $1 AND p.status = asked.status AND p.document_id {beyond} $3 {of_entity}
    ORDER BY p.document_id {way} LIMIT $4) a
ORDER BY a.document_id {way} LIMIT $4
"""
_BY_ASSIGNEE = """
SELECT p.document_id, p.resource::text AS resource FROM (
    SELECT DISTINCT w.document_id FROM unnest($5::text[]) AS asked(assignee) {entities}
    CROSS JOIN LATERAL (SELECT o.document_id FROM invoicing.approval_assignees o
        WHERE o.tenant_id = $1 AND o.assignee = asked.assignee AND o.document_id {beyond} $3
        {of_entity} ORDER BY o.document_id {way} LIMIT $4) w
    ORDER BY w.document_id {way} LIMIT $4) found
JOIN invoicing.approvals p ON p.tenant_id = $1 AND p.document_id = found.document_id
WHERE p.status = ANY($2::text[]) ORDER BY p.document_id {way}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalSlice:
    """Which approvals: of these statuses, waiting for one of these, after this document."""

    statuses: Sequence[str]
    assignees: Sequence[str] | None = None
    legal_entities: Sequence[UUID] | None = None
    after: UUID | None = None
    limit: int = 25
    descending: bool = False


def approval_rows(recorded: Recorded, approval: Approval, rows: Rows) -> None:
    """The approval as it stands after the command, and whom it waits for."""
    if recorded.version != approval.version:
        return
    key = {"document_id": approval.document_id}
    waiting = {a.key for each in approval.open_steps for a in each.assignees}
    for assignee in sorted({a.key for each in approval.steps for a in _ever(each)}):
        told = {"assignee": assignee, **key}
        if assignee in waiting:
            values = {"legal_entity_id": approval.legal_entity_id}
            rows.put("approval_assignees", told, values)
        else:
            rows.delete("approval_assignees", told)
    if approval.gone:
        rows.delete("approvals", key)
        return
    stated = {
        "legal_entity_id": approval.legal_entity_id,
        "version": approval.version,
        "status": str(approval.state),
        "resource": approval_view(approval),
    }
    rows.put("approvals", key, stated)


def _ever(standing: StepStanding) -> list[Assignee]:
    """All who are or were asked: one who delegated is not any more."""
    delegators = [Assignee(subject=each.by) for each in standing.delegations]
    return [*standing.assignees, *standing.step.assignees, *delegators]


def rules_rows(recorded: Recorded, rules: ApprovalRules, rows: Rows) -> None:
    """The rules of a legal entity."""
    if recorded.version == rules.version:
        stated = {"version": rules.version, "rules": [rule_view(rule) for rule in rules.rules]}
        rows.put("approval_rules", {"legal_entity_id": rules.legal_entity_id}, stated)


def approval_view(approval: Approval) -> dict[str, Any]:
    """An approval as the API shows it."""
    return {
        "object": "approval",
        "invoice": typeid(INVOICE, approval.document_id),
        "legal_entity": typeid(LEGAL_ENTITY, approval.legal_entity_id),
        "version": approval.version,
        "status": str(approval.state),
        "currency": approval.currency,
        "gross": f"{approval.total:f}",
        "submitted_by": approval.submitted_by,
        "submitted_at": instant(approval.submitted_at),
        "note": approval.note,
        "due_at": instant(approval.due_at),
        "steps": [_step_view(each) for each in approval.steps],
    }


def _step_view(standing: StepStanding) -> dict[str, Any]:
    return {
        "position": standing.position,
        "rule": standing.rule.name,
        "name": standing.step.name,
        "required": standing.step.required,
        "own": standing.rule.own,
        "status": str(standing.state),
        "assignees": [assignee_view(each) for each in standing.assignees],
        "opened_at": instant(standing.opened_at),
        "due_at": instant(standing.due_at),
        "escalated_at": instant(standing.escalated_at),
        "decided_by": standing.decided_by,
        "decided_at": instant(standing.decided_at),
        "note": standing.note,
        "delegations": [
            {"by": each.by, "to": each.to, "at": instant(each.at), "reason": each.reason}
            for each in standing.delegations
        ],
    }


def assignee_view(assignee: Assignee) -> str | dict[str, str | None]:
    """A subject by itself, or a permission named as one."""
    return assignee.subject or {"permission": assignee.permission}


def rules_view(legal_entity_id: UUID, version: int, rules: Sequence[Any]) -> dict[str, Any]:
    """The rules of a legal entity as the API shows them; `rules` as `rule_view` gives them."""
    return {
        "object": "approval_rules",
        "legal_entity": typeid(LEGAL_ENTITY, legal_entity_id),
        "version": version,
        "rules": list(rules),
    }


def rule_view(rule: ApprovalRule) -> dict[str, Any]:
    """One rule as it is stated."""
    over = rule.over
    percent = rule.discount_over
    return {
        "name": rule.name,
        "types": [str(each) for each in rule.types],
        "over": over and {"amount": f"{over.amount:f}", "currency": over.currency},
        "discount_over": None if percent is None else f"{percent:f}",
        "own": rule.own,
        "steps": [_stated_step(step) for step in rule.steps],
    }


def _stated_step(step: ApprovalStep) -> dict[str, Any]:
    return {
        "name": step.name,
        "required": step.required,
        "assignees": [assignee_view(each) for each in step.assignees],
        "due_days": step.due_days,
        "escalate_to": [assignee_view(each) for each in step.escalate_to],
    }


async def get_approval(conn: Connection, ctx: RequestContext, document_id: UUID) -> Shown:
    """That of an invoice. Raises ApprovalNotFound."""
    row = await conn.fetchrow(
        "SELECT version, resource::text AS resource FROM invoicing.approvals"
        " WHERE tenant_id = $1 AND document_id = $2",
        ctx.tenant_id,
        document_id,
    )
    if row is None:
        raise ApprovalNotFound
    return Shown(row["version"], row["resource"].encode())


async def list_approvals(conn: Connection, ctx: RequestContext, part: ApprovalSlice) -> list[Row]:
    """Approvals in the order in which their documents were made: id and `resource` as text."""
    beyond, way = ("<", "DESC") if part.descending else (">", "ASC")
    start = UUID(int=2**128 - 1 if part.descending else 0)
    values: list[Any] = [ctx.tenant_id, list(part.statuses), part.after or start, part.limit]
    statement, entities, of_entity = _BY_STATUS, "", ""
    if part.assignees is not None:
        statement = _BY_ASSIGNEE
        values.append(list(part.assignees))
    if part.legal_entities is not None:
        values.append(list(part.legal_entities))
        entities = f"CROSS JOIN unnest(${len(values)}::uuid[]) AS wanted(entity)"
        of_entity = "AND legal_entity_id = wanted.entity"
    text = statement.format(beyond=beyond, way=way, entities=entities, of_entity=of_entity)
    return list(await conn.fetch(text, *values))


async def get_rules(conn: Connection, ctx: RequestContext, entity_id: UUID) -> dict[str, Any]:
    """The rules of a legal entity; none, in version 0, before any were stated.

    Raises LegalEntityNotFound.
    """
    row = await conn.fetchrow(
        "SELECT r.version, r.rules::text AS rules FROM invoicing.legal_entities l"
        " LEFT JOIN invoicing.approval_rules r"
        " ON r.tenant_id = l.tenant_id AND r.legal_entity_id = l.legal_entity_id"
        " WHERE l.tenant_id = $1 AND l.legal_entity_id = $2",
        ctx.tenant_id,
        entity_id,
    )
    if row is None:
        raise LegalEntityNotFound
    stated = msgspec.json.decode(row["rules"]) if row["rules"] else []
    return rules_view(entity_id, row["version"] or 0, stated)
