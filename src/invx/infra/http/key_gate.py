"""For a gateway that checks access tokens itself: an API key is answered with a token in its place.

Envoy asks with the method of the request that it holds up, so all of them are taken.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from invx.infra.gateway.envoy import KEYS_PATH
from invx.infra.http.auth import Exchange, InvalidToken
from invx.infra.http.permissions import public
from invx.infra.secret_text import KEY_KINDS, is_key, parse_secret

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def key_router(exchange: Exchange) -> APIRouter:
    """One route, which answers 200 with `Authorization`, or refuses the key."""
    router = APIRouter(dependencies=[public()], include_in_schema=False)

    @router.api_route(KEYS_PATH, methods=_METHODS)
    async def keys(request: Request) -> Response:
        _, _, shown = request.headers.get("authorization", "").partition(" ")
        key = shown.strip()
        said = parse_secret(key) if is_key(key) else None
        if said is None or said.kind not in KEY_KINDS:
            raise InvalidToken("This is no API key: it is mistyped or cut off.")
        token = await exchange(key)
        return Response(headers={"Authorization": f"Bearer {token}"})

    return router
