"""A small client of the API for tests: it answers JSON, or fails the test with what was said."""

import math
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx

Json = dict[str, Any]

SECONDS_MAX = 60.0
ADVANCE_SECONDS_MAX = 600.0
_PAUSE_SECONDS = 0.02
_PAUSE_SECONDS_MAX = 0.25


class Refused(AssertionError):
    """The API refused a request that a test sent; the message is what it answered."""

    def __init__(self, response: httpx.Response) -> None:
        asked = f"{response.request.method} {response.request.url.path}"
        super().__init__(f"{asked}: {response.status_code} {response.text}")
        self.status = response.status_code
        kind = response.headers.get("content-type", "")  # a proxy's answer may have none
        self.problem: Json = response.json() if "json" in kind else {}


class ClockStopped(AssertionError):
    """The clock of a sandbox did not come to where a test sent it; the message names the work."""


class Client:
    """Requests under one credential. Each answer is a success, or raises Refused."""

    def __init__(self, url: str, credential: str | None = None) -> None:
        headers = {"Authorization": f"Bearer {credential}"} if credential else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=SECONDS_MAX)

    def get(self, path: str, **query: Any) -> Json:
        """What is there."""
        found: Json = self._sent("GET", path, params=query).json()
        return found

    def list(self, path: str, **query: Any) -> Iterator[Json]:
        """All that is in a list, page by page."""
        while True:
            page = self.get(path, **query)
            yield from page["data"]
            if not page.get("has_more"):
                return
            query["after"] = page["next"]

    def file(self, path: str, **query: Any) -> bytes:
        """What is there, as it is: a PDF, an e-invoice, an export."""
        return self._sent("GET", path, params=query).content

    def post(self, path: str, body: object = None) -> Json:
        """What came of it; nothing is an empty object."""
        return self._said(self._sent("POST", path, json=body))

    def put(self, path: str, body: object) -> Json:
        """The same for what is stated whole."""
        return self._said(self._sent("PUT", path, json=body))

    def delete(self, path: str) -> None:
        """It is gone."""
        self._sent("DELETE", path)

    def close(self) -> None:
        """Give the connections back."""
        self.http.close()

    def _sent(self, method: str, path: str, **options: Any) -> httpx.Response:
        response = self.http.request(method, path, **options)
        if not response.is_success:
            raise Refused(response)
        return response

    @staticmethod
    def _said(response: httpx.Response) -> Json:
        said: Json = response.json() if response.content else {}
        return said


class Sandbox(Client):
    """A tenant of a test's own, with a clock that the test moves."""

    def __init__(self, url: str, key: str, id: str) -> None:
        super().__init__(url, key)
        self.id, self.key, self.url = id, key, url

    @property
    def now(self) -> datetime:
        """What its clock shows."""
        return datetime.fromisoformat(self.get(f"/v1/sandboxes/{self.id}")["clock"]["now"])

    def advance(self, by: str | timedelta | None = None, *, to: datetime | None = None) -> datetime:
        """Move the clock by a span (`"P1M"`, a timedelta) or to a moment; what it shows then.

        Everything that becomes due on the way is done in its order. A part of a second counts as a
        whole one. Raises ClockStopped, naming what could not be done, Refused, and ValueError
        unless one of both is given.
        """
        if (by is None) is (to is None):
            raise ValueError("give a span or a moment, one of both")
        if isinstance(by, timedelta):
            by = f"PT{math.ceil(by.total_seconds())}S"
        body = {"to": to.isoformat()} if to is not None else {"by": by}
        path = f"/v1/sandboxes/{self.id}/clock"
        begun = self.post(path, body)
        end, pause = time.monotonic() + ADVANCE_SECONDS_MAX, _PAUSE_SECONDS
        while (said := self.get(f"{path}/{begun['id']}"))["state"] in ("pending", "running"):
            if time.monotonic() > end:
                raise ClockStopped(f"It is on its way still: {said}")
            time.sleep(pause)
            pause = min(pause * 1.5, _PAUSE_SECONDS_MAX)
        if said["state"] == "cancelled" or said["failed"]:
            raise ClockStopped((said["problem"] or {}).get("detail", "It was cancelled."))
        return self.now

    def months(self, count: int) -> Iterator[datetime]:
        """Move on month by month; what the clock shows after each."""
        for _ in range(count):
            yield self.advance("P1M")


class Business(Client):
    """An organization that signed up for a run of tests; it makes their sandboxes."""

    def __init__(self, url: str, name: str, email: str, password: str) -> None:
        super().__init__(url)
        body = {"organization": name, "name": name, "email": email, "password": password}
        self.tokens = self.post("/v1/sign-up", body)
        self.url = url
        self.grantable = [
            each["id"] for each in self.get("/v1/permissions")["data"] if each["grantable"]
        ]
        self._take(self.tokens)

    def _take(self, tokens: Json) -> None:
        self.tokens = {**self.tokens, **tokens}
        self._until = time.monotonic() + tokens["expires_in"] / 2
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def _refreshed(self) -> None:
        """Access tokens live for minutes; a run of tests may take longer."""
        if time.monotonic() > self._until:
            form = {"grant_type": "refresh_token", "tenant": self.tokens["tenant"]}
            form["refresh_token"] = self.tokens["refresh_token"]
            answer = self.http.post("/oauth/token", data=form)
            if not answer.is_success:
                raise Refused(answer)
            self._take(answer.json())

    def sandbox(self, name: str, **more: Any) -> Sandbox:
        """A new sandbox, with a key for all that can be granted; `more` as POST /v1/sandboxes."""
        self._refreshed()
        made = self.post("/v1/sandboxes", {"name": name[:100].strip(), "ttl_hours": 24, **more})
        key = {"name": "test", "permissions": self.grantable}
        secret = self.post(f"/v1/sandboxes/{made['id']}/api-keys", key)["secret"]
        return Sandbox(self.url, secret, made["id"])

    def end(self, sandbox: Sandbox) -> None:
        """Close it; the instance erases it by and by."""
        sandbox.close()
        self._refreshed()
        self.delete(f"/v1/sandboxes/{sandbox.id}")
