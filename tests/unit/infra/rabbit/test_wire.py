"""An envelope survives the broker to the letter; what is none of ours is told apart."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.rabbit.wire import MessageMalformed, envelope_in, message_of
from invx.infra.rotation import BULK, INTERACTIVE
from invx.kernel.messages import Envelope

KEY = UUID(int=7)
AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def envelope(**values) -> Envelope:
    said = {
        "message_id": uuid5(KEY, "m"),
        "tenant_id": UUID(int=1 << 64),
        "contract": "sender.note.taken.v1",
        "order_key": KEY,
        "sequence": 3,
        "occurred_at": AT,
        "actor": "user:ada",
        "correlation_id": uuid5(KEY, "c"),
        "causation_id": uuid5(KEY, "e"),
        "body": '{"number": 1.10,  "text": "ü"}',
    }
    return Envelope(**{**said, **values})


def arrived(body: bytes) -> SimpleNamespace:
    """What of an incoming message is looked at."""
    return SimpleNamespace(body=body)


def test_the_text_of_the_contract_is_not_rewritten() -> None:
    sent = envelope()
    got, lane = envelope_in(arrived(message_of(sent, BULK).body))
    assert got == sent
    assert got.body == '{"number": 1.10,  "text": "ü"}'
    assert lane == BULK


@given(
    actor=st.text(max_size=40),
    sequence=st.integers(-(2**63), 2**63 - 1),
    at=st.datetimes(timezones=st.just(UTC)),
    trace=st.none() | st.text(max_size=60),
    said=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=8,
    ),
)
def test_every_envelope_comes_back_as_it_was(actor, sequence, at, trace, said) -> None:
    sent = envelope(
        actor=actor, sequence=sequence, occurred_at=at, trace_parent=trace, body=json.dumps(said)
    )
    assert envelope_in(arrived(message_of(sent, INTERACTIVE).body)) == (sent, INTERACTIVE)


def test_a_message_survives_a_restart_and_can_be_recognised() -> None:
    message = message_of(envelope(), INTERACTIVE)
    assert message.delivery_mode == 2
    assert message.message_id == str(uuid5(KEY, "m"))
    assert message.type == "sender.note.taken.v1"


def changed(**values) -> bytes:
    said = json.loads(message_of(envelope(), INTERACTIVE).body)
    return json.dumps({**said, **values}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b"\xff\xfe",
        changed(tenant_id="me"),
        changed(sequence="first"),
        changed(sequence=2**63),
        changed(lane=7),
        changed(occurred_at="2026-03-01T12:00:00"),
        message_of(envelope(body='{"cut": '), INTERACTIVE).body,
        message_of(envelope(body="no json"), INTERACTIVE).body,
    ],
)
def test_what_is_no_envelope_is_refused(body: bytes) -> None:
    with pytest.raises(MessageMalformed):
        envelope_in(arrived(body))


def test_what_a_later_version_says_besides_is_not_looked_at() -> None:
    got, _ = envelope_in(arrived(changed(region="eu")))
    assert (got.message_id, got.actor) == (envelope().message_id, "user:ada")
