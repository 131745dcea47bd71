"""Where identity runs in another process: API keys are exchanged at its token endpoint (RFC 8693).

The key goes there once a minute at most, over a connection that the operator secures.
"""

import httpx
import msgspec

from invx.infra.http.auth import Exchange, InvalidToken
from invx.kernel.errors import Unavailable

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
KEY_TYPE = "urn:invx:params:oauth:token-type:api-key"
ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
_SECONDS_MAX = 2.0
_REFUSED = 400  # RFC 6749, 5.2: whatever is wrong with what was shown


class _Granted(msgspec.Struct):
    access_token: str


_granted = msgspec.json.Decoder(_Granted)


def exchange_at(url: str, transport: httpx.AsyncBaseTransport | None = None) -> Exchange:
    """How to exchange a key at this token endpoint."""

    async def exchange(key: str) -> str:
        form = {"grant_type": GRANT, "subject_token": key, "subject_token_type": KEY_TYPE}
        try:
            async with httpx.AsyncClient(transport=transport, timeout=_SECONDS_MAX) as client:
                answer = await client.post(url, data=form)
                if answer.status_code == _REFUSED:
                    raise InvalidToken("The API key is not valid.")
                answer.raise_for_status()
                return _granted.decode(answer.content).access_token
        except (httpx.HTTPError, msgspec.DecodeError) as error:
            raise Unavailable("Identity, which knows the API keys, does not answer.") from error

    return exchange
