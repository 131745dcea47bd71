"""Versions of resources as entity tags (RFC 9110): read with ETag, write with If-Match."""

import re
from dataclasses import dataclass
from typing import Any

from fastapi.params import Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from invx.infra.http.declarations import Declaration
from invx.infra.http.problems import parameter_problem
from invx.kernel.errors import Invalid, Stale

_STRONG = re.compile(r'"(\d{1,18})"')
_LISTED = re.compile(r'(?:W/)?"([^"]*)"')


class MalformedIfMatch(Invalid):
    """If-Match takes one entity tag as it was given in ETag, or *."""


def etag(version: int) -> str:
    """The entity tag of a version: `"3"`."""
    return f'"{version}"'


def parse_if_match(value: str | None) -> int | None:
    """The version that the caller has seen; None if any will do (`*` or no header).

    If-Match compares strongly, so a weak tag matches nothing. Raises Stale for a tag that no
    version has, MalformedIfMatch for what is no entity tag or more than one.
    """
    if value is None or value.strip() == "*":
        return None
    text = value.strip()
    if match := _STRONG.fullmatch(text):
        return int(match[1])
    if _LISTED.fullmatch(text):
        raise Stale("No version has this entity tag; read it again and decide anew.")
    wrong = parameter_problem("header", "If-Match", "malformed", 'Expected a tag such as "3".')
    raise MalformedIfMatch(problems=[wrong])


@dataclass(frozen=True, slots=True)
class ExpectedVersion:
    """The dependency behind `expected_version`."""

    required: bool

    async def __call__(self, request: Request) -> int | None:
        value = request.headers.get("if-match")
        if value is None and self.required:
            raise HTTPException(428, "Send If-Match with the ETag that you have read.")
        return parse_if_match(value)

    @property
    def declaration(self) -> Declaration:
        parameter = {
            "name": "If-Match",
            "in": "header",
            "required": self.required,
            "description": "The ETag that you have read. If it is no longer current: 412.",
            "schema": {"type": "string", "pattern": r'^(\*|"[0-9]{1,18}")$'},
        }
        statuses = (412, 428) if self.required else (412,)
        return Declaration(parameters=(parameter,), statuses=statuses, answer_headers=("ETag",))


def expected_version(*, required: bool = False) -> Depends:
    """The version in If-Match, as `seen: Annotated[int | None, …]`.

    With `required` a request without it is refused with 428.
    """
    return Depends(ExpectedVersion(required))


def not_modified(request: Request, version: int) -> Response | None:
    """304 if If-None-Match names this version (weak comparison) or is `*`; otherwise None."""
    value = request.headers.get("if-none-match")
    if value is None:
        return None
    if value.strip() != "*" and str(version) not in _LISTED.findall(value):
        return None
    return Response(status_code=304, headers={"ETag": etag(version)})


class Conditional:
    """The dependency behind `conditional`: it only describes what `not_modified` does."""

    async def __call__(self) -> None:
        """The route itself compares the versions."""

    @property
    def declaration(self) -> Declaration:
        parameter = {
            "name": "If-None-Match",
            "in": "header",
            "description": "The ETag that you have. If it is still current: 304 without a body.",
            "schema": {"type": "string"},
        }
        return Declaration(parameters=(parameter,), answer_headers=("ETag",))


def conditional() -> Depends:
    """A read that may answer 304: `dependencies=[conditional()], responses=NOT_MODIFIED | …`."""
    return Depends(Conditional())


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not Modified"}}
