"""The few calls of the public API that the demo makes."""

from typing import Any, cast

import httpx

from invx.demo.source import Json

REFUSALS = frozenset((400, 409, 422))
SECONDS_MAX = 60.0


class Refused(Exception):
    """The API declined the document and said why; nothing is wrong with the API."""


class Broken(Exception):
    """The API did not answer, or not as it should."""


class Api:
    """A client of one tenant. Sellers are made once per distinct body."""

    def __init__(
        self, base_url: str, token: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS_MAX,
            transport=transport,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def register(self, seller: Json) -> str:
        """A new legal entity; its id. Raises Refused, Broken."""
        return str(self._post("/v1/legal-entities", seller)["id"])

    def draft(self, request: Json) -> Json:
        """A new draft. Raises Refused, Broken."""
        return self._post("/v1/invoices", request)

    def finalize(self, id: str, issue_date: str | None = None) -> Json:
        """The finalized document, dated today unless told otherwise. Raises Refused, Broken."""
        body = {"issue_date": issue_date} if issue_date else {}
        return self._post(f"/v1/invoices/{id}/finalize", body)

    def page(self, path: str, **query: str) -> list[Json]:
        """The first page of a list. Raises Refused, Broken."""
        return cast("list[Json]", _json(self._send("GET", path, params=query))["data"])

    def pdf(self, id: str) -> bytes:
        """The document as PDF. Raises Refused, Broken."""
        content = self._send("GET", f"/v1/invoices/{id}/pdf").content
        if not content.startswith(b"%PDF-"):
            raise Broken(f"GET /v1/invoices/{id}/pdf did not answer a PDF")
        return content

    def _post(self, path: str, body: Json) -> Json:
        return cast("Json", _json(self._send("POST", path, json=body)))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Broken(f"{method} {path}: {type(error).__name__} {error}") from error
        return checked(response)


def checked(response: httpx.Response) -> httpx.Response:
    """The answer, if it is a good one. Raises Refused, Broken."""
    if response.status_code in REFUSALS:
        raise Refused(_problem(response))
    if not response.is_success:
        asked = f"{response.request.method} {response.request.url.path}"
        raise Broken(f"{asked}: {response.status_code} {_problem(response)}")
    return response


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError as error:
        raise Broken(f"{response.request.url.path} did not answer JSON") from error


def _problem(response: httpx.Response) -> str:
    """Code, detail and fields of an RFC 9457 problem, or the start of whatever came instead."""
    try:
        body = response.json()
    except ValueError:
        return response.text[:200]
    if not isinstance(body, dict):
        return str(body)[:200]
    fields = [
        f"{field.get('pointer', '')} {field.get('code', '')} {field.get('detail', '')}".strip()
        for field in body.get("errors") or body.get("problems") or ()
        if isinstance(field, dict)
    ]
    head = f"{body.get('code', response.status_code)}: {body.get('detail', body.get('title', ''))}"
    return "; ".join([head, *fields])
