"""Facts from outside: asked for at once, used only for the question that they answer."""

from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY

from invx.infra.facts import Answered, KnownFacts, obtain
from invx.kernel.errors import Unavailable
from invx.kernel.ports import Fact, Needs

RATE = Fact("test_rates", "EUR/CHF", "2026-11-01")
OTHER_RATE = Fact("test_rates", "EUR/PLN", "2026-11-01")
VAT = Fact("test_vat_ids", "DE136695976", "f1")


class Source:
    """Answers with the keys, and remembers how it was asked."""

    def __init__(self, *, down: bool = False) -> None:
        self.asked: list[list[str]] = []
        self._down = down

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        self.asked.append([fact.key for fact in facts])
        if self._down:
            raise Unavailable("the source does not answer")
        return [Answered(fact, fact.key.lower(), "test") for fact in facts]


def asked(port: str, outcome: str) -> float:
    labels = {"port": port, "outcome": outcome}
    return REGISTRY.get_sample_value("invx_facts_asked_total", labels) or 0.0


async def test_everything_that_is_missing_is_named_at_once() -> None:
    known = KnownFacts()
    known.learn([Answered(VAT, True, "VIES")])
    with pytest.raises(Needs) as missing:
        await known.need(RATE, VAT, OTHER_RATE)
    assert missing.value.facts == (RATE, OTHER_RATE)
    assert str(missing.value) == "test_rates:EUR/CHF, test_rates:EUR/PLN"


async def test_answers_come_in_the_order_of_the_questions() -> None:
    known = KnownFacts()
    known.learn([Answered(RATE, "0.93", "ECB"), Answered(VAT, None, "VIES")])
    assert await known.need(VAT, RATE) == [None, "0.93"]
    assert await known.need() == []


async def test_an_answer_counts_only_for_exactly_its_question() -> None:
    known = KnownFacts()
    known.learn([Answered(RATE, "0.93", "ECB")])
    for other in (
        Fact(RATE.port, RATE.key, "2026-11-02"),
        Fact(RATE.port, "EUR/USD", RATE.fingerprint),
        Fact("test_other", RATE.key, RATE.fingerprint),
    ):
        with pytest.raises(Needs):
            await known.need(other)
    assert await known.need(Fact(RATE.port, RATE.key, RATE.fingerprint, question="why?")) == [
        "0.93"
    ], "the fingerprint stands for the question"


async def test_each_port_is_asked_once_for_all_that_it_knows() -> None:
    rates, vat = Source(), Source()
    found = asked("test_rates", "found")
    answers = await obtain(
        {"test_rates": rates, "test_vat_ids": vat}, Needs([RATE, VAT, OTHER_RATE])
    )
    assert rates.asked == [["EUR/CHF", "EUR/PLN"]]
    assert vat.asked == [["DE136695976"]]
    assert {answer.fact for answer in answers} == {RATE, OTHER_RATE, VAT}
    assert asked("test_rates", "found") == found + 2


async def test_a_port_that_does_not_answer_is_counted_and_its_refusal_goes_on() -> None:
    failed, found = asked("test_rates", "failed"), asked("test_rates", "found")
    with pytest.raises(Unavailable, match="does not answer"):
        await obtain({"test_rates": Source(down=True)}, Needs([RATE, OTHER_RATE]))
    assert asked("test_rates", "failed") == failed + 2
    assert asked("test_rates", "found") == found
