"""What operators do to tenants leaves a trace, in the sealed history of the installation.

`invx tenant history` shows it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from invx.cli.ground import TENANT, console, open_host, out, tenant_of, with_place
from invx.contexts.identity.app.begin_operator_act import (
    BeginOperatorAct,
    EndOperatorAct,
    begin_operator_act,
    end_operator_act,
)
from invx.contexts.identity.domain.operator_act import DONE, REFUSED
from invx.contexts.identity.read.operator_acts import OperatorActView, operator_acts
from invx.infra.runner import Handler
from invx.infra.system import Uuid7Ids
from invx.infra.tenancy import INSTALLATION
from invx.kernel.context import Caller
from invx.kernel.errors import DomainError
from invx.kernel.ids import typeid
from invx.place import Place

C = TypeVar("C")
NAME = "identity"
Actor = Annotated[str, typer.Option("--actor", help="Who acts; stays in the history.")]
OPERATOR = "user:operator"


@dataclass(slots=True)
class Note:
    """What the history is to say of an act at its end."""

    result: str = ""


@asynccontextmanager
async def noted(
    place: Place, act: str, tenant_id: UUID, actor: str, detail: str = ""
) -> AsyncIterator[Note]:
    """Take an act down before it is begun and when it ends, also by a refusal.

    One that dies in between stays begun without an end.
    """
    async with open_host(place, NAME) as host:
        runner = host.contexts[NAME].runner
        caller = Caller(INSTALLATION, actor, Uuid7Ids().new())
        begin = BeginOperatorAct(act, tenant_id, detail)
        act_id = await runner.run(begin_operator_act, begin, caller)
        note = Note()
        try:
            yield note
        except DomainError as refusal:
            end = EndOperatorAct(act_id, REFUSED, refusal.code)
            await runner.run(end_operator_act, end, caller)
            raise
        await runner.run(end_operator_act, EndOperatorAct(act_id, DONE, note.result), caller)


async def told(place: Place, handler: Handler[C, Any, None], command: C, actor: str) -> None:
    """Let identity follow what was done to a tenant; again is fine."""
    async with open_host(place, NAME) as host:
        caller = Caller(INSTALLATION, actor, Uuid7Ids().new())
        await host.contexts[NAME].runner.run(handler, command, caller)


def history(
    tenant: Annotated[str | None, typer.Argument(help="Only of this one, tnt_….")] = None,
) -> None:
    """What operators did to tenants, the oldest first. It is part of what is sealed.

    By commands, which say how they ended, and through the API, which orders (`ordered`).
    """

    async def work(place: Place) -> list[OperatorActView]:
        wanted = tenant_of(tenant) if tenant else None
        async with open_host(place, NAME) as host:
            caller = Caller(INSTALLATION, OPERATOR, Uuid7Ids().new())
            async with host.contexts[NAME].runner.reading(caller) as (conn, ctx):
                return await operator_acts(conn, ctx, wanted)

    acts = with_place(work)
    table = Table(box=None, pad_edge=False)
    for column in ("when (UTC)", "who", "act", "tenant", "told", "outcome", "result"):
        table.add_column(column, no_wrap=column in ("when (UTC)", "tenant"))
    for each in acts:
        table.add_row(
            f"{each.begun_at:%Y-%m-%d %H:%M:%S}",
            *(each.actor, each.act, typeid(TENANT, each.of_tenant), each.detail),
            *(each.outcome or "no end", each.result or ""),
        )
    out.print(table)
    console.print(f"{len(acts)} acts")
