"""What a far side says is read strictly, and kept within bounds."""

import json
from typing import Any

import pytest

from invx.contexts.invoicing.adapters.transmission.answers import NotUnderstood, answer_in
from invx.contexts.invoicing.adapters.transmission.practice_authority import (
    Behaviour,
    PracticeAuthority,
    behaviour_for,
)
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Reason, Verdict
from invx.kernel.limits import TRANSMISSION_REASONS_MAX
from tests.unit.invoicing.domain.drafts import DOCUMENT
from tests.unit.invoicing.transmission.parcels import parcel


def read(**said: Any) -> Answer:
    return answer_in(json.dumps(said).encode())


def test_an_answer_says_what_became_of_a_document() -> None:
    assert read(status="sent", more=True, receipt="r-1", future="field") == Answer(
        verdict=Verdict.SENT, more=True, receipt="r-1"
    )
    assert read(status="cleared", authority_id="A-1").authority_id == "A-1"
    rejected = read(status="rejected", reasons=[{"code": "1", "text": "no"}, {"text": "never"}])
    assert rejected.reasons == (Reason(code="1", text="no"), Reason(text="never"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"status": "unreachable"}',
        b'{"status": "lost"}',
        b'{"status": "cleared"}',
        b'{"status": "sent", "more": "yes"}',
        b'{"status": "sent", "receipt": ""}',
        b'{"status": "rejected", "reasons": ["no"]}',
    ],
)
def test_what_is_not_the_protocol_is_not_understood(body: bytes) -> None:
    with pytest.raises(NotUnderstood):
        answer_in(body)


def test_reasons_are_bounded() -> None:
    said = read(status="rejected", reasons=[{"text": "x" * 5000, "code": "c" * 500}] * 100)
    assert len(said.reasons) == TRANSMISSION_REASONS_MAX
    assert (len(said.reasons[0].text), len(said.reasons[0].code or "")) == (1000, 100)


async def test_the_practice_authority_has_one_effect_a_key() -> None:
    authority = PracticeAuthority()
    answers = [await authority.send(parcel()) for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert authority.effects(DOCUMENT) == 1
    assert authority.calls[parcel().key] == 3
    other = await authority.send(parcel(content=b"other"))
    assert (other.verdict, other.reasons[0].code) == (Verdict.REJECTED, "key_reused")
    await authority.send(parcel(key="made of the attempt"))  # the defect that it would show
    assert authority.effects(DOCUMENT) == 2


async def test_the_practice_authority_does_what_the_endpoint_asks_for() -> None:
    assert behaviour_for("0204:late-payer").late == 2
    assert behaviour_for("EM:Reject@example.org").rejects
    assert behaviour_for("0204:down-under").down == 2
    assert behaviour_for(None) == Behaviour()
    authority = PracticeAuthority()
    late = parcel(recipient="0204:late")
    said = [await authority.send(late), *[await authority.ask(late.key) for _ in range(2)]]
    assert [str(each.verdict) for each in said] == ["sent", "sent", "delivered"]
    unknown = await authority.ask("nothing")
    assert unknown.verdict is Verdict.UNREACHABLE
