"""The storages of files: whether each can be reached and written."""

import asyncio
from collections.abc import Iterator

from invx.cli.findings.finding import Finding, fail, ok, warn
from invx.cli.ground import run
from invx.infra.storage.places import DATABASE, storages_outside
from invx.kernel.errors import DomainError
from invx.kernel.storage import Storage
from invx.settings import Settings

_ANSWER_SECONDS = 30


def storage(settings: Settings) -> Iterator[Finding]:
    """Each that is set up, new files' first. A folder's files are as safe as its disk."""
    outside = storages_outside(settings.storage)
    for address in (settings.storage.main, *settings.storage.also):
        takes = "takes new files" if address == settings.storage.main else "keeps older files"
        if address == DATABASE:
            yield ok("storage", f"the database {takes}")
            continue
        yield _examined(address, takes, outside[address])


def _examined(address: str, takes: str, storage: Storage) -> Finding:
    try:
        run(asyncio.wait_for(storage.probe(), _ANSWER_SECONDS))
    except (DomainError, OSError) as error:
        said = error.detail if isinstance(error, DomainError) else str(error)
        remedy = "See that it is there and that this account may write, read and delete there."
        return fail("storage", f"{address}: {said}", remedy)
    except TimeoutError:
        return warn("storage", f"{address} takes longer than {_ANSWER_SECONDS} s", "See why.")
    return ok("storage", f"{address} {takes}; it was written, read and deleted there")
