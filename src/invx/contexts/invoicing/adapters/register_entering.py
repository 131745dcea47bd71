"""Enters what was issued or voided into the registers of a tenant, before its seal is made."""

from typing import TYPE_CHECKING
from uuid import UUID

from invx.contexts.invoicing.app.enter_register import EnterRegister, enter_register
from invx.infra.runner import Runner
from invx.kernel import limits
from invx.kernel.context import Caller
from invx.kernel.ports import Ids

if TYPE_CHECKING:
    from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork

_BEHIND = """
SELECT DISTINCT s.legal_entity_id FROM invoicing.series s
WHERE s.tenant_id = $1 AND s.legal AND EXISTS (
    SELECT FROM invoicing.events e WHERE e.tenant_id = s.tenant_id AND e.stream_id = s.series_id
    AND e.type = 'NumberDrawn' AND e.version > coalesce((
        SELECT r.drawn FROM invoicing.register r WHERE r.tenant_id = s.tenant_id
        AND r.series_id = s.series_id AND r.drawn IS NOT NULL ORDER BY r.drawn DESC LIMIT 1), 0))
UNION
SELECT d.legal_entity_id FROM invoicing.documents d
JOIN invoicing.register r ON r.tenant_id = d.tenant_id AND r.document_id = d.document_id
    AND r.kind = 'issued'
WHERE d.tenant_id = $1 AND d.voided AND NOT EXISTS (
    SELECT FROM invoicing.register v WHERE v.tenant_id = d.tenant_id
    AND v.document_id = d.document_id AND v.kind = 'voided')
"""


async def enter_registers(runner: "Runner[UnitOfWork]", ids: Ids, tenant_id: UUID) -> int:
    """Bring the registers of all legal entities up to date, a bounded number of rows at most."""
    caller = Caller(tenant_id, "system:register", ids.new())
    async with runner.reading(caller) as (conn, _):
        behind = [row["legal_entity_id"] for row in await conn.fetch(_BEHIND, tenant_id)]
    entered = 0
    for legal_entity_id in behind:
        command = EnterRegister(legal_entity_id, limits.REGISTER_ROWS_PER_COMMAND)
        for _ in range(limits.REGISTER_COMMANDS_PER_TURN):
            done = await runner.run(enter_register, command, caller)
            entered += done
            if not done:  # what was voided follows only upon what was issued
                break
    return entered
