"""Puts analytics together; imported by the host only."""

from importlib.resources import files

from invx.contexts.analytics.adapters.unit_of_work import UnitOfWork
from invx.contexts.analytics.api.edge import Edge
from invx.contexts.analytics.api.routes import router
from invx.contexts.analytics.api.tags import TAGS
from invx.contexts.analytics.app.on_document_finalized import on_document_finalized
from invx.contexts.analytics.app.on_document_voided import on_document_voided
from invx.contracts.invoicing import DocumentFinalizedV1, DocumentVoidedV1
from invx.contracts.registry import Registry
from invx.infra.codec import Codec
from invx.infra.context import Context, Reaction
from invx.infra.facts import KnownFacts
from invx.infra.migrate import Migration, migrations_in
from invx.infra.postgres import Connection, Database
from invx.infra.read_cache import ReadCache
from invx.infra.runner import Runner
from invx.infra.tenancy import Directory
from invx.infra.unit_of_work import Storage
from invx.infra.write_set import Catalogue
from invx.kernel.context import RequestContext
from invx.kernel.messages import Contract
from invx.kernel.ports import Clock, Ids

NAME = "analytics"
REACTIONS: dict[type[Contract], Reaction] = {
    DocumentFinalizedV1: on_document_finalized,
    DocumentVoidedV1: on_document_voided,
}


def migrations() -> list[Migration]:
    """The tables that every context has, and those of analytics."""
    return migrations_in(
        files("invx.infra") / "migrations", files("invx.contexts.analytics") / "migrations"
    )


def wire(
    database: Database,
    catalogue: Catalogue,
    *,
    clock: Clock,
    ids: Ids,
    registry: Registry,
    reads: ReadCache,
) -> Context:
    """The analytics context over its database. It has no events of its own."""
    storage = Storage(
        catalogue,
        Codec(()),
        project=lambda _recorded, _rows: None,
        publish=lambda _recorded: None,
        contract_body=registry.body,
    )

    def open_unit(conn: Connection, ctx: RequestContext, facts: KnownFacts) -> UnitOfWork:
        return UnitOfWork(conn, ctx, storage=storage, clock=clock, ids=ids, facts=facts)

    directory = Directory(database, clock)
    runner: Runner[UnitOfWork] = Runner(database, directory, open_unit, clock=clock)
    return Context(
        name=NAME,
        database=database,
        directory=directory,
        runner=runner,
        tags=TAGS,
        routers=(router,),
        edge=Edge(runner, reads),
        reactions=REACTIONS,
        reads=reads,
    )
