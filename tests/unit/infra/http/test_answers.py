from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from invx.infra.http.answers import created, encode, json_response, no_content
from invx.kernel.errors import InvariantViolation


def test_an_amount_keeps_its_digits_and_is_a_string() -> None:
    amounts = [Decimal("165.10"), Decimal("0.00"), Decimal("-1.000")]
    assert encode(amounts) == b'["165.10","0.00","-1.000"]'


def test_an_instant_is_rfc_3339_in_utc() -> None:
    moment = datetime(2026, 11, 1, 9, 30, 0, 5000, tzinfo=UTC)
    assert encode([moment, date(2026, 11, 1)]) == b'["2026-11-01T09:30:00.005000Z","2026-11-01"]'


@pytest.mark.parametrize("value", [object(), 1j, {1: object()}, [open]])
def test_what_has_no_json_form_is_our_mistake(value) -> None:
    with pytest.raises(InvariantViolation):
        encode(value)


def test_answers_carry_their_bytes_untouched() -> None:
    answer = json_response(b'{"a":1}', 202, {"ETag": '"1"'})
    assert (answer.body, answer.status_code) == (b'{"a":1}', 202)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["etag"] == '"1"'


def test_what_was_created_says_where_it_is() -> None:
    answer = created(b"{}", "/v1/notes/note_1", {"ETag": '"1"'})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/v1/notes/note_1"
    assert answer.headers["etag"] == '"1"'


def test_no_content_is_empty() -> None:
    assert (no_content().status_code, no_content().body) == (204, b"")
