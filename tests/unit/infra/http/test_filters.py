from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.http.filters import (
    Amount,
    Choice,
    Condition,
    Day,
    Flag,
    Id,
    Keyed,
    Kind,
    Moment,
    Text,
    openapi_parameters,
    parse_condition,
)
from invx.kernel.ids import typeid

ONE, TWO = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    "kind,text,value",
    [
        (Text(), "Müller & Söhne", "Müller & Söhne"),
        (Choice(("draft", "final")), "final,draft,final", ("final", "draft")),
        (Id("cus"), f"{typeid('cus', ONE)},{typeid('cus', TWO)}", (ONE, TWO)),
        (Moment(), "2026-11-01T10:00:00Z", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        (Moment(), "2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        (Moment(), "2026-11-01T10:00:00 02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        (Moment(), "2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        (Day(), "2026-02-28", date(2026, 2, 28)),
        (Amount(), "-119.00", Decimal("-119.00")),
        (Flag(), "true", True),
        (Flag(), "false", False),
        (Keyed(), "P-7", "P-7"),
    ],
)
def test_a_value_arrives_typed(kind: Kind, text: str, value) -> None:
    parsed = kind.parse(text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize(
    "kind,text",
    [
        (Text(), ""),
        (Text(chars_max=3), "four"),
        (Text(), "nul\x00"),
        (Text(), "lone \ud800"),
        (Choice(("draft",)), "drafts"),
        (Choice(("draft",)), "draft,"),
        (Id("cus"), typeid("inv", ONE)),
        (Id("cus"), ""),
        (Id("cus"), ",".join([typeid("cus", ONE)] * 101)),
        (Moment(), "2026-11-01T10:00:00"),
        (Moment(), "yesterday"),
        (Moment(), "0001-01-01T00:00:00+14:00"),
        (Day(), "2026-02-30"),
        (Day(), "2026-1-1T"),
        (Amount(), "NaN"),
        (Amount(), "1e5"),
        (Amount(), "1_000"),
        (Amount(), "1" * 31),
        (Amount(), "ten"),
        (Flag(), "yes"),
    ],
)
def test_a_bad_value_is_refused_with_a_sentence(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        kind.parse(text)


KINDS: list[Kind] = [
    Text(), Choice(("a", "b")), Id("cus"), Moment(), Day(), Amount(), Flag(), Keyed(),
]  # fmt: skip


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_no_text_does_worse_than_a_value_error(kind: Kind, text: str) -> None:
    try:
        parsed = kind.parse(text)
    except ValueError:
        return
    assert parsed is not None
    assert "\x00" not in str(parsed)


def test_brackets_choose_the_operator() -> None:
    day = date(2026, 11, 1)
    assert parse_condition("due", None, Day(), "2026-11-01") == Condition("due", "eq", day)
    assert parse_condition("due", "lte", Day(), "2026-11-01") == Condition("due", "lte", day)


def test_a_list_of_values_is_a_set_to_choose_from() -> None:
    found = parse_condition("status", None, Choice(("a", "b")), "a,b")
    assert found == Condition("status", "in", ("a", "b"))


def test_metadata_is_asked_by_key() -> None:
    found = parse_condition("metadata", "project", Keyed(), "P-7")
    assert found == Condition("metadata", "eq", "P-7", key="project")


@pytest.mark.parametrize(
    "field,bracket,kind",
    [
        ("status", "gte", Choice(("a",))),
        ("created", None, Moment()),
        ("created", "eq", Moment()),
        ("created", "", Moment()),
        ("metadata", None, Keyed()),
        ("metadata", "", Keyed()),
        ("metadata", "a\x00b", Keyed()),
        ("metadata", "k" * 400, Keyed()),
    ],
)
def test_an_operator_that_the_filter_lacks_is_refused(field, bracket, kind) -> None:
    with pytest.raises(ValueError):
        parse_condition(field, bracket, kind, "2026-11-01")


def test_openapi_shows_every_way_to_write_a_filter() -> None:
    shown = openapi_parameters({"status": Choice(("a",)), "due": Day(), "metadata": Keyed()})
    assert [each["name"] for each in shown] == [
        "status", "due", "due[gte]", "due[gt]", "due[lte]", "due[lt]", "metadata",
    ]  # fmt: skip
    assert shown[-1]["style"] == "deepObject"
    assert all(each["in"] == "query" and each["schema"] for each in shown)
