"""Uploads at the edge: what is sent is looked at before it is taken in."""

import asyncio
import hashlib
from uuid import UUID

from invx.contexts.invoicing.adapters.media_types import ALLOWED, media_type_of
from invx.contexts.invoicing.adapters.unit_of_work import UnitOfWork
from invx.contexts.invoicing.api.edge import Edge
from invx.contexts.invoicing.app.add_file import AddFile, Quota
from invx.contexts.invoicing.app.with_files import named_files
from invx.contexts.invoicing.domain.content import Content
from invx.contexts.invoicing.domain.files.file import File, FileTooLarge, FileTypeRefused
from invx.contexts.invoicing.read.files import FileSlice, file_row, file_view, stored_contents
from invx.infra.http.answers import encode
from invx.infra.http.filters import Choice, Text
from invx.infra.http.pagination import InvalidQuery, Listing, ListQuery
from invx.infra.http.problems import parameter_problem
from invx.infra.idempotency import Answer
from invx.infra.storage.places import FileLimits
from invx.kernel import limits
from invx.kernel.context import Caller

FILES = Listing(
    filters={"media_type": Choice(ALLOWED), "sha256": Text(64)},
    sorts={"created": str},
    default_sort="-created",
)
_UNSAID = ("", "application/octet-stream")


async def upload(name: str, stated: str | None, content: bytes, allowed: FileLimits) -> AddFile:
    """What is taken in, with the type that its bytes have.

    Raises FileTooLarge; FileTypeRefused, also where another type than theirs is stated.
    """
    if len(content) > allowed.file_bytes:
        raise FileTooLarge(
            f"It has {len(content)} bytes; no more than {allowed.file_bytes} may be."
        )
    named = plain_name(name)
    media_type, sha256 = await asyncio.to_thread(_looked_at, content)
    if media_type is None:
        raise FileTypeRefused(f"The bytes are of none of these types: {', '.join(ALLOWED)}.")
    said = (stated or "").partition(";")[0].strip().lower()
    if said not in (*_UNSAID, media_type):
        raise FileTypeRefused(f"The bytes are {media_type}, Content-Type says {said}.")
    return AddFile(
        name=named,
        media_type=media_type,
        content=content,
        sha256=sha256,
        quota=Quota(allowed.files, allowed.all_bytes),
    )


def _looked_at(content: bytes) -> tuple[str | None, str]:
    return media_type_of(content), hashlib.sha256(content).hexdigest()


def plain_name(name: str) -> str:
    """The name without folders. Raises InvalidQuery for one that no system takes."""
    plain = name.replace("\\", "/").rpartition("/")[2].strip()
    if not plain or len(plain) > limits.NAME_CHARS_MAX or not plain.isprintable():
        detail = f"1 to {limits.NAME_CHARS_MAX} printable characters."
        raise InvalidQuery(problems=[parameter_problem("query", "name", "malformed", detail)])
    return plain


async def attached_bytes(content: Content, caller: Caller, edge: Edge) -> dict[str, bytes]:
    """The bytes of the uploaded files that a content names, by hash."""
    if not (wanted := named_files(content)):
        return {}
    async with edge.runner.reading(caller) as (conn, ctx):
        found = await stored_contents(conn, ctx, wanted)
    return {
        each.sha256: await edge.places.content(caller.tenant_id, each) for each in found.values()
    }


def file_slice(query: ListQuery) -> FileSlice:
    """The files that are asked for, in terms of rows."""
    equal = [(each.field, each.value) for each in query.conditions]
    after: UUID | None = query.after.id if query.after else None
    return FileSlice(equal, after, query.limit + 1, query.descending)


def show_file(file: File, unit: UnitOfWork) -> Answer:
    """A new file."""
    del unit
    body = encode(file_view(file.id, file_row(file)))
    location = {"location": f"/v1/files/{file_view(file.id, file_row(file))['id']}"}
    return Answer(201, body, {"content-type": "application/json", **location}, file.id)


def show_no_file(_: None, unit: UnitOfWork) -> Answer:
    """A file that is gone."""
    del unit
    return Answer(204, b"", {})
