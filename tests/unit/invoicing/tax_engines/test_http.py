"""Answers of tax engines that are none, each told by its reason and never taken for a rate."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from invx.contexts.invoicing.adapters.tax_engines.http import HttpTaxEngine
from tests.contracts.test_tax_engine import QUESTION, SALE

ASKED = replace(QUESTION, lines=QUESTION.lines[:1])
TAX = {"category": "STATE", "jurisdiction": "US-TX", "rate": "6.25"}
GOOD: dict[str, Any] = {
    "fingerprint": ASKED.fingerprint,
    "reference": "q-1",
    "version": "1",
    "expires_in": 60,
    "lines": [{"id": "1", "taxes": [TAX]}],
}


def engine(body: Any, status: int = 200) -> HttpTaxEngine:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer s3cret"
        if isinstance(body, Exception):
            raise body
        content = body if isinstance(body, bytes) else None
        return httpx.Response(status, content=content, json=None if content else body)

    return HttpTaxEngine("http://engine.test", "s3cret", transport=httpx.MockTransport(answer))


def line(**tax: Any) -> dict[str, Any]:
    return {**GOOD, "lines": [{"id": "1", "taxes": [{**TAX, **tax}]}]}


async def test_the_answer_that_the_others_differ_from_is_good() -> None:
    assert (await engine({**GOOD, "more": "is allowed"}).quote(ASKED)).quote is not None


@pytest.mark.parametrize(
    "body,reason",
    [
        ({**GOOD, "fingerprint": "another"}, "another question"),
        ({**GOOD, "lines": []}, "other lines"),
        ({**GOOD, "lines": GOOD["lines"] * 2}, "other lines"),
        ({**GOOD, "lines": [{"id": "1", "taxes": []}]}, "not of the protocol"),
        ({**GOOD, "expires_in": 0}, "not of the protocol"),
        ({**GOOD, "reference": ""}, "not of the protocol"),
        ({**GOOD, "reference": "q" * 101}, "not of the protocol"),
        (line(rate="-1"), "A rate is a percentage"),
        (line(rate="100.01"), "A rate is a percentage"),
        (line(rate="0.0000001"), "A rate is a percentage"),
        (line(rate="NaN"), "A rate is a percentage"),
        (line(rate="many"), "not of the protocol"),
        (line(category=""), "not of the protocol"),
        (line(jurisdiction=None), "not of the protocol"),
        (b"<html>", "not of the protocol"),
        (b"", "not of the protocol"),
        (httpx.ConnectError("refused"), "refused"),
    ],
)
async def test_what_is_no_quote_taxes_nothing(body: Any, reason: str) -> None:
    answer = await engine(body).quote(ASKED)
    assert answer.quote is None
    assert reason in (answer.fault or "")


@pytest.mark.parametrize(
    "status,lasting",
    [(400, True), (404, True), (422, True), (401, False), (409, False), (429, False), (500, False)],
)
async def test_only_a_refusal_that_no_repetition_changes_is_for_good(
    status: int, lasting: bool
) -> None:
    receipt = await engine({"detail": "No."}, status).commit(SALE)
    assert (receipt.fault, receipt.lasting) == (f"{status} No.", lasting)


async def test_a_receipt_without_a_number_is_none() -> None:
    receipt = await engine({"reference": None}).commit(SALE)
    assert (receipt.reference, receipt.lasting) == (None, False)


async def test_an_answer_beyond_all_measure_is_none() -> None:
    answer = await engine(b" " * 8_000_001).quote(ASKED)
    assert answer.quote is None


def test_the_secret_is_not_in_what_is_shown_of_the_engine() -> None:
    assert "s3cret" not in repr(engine({}))
