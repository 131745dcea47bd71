"""What registers answer, and what they answer when they do not."""

import json
from datetime import UTC, datetime

import httpx
import pytest

from invx.contexts.invoicing.adapters.tax_ids.form import form_of
from invx.contexts.invoicing.adapters.tax_ids.registers import Hmrc, Vies, ask_all
from invx.rules.tax.model import Validation

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
GERMAN, BRITISH = form_of("DE129273398"), form_of("GB980780684")
FOUND = {
    "countryCode": "DE",
    "vatNumber": "129273398",
    "requestDate": "2026-11-24T12:00:00Z",
    "valid": True,
    "requestIdentifier": "WAPIAAAAZ1",
    "name": "---",
    "address": "---",
    "userError": "VALID",
}


class Noon:
    def now(self) -> datetime:
        return NOW


class Answers(httpx.MockTransport):
    """Answers all alike, and remembers what it was asked."""

    def __init__(self, body: object, status: int = 200) -> None:
        self.asked: list[httpx.Request] = []

        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            if isinstance(body, Exception):
                raise body
            if isinstance(body, bytes):
                return httpx.Response(status, content=body)
            return httpx.Response(status, json=body)

        super().__init__(handle)


async def vies(body: object, status: int = 200, requester: str | None = None):
    transport = Answers(body, status)
    answer = await Vies("http://vies.example/api", Noon(), transport).ask(GERMAN, requester)
    return answer, transport


async def test_vies_says_that_an_id_is_valid_with_the_proof_of_it():
    answer, transport = await vies(FOUND, requester="ATU13585627")
    assert (answer.validity, answer.consultation) == (Validation.VALID, "WAPIAAAAZ1")
    assert (answer.name, answer.address) == (None, None), "Germany tells neither"
    assert answer.asked_at == NOW
    assert str(transport.asked[0].url) == "http://vies.example/api/check-vat-number"
    assert json.loads(transport.asked[0].content) == {
        "countryCode": "DE",
        "vatNumber": "129273398",
        "requesterMemberStateCode": "AT",
        "requesterNumber": "U13585627",
    }


async def test_vies_says_that_an_id_is_not_known():
    answer, transport = await vies({**FOUND, "valid": False, "userError": "INVALID"})
    assert answer.validity is Validation.INVALID
    assert "requesterNumber" not in json.loads(transport.asked[0].content)


@pytest.mark.parametrize(
    "body,status,reason",
    [
        ({**FOUND, "valid": False, "userError": "MS_UNAVAILABLE"}, 200, "MS_UNAVAILABLE"),
        ({**FOUND, "valid": False, "userError": "MS_MAX_CONCURRENT_REQ"}, 200, "MS_MAX"),
        ({**FOUND, "valid": False, "userError": "TIMEOUT"}, 200, "TIMEOUT"),
        ({"actionSucceed": False, "errorWrappers": [{"error": "x"}]}, 200, "valid"),
        ({**FOUND, "valid": "true"}, 200, "true"),
        ({}, 503, "503"),
        (b"<html>maintenance</html>", 200, "Expecting value"),
        (["a list"], 200, "list"),
        (httpx.ConnectError("no route"), 0, "no route"),
        (httpx.ReadTimeout("too slow"), 0, "too slow"),
    ],
)
async def test_a_register_that_does_not_answer_is_never_taken_for_a_no(body, status, reason):
    """X02 of the scenarios: an outage neither taxes nor frees anybody silently."""
    answer, _ = await vies(body, status)
    assert answer.validity is Validation.UNAVAILABLE
    assert reason in (answer.reason or "")
    assert answer.consultation is None


async def hmrc(body: object, status: int = 200, requester: str | None = None):
    transport = Answers(body, status)
    register = Hmrc("http://hmrc.example", "secret", Noon(), transport)
    return await register.ask(BRITISH, requester), transport


async def test_hmrc_says_that_an_id_is_valid():
    found = {
        "target": {
            "name": "Credite Sberger Donal Inc.",
            "vatNumber": "980780684",
            "address": {"line1": "131B Barton Hamlet", "postcode": "SW97 5CK", "countryCode": "GB"},
        },
        "consultationNumber": "k2S-4tX-9pQ",
    }
    answer, transport = await hmrc(found, requester="GB123456789")
    assert (answer.validity, answer.consultation) == (Validation.VALID, "k2S-4tX-9pQ")
    assert answer.name == "Credite Sberger Donal Inc."
    assert "131B Barton Hamlet" in (answer.address or "")
    asked = transport.asked[0]
    assert asked.url.path.endswith("/lookup/980780684/123456789")
    assert asked.headers["authorization"] == "Bearer secret"


async def test_hmrc_does_not_know_an_id():
    answer, transport = await hmrc({"code": "NOT_FOUND"}, 404, requester="DE129273398")
    assert answer.validity is Validation.INVALID
    assert transport.asked[0].url.path.endswith("/lookup/980780684"), "a German is no requester"


@pytest.mark.parametrize("status", [400, 401, 403, 429, 500, 503])
async def test_hmrc_that_refuses_has_not_answered(status):
    answer, _ = await hmrc({"code": "X"}, status)
    assert answer.validity is Validation.UNAVAILABLE


async def test_the_token_is_not_in_what_is_shown_of_the_register():
    answer, _ = await hmrc(httpx.ConnectError("no route"))
    assert "secret" not in repr(answer)


async def test_many_are_asked_in_order():
    register = Vies("http://vies.example", Noon(), Answers(FOUND))
    other = Vies("http://vies.example", Noon(), Answers({}, 500))
    answers = await ask_all([(register, GERMAN, None), (other, GERMAN, None)])
    assert [each.validity for each in answers] == [Validation.VALID, Validation.UNAVAILABLE]
