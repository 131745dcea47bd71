"""`invx storage …`: where files lie, and taking them elsewhere."""

from collections.abc import Iterable
from typing import Annotated

import typer

from invx.cli.ground import (
    ArgumentInvalid,
    Refused,
    console,
    open_host,
    out,
    progress_bar,
    with_place,
)
from invx.infra.context import Context
from invx.infra.running import Host
from invx.infra.storage.moving import Moving
from invx.infra.tenancy import TenantClosed
from invx.kernel.storage import Storage
from invx.place import Place

_SHOWN_MAX = 20


def move(
    to: Annotated[str, typer.Option("--to", help="database, folder or s3, as it is set up.")],
) -> None:
    """Take every file to another storage. Both must be set up (INVX_STORAGE, INVX_STORAGE_ALSO).

    It may run beside the work, be ended at any time, and be begun again: what is moved stays moved.
    Each file is verified on its way; one that is damaged stays where it is and is named.
    """

    async def work(place: Place) -> None:
        files, size, closed = 0, 0, 0
        refused: list[str] = []
        async with open_host(place) as host:
            for context, target in _targets(host, to):
                moving = Moving(context, target)
                with progress_bar() as bar:
                    task = bar.add_task(f"{context.name} to {to}", total=0)
                    total = 0
                    for tenant_id in await context.directory.tenant_ids():
                        try:
                            total += await moving.count(tenant_id)
                            bar.update(task, total=total)
                            async for done in moving.move(tenant_id):
                                bar.update(task, completed=files + done.files)
                            files, size = files + done.files, size + done.size
                            refused += done.refused
                        except TenantClosed:
                            closed += 1
        out.print(f"{files} files moved to {to}, {size} bytes.")
        if closed:
            console.print(f"{closed} tenants are closed and were left out.")
        for each in refused[:_SHOWN_MAX]:
            out.print(f"STAYED {each}")
        if refused:
            raise Refused(f"{len(refused)} files are not what was stored, and stayed.")

    with_place(work)


def _targets(host: Host, to: str) -> Iterable[tuple[Context, Storage]]:
    """The contexts that have files, each with its storage of that name. Raises ArgumentInvalid."""
    for context in host.contexts.values():
        if context.places is None:
            continue
        known = [each.place for each in context.places.all]
        if to not in known:
            raise ArgumentInvalid(f"--to is one of {', '.join(known)}, not {to!r}.")
        yield context, context.places.at(to)
