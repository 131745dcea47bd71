"""A small application that uses the whole edge, and what its tests need: keys, tokens, time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from json import loads
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import structlog
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from invx.infra.http.answers import created, encode, json_response, no_content
from invx.infra.http.auth import AuthSettings, TokensNotBefore, Verifier
from invx.infra.http.docs_page import install_docs_page
from invx.infra.http.edge import add_router, create_edge
from invx.infra.http.etag import etag, expected_version, not_modified
from invx.infra.http.fields import DecimalText, TypeId
from invx.infra.http.filters import Amount, Choice, Keyed, Moment, Text
from invx.infra.http.health import health_router
from invx.infra.http.idempotency_key import IdempotencyRequest, idempotency_key
from invx.infra.http.openapi import install_openapi
from invx.infra.http.pagination import Listing, ListQuery, list_query, page_body
from invx.infra.http.permissions import public, requires
from invx.infra.http.problems import problem_responses
from invx.infra.http.request_context import HttpSettings
from invx.infra.http.versions import Change, Versions
from invx.infra.logs import configure_logs
from invx.infra.tokens import create_key, issue
from invx.kernel.context import Caller
from invx.kernel.errors import (
    ConcurrencyConflict,
    Conflict,
    DomainError,
    Kind,
    NotFound,
    Stale,
    Unavailable,
    violated,
)
from invx.kernel.ids import typeid

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
TENANT = UUID("0192d1f0-0000-7000-8000-000000000001")
NOTE = UUID("0192d1f0-0000-7000-8000-00000000000a")
OLD, NEW = "2026-05-01", "2026-11-01"
MILK = {
    "object": "note",
    "id": typeid("note", NOTE),
    "title": "Remember the milk",
    "metadata": {"object": "note"},
    "version": 3,
}


class SetClock:
    """A clock that a test moves."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


class Keys:
    """A key pair on disk and tokens signed with it."""

    def __init__(self, folder: Path, clock: SetClock) -> None:
        self.private, self.jwks = folder / "signing.json", folder / "jwks.json"
        self.clock = clock
        self.kid = create_key(self.private, self.jwks)

    def token(self, *permissions: str, tenant: UUID = TENANT, seconds: float = 300) -> str:
        return issue(
            self.private,
            tenant,
            subject="user:ada",
            permissions=permissions,
            lifetime=timedelta(seconds=seconds),
            clock=self.clock,
        )


class LineIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    description: str = Field(min_length=1, max_length=100)
    price: DecimalText


NoteId = Annotated[UUID, TypeId("note")]


class NoteIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = Field(max_length=100)
    weight: StrictInt | StrictFloat | None = None
    lines: list[LineIn] = []


class NoteOut(BaseModel):
    id: str
    title: str
    version: int


class NoteLocked(Conflict):
    """The note is locked."""


class Occupied(DomainError):
    """Somebody else does the same right now."""

    kind = Kind.BUSY


class NotePage(BaseModel):
    object: str
    data: list[NoteOut]
    has_more: bool
    next: str | None


NOTES = Listing(
    filters={
        "status": Choice(("open", "done")),
        "created": Moment(),
        "total": Amount(),
        "q": Text(),
        "metadata": Keyed(),
    },
    sorts={"created": datetime, "title": str},
    expand=("author",),
)

FAILURES: dict[str, Exception] = {
    "conflict": NoteLocked(),
    "missing": NotFound(),
    "stale": Stale(),
    "busy": Occupied(),
    "unavailable": Unavailable(),
    "race": ConcurrencyConflict("stream"),
    "bug": RuntimeError("secret of Ada Lovelace"),
}


def note_with_subject(value: dict[str, Any]) -> dict[str, Any]:
    """Before 2026-11-01 the title was called subject."""
    rest = {key: item for key, item in value.items() if key != "title"}
    return rest | {"subject": value["title"]}


example_versions = Versions(
    [OLD, NEW], [Change(NEW, "note", "the subject is called `title`.", note_with_subject)]
)


router = APIRouter(prefix="/v1/notes", tags=["notes"])


@router.post("", status_code=201, response_model=NoteOut, responses=problem_responses(409))
async def create(
    body: NoteIn,
    caller: Annotated[Caller, requires("notes:write")],
    once: Annotated[IdempotencyRequest | None, idempotency_key()],
) -> Response:
    note = {"id": typeid("note", NOTE), "title": body.title, "version": 1}
    return created(
        encode(note),
        f"/v1/notes/{note['id']}",
        {
            "X-Key": once.key_hash.hex() if once else "",
            "X-Fingerprint": once.fingerprint.hex() if once else "",
            "X-Correlation": str(caller.correlation_id),
        },
    )


@router.get("", response_model=NotePage)
async def search(
    caller: Annotated[Caller, requires("notes:read")],
    query: Annotated[ListQuery, list_query(NOTES)],
) -> Response:
    return json_response(page_body([encode(MILK)], has_more=True, next=query.cursor(NOW, NOTE)))


@router.get("/{id}", response_model=NoteOut)
async def read(
    id: NoteId, request: Request, caller: Annotated[Caller, requires("notes:read")]
) -> Response:
    """One note."""
    if id != NOTE:
        raise NotFound
    if (unchanged := not_modified(request, 3)) is not None:
        return unchanged
    return json_response(encode(MILK), headers={"ETag": etag(3)})


@router.put("/{id}", status_code=204)
async def replace(
    id: NoteId,
    body: NoteIn,
    caller: Annotated[Caller, requires("notes:write")],
    seen: Annotated[int | None, expected_version(required=True)],
) -> Response:
    if seen not in {None, 3}:
        raise Stale
    return no_content()


open_router = APIRouter(dependencies=[public()], tags=["open"])


@open_router.get("/fail/{how}")
async def fail(how: str) -> Response:
    if how == "invariant":
        violated("the books of Ada Lovelace do not balance")
    raise FAILURES[how]


@open_router.post("/echo")
async def echo(request: Request) -> Response:
    return Response(await request.body())


@open_router.get("/stream")
async def stream() -> Response:
    async def parts():
        yield b"first"
        raise RuntimeError("half way")

    return StreamingResponse(parts())


async def always() -> bool:
    return True


def example_app(
    keys: Keys,
    clock: SetClock,
    *,
    settings: HttpSettings | None = None,
    tokens_not_before: TokensNotBefore | None = None,
    **edge: Any,
) -> FastAPI:
    verifier = Verifier(
        AuthSettings(jwks=keys.jwks), clock=clock, tokens_not_before=tokens_not_before
    )
    app = create_edge(verifier, settings=settings, versions=example_versions, **edge)
    for each in (router, open_router, health_router({"keys": verifier.ready, "always": always})):
        add_router(app, each)
    install_openapi(app, title="Notes", version="1.0", versions=example_versions)
    install_docs_page(app)
    return app


@contextmanager
def captured_logs(level: str = "info", *, json: bool = True) -> Iterator[BytesIO]:
    """Logs as the program writes them, and logging as it was before afterwards."""
    out = BytesIO()
    configure_logs(level, json=json, to=out)
    try:
        yield out
    finally:
        structlog.reset_defaults()
        logging.getLogger().handlers = []


def lines_of(out: BytesIO) -> list[dict[str, Any]]:
    return [loads(line) for line in out.getvalue().splitlines()]


def client_of(app: FastAPI, token: str = "") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers)
