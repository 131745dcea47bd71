"""An access point over HTTP: a small protocol of ours that any provider's bridge can speak.

`POST {url}/transmissions` hands over, `GET {url}/transmissions/{receipt}` asks; both answer as
`answers.py` reads it. The header `Idempotency-Key` is the same on every try.
"""

import base64
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx

from invx.contexts.invoicing.adapters.transmission.answers import (
    ANSWER_BYTES_MAX,
    NotUnderstood,
    answer_in,
    unreachable,
)
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Parcel, Reason, Verdict

SECONDS_MAX = 15.0
_REFUSED = (400, 409, 413, 415, 422)  # said of the document; any other failure is the way's


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """See `app.ports.Transmission`. `url` and `token` are the operator's."""

    url: str
    token: str = field(repr=False)
    transport: httpx.AsyncBaseTransport | None = None

    async def send(self, parcel: Parcel) -> Answer:
        """Hand it over."""
        body = {
            "key": parcel.key,
            "number": parcel.number,
            "revision": parcel.revision,
            "format": parcel.format,
            "media_type": parcel.media_type,
            "sha256": parcel.sha256,
            "recipient": parcel.recipient,
            "content": base64.b64encode(parcel.content).decode(),
        }
        headers = {"idempotency-key": parcel.key}
        return await self._call("POST", f"{self.url}/transmissions", json=body, headers=headers)

    async def ask(self, receipt: str) -> Answer:
        """What has become of it."""
        return await self._call("GET", f"{self.url}/transmissions/{quote(receipt, safe='')}")

    async def _call(self, method: str, url: str, **more: Any) -> Answer:
        headers = {"authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        try:
            async with (
                httpx.AsyncClient(transport=self.transport, timeout=SECONDS_MAX) as client,
                client.stream(method, url, headers=headers, **more) as response,
            ):
                return _read(response.status_code, await _body(response), method)
        except httpx.HTTPError as error:
            return unreachable("no_answer", f"No answer ({type(error).__name__}).")
        except NotUnderstood as error:
            return unreachable("not_understood", f"The answer is not understood: {error}.")


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            raise NotUnderstood("it is too long")
    return body


def _read(status: int, body: bytes, method: str) -> Answer:
    if httpx.codes.is_success(status):
        return answer_in(body)
    if method == "POST" and status in _REFUSED:
        return _refused(status, body)
    return unreachable(f"http_{status}", f"It answered {status}.")


def _refused(status: int, body: bytes) -> Answer:
    try:
        found = answer_in(body)
    except NotUnderstood:
        found = None
    if found is not None and found.verdict is Verdict.REJECTED:
        return found
    said = Reason(code=f"http_{status}", text=f"The access point refused it with {status}.")
    return Answer(verdict=Verdict.REJECTED, reasons=(said,))
