"""Answers whose bodies are bytes already: msgspec encodes, nothing is validated on the way out."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from invx.kernel.errors import violated


def _refuse(value: Any) -> Any:
    violated(f"a {type(value).__name__} has no JSON form")


_encoder = msgspec.json.Encoder(decimal_format="string", enc_hook=_refuse)


def encode(value: Any) -> bytes:
    """JSON. A Decimal is a string with the digits it has; an aware UTC datetime is RFC 3339 with Z.

    Ids are TypeIDs, made in `api/`: a UUID given here would go out raw. Raises InvariantViolation
    for what has no JSON form.
    """
    return _encoder.encode(value)


def json_response(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer with a body that is encoded already."""
    return Response(body, status, headers, "application/json")


def created(body: bytes, location: str, headers: Mapping[str, str] | None = None) -> Response:
    """201 with the place of the new resource."""
    return json_response(body, 201, {"Location": location, **(headers or {})})


def no_content() -> Response:
    """204."""
    return Response(status_code=204)
