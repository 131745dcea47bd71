"""Forms of OAuth: each parameter once (RFC 6749, 3.1 and 3.2), refusals in its words."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import structlog
from fastapi import Request
from starlette.responses import Response

from invx.infra.http.answers import encode, json_response

FIELDS_MAX = 30
NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}

log = structlog.get_logger(__name__)


class FormRefused(Exception):
    """The request is refused as RFC 6749, 5.2 says. It goes out by `oauth_error`."""

    def __init__(self, error: str, description: str, *, challenge: bool = False) -> None:
        super().__init__(error)
        self.error, self.description, self.challenge = error, description, challenge


def once(text: str) -> dict[str, str]:
    """Parameters of a query or a form; what has no value counts as left out.

    Raises FormRefused for one that comes twice.
    """
    try:
        given = parse_qsl(text, max_num_fields=FIELDS_MAX, keep_blank_values=True)
    except ValueError:
        raise FormRefused("invalid_request", "There are too many parameters.") from None
    found: dict[str, str] = {}
    for name, value in given:
        if name in found:
            raise FormRefused("invalid_request", "A parameter stands there twice.")
        found[name] = value
    return {name: value for name, value in found.items() if value and "\0" not in value}


async def form_of(request: Request) -> dict[str, str]:
    """The form that a request carries. Raises FormRefused."""
    return once((await request.body()).decode("utf-8", "replace"))


def oauth_error(refused: FormRefused) -> Response:
    """The answer: 401 for who is not who they say, else 400."""
    log.warning("access_refused", code=refused.error)
    status, headers = 400, dict(NOT_KEPT)
    if refused.error == "invalid_client":
        status = 401
        if refused.challenge:
            headers["WWW-Authenticate"] = 'Basic realm="invx"'
    body: Mapping[str, str] = {"error": refused.error, "error_description": refused.description}
    return json_response(encode(body), status, headers)
