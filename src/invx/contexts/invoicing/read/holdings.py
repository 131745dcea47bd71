"""What an audit looks at beside events and seals, and what an archive holds beside them."""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from invx.contexts.invoicing.read.archives import archived_files, examine_archives
from invx.contexts.invoicing.read.export_audit import examine_exports
from invx.contexts.invoicing.read.files import examine_files
from invx.contexts.invoicing.read.register import REGISTER_MEMBER, examine_register
from invx.contexts.invoicing.read.retention import examine_purged
from invx.infra.audit_rows import verify_rows
from invx.infra.holdings import Holdings
from invx.infra.postgres import Connection
from invx.infra.storage.places import Places
from invx.infra.unit_of_work import Storage
from invx.infra.write_set import Catalogue


def holdings(storage_over: Callable[[Catalogue], Storage], places: Places) -> Holdings:
    """Those of invoicing. The storage is built over what the examined database says of itself.

    Of these places only those outside the database are used.
    """

    async def examine_rows(conn: Connection, tenant_id: UUID) -> tuple[int, str | None]:
        storage = storage_over(await Catalogue.read(conn, "invoicing"))
        return await verify_rows(conn, storage, tenant_id)

    return Holdings(
        examinations={
            "register": examine_register,
            "archives": partial(examine_archives, places=places),
            "files": partial(examine_files, places=places),
            "exports": examine_exports,
            "rows": examine_rows,
            "purged": examine_purged,
        },
        members={"register": REGISTER_MEMBER},
        files=partial(archived_files, places=places),
    )
