"""What a query of the list of documents means in rows: amounts, words, ids, where a page begins."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import eq, ge, gt, le, lt
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invx.contexts.invoicing.api.lists import DOCUMENTS, document_filter, document_slice
from invx.contexts.invoicing.read.access_paths import SORTS
from invx.contexts.invoicing.read.conditions import DocumentFilter
from invx.infra.http.cursors import decode_cursor
from invx.infra.http.pagination import InvalidQuery, ListQuery, parse_list_query
from invx.kernel.ids import typeid
from invx.kernel.money import exponent

COMPARED = {"=": eq, ">=": ge, ">": gt, "<=": le, "<": lt}
BIGINT = 2**63 - 1
ONE, OTHER = UUID(int=7), UUID(int=8)


def query(**given: str) -> ListQuery:
    """As from the query string; `gross__gte` is written `gross[gte]`."""
    pairs = [
        (f"{name}[{operator}]" if operator else name, text)
        for name, text in given.items()
        for name, _, operator in [name.partition("__")]
    ]
    return parse_list_query(DOCUMENTS, pairs)


def asked(**given: str) -> DocumentFilter:
    return document_filter(query(**given))


def refusals(**given: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidQuery) as refused:
        asked(**given)
    return [(each.pointer, each.code) for each in refused.value.problems]


class TestAmounts:
    @given(
        currency=st.sampled_from(["EUR", "JPY", "KWD", "CLF"]),
        operator=st.sampled_from(["", "gte", "gt", "lte", "lt"]),
        wanted=st.decimals("-1000", "1000", places=6),
        units=st.integers(-(10**7), 10**7),
    )
    @example(currency="EUR", operator="gte", wanted=Decimal("0.001"), units=0)
    @example(currency="EUR", operator="lt", wanted=Decimal("0.001"), units=0)
    @example(currency="EUR", operator="lte", wanted=Decimal("-0.001"), units=0)
    @example(currency="JPY", operator="", wanted=Decimal("0.5"), units=0)
    @example(currency="KWD", operator="", wanted=Decimal("1.001"), units=1001)
    def test_a_bound_between_two_units_compares_as_the_amount_does(
        self, currency, operator, wanted, units
    ):
        name = f"gross__{operator}" if operator else "gross"
        [(column, symbol, bound)] = asked(**{name: f"{wanted:f}", "currency": currency}).ranges
        gross = Decimal(units).scaleb(-exponent(currency))
        compare = COMPARED[symbol]
        assert column == "d.gross_units"
        assert compare(units, bound) is {"": eq, "gte": ge, "gt": gt, "lte": le, "lt": lt}[
            operator
        ](gross, wanted)

    @given(st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,12})?", fullmatch=True))
    def test_no_bound_leaves_the_column(self, text):
        [(_, _, bound)] = asked(gross__lte=text, currency="CLF").ranges
        assert abs(bound) <= BIGINT

    @pytest.mark.parametrize("given", [{}, {"currency": "EURO"}, {"currency": "XXX"}])
    def test_an_amount_without_its_currency_says_nothing(self, given):
        assert [pointer for pointer, _ in refusals(gross__gte="5", **given)] == ["query:currency"]

    def test_both_ends_of_a_range_count(self):
        wanted = asked(gross__gte="1.00", gross__lt="2", currency="EUR")
        assert wanted.ranges == [("d.gross_units", ">=", 100), ("d.gross_units", "<", 200)]
        assert wanted.equal == [("d.currency", "EUR")]


class TestWords:
    @pytest.mark.parametrize("text", ["Äther", "ÄTHER", "äther", "Ather"])
    def test_words_are_searched_as_they_are_stored(self, text):
        assert asked(q=text).text == "ather"

    def test_metadata_is_one_object_however_many_keys(self):
        wanted = asked(metadata__deal="D-1", metadata__team="rot & weiß")
        assert json.loads(wanted.metadata or "") == {"deal": "D-1", "team": "rot & weiß"}

    def test_what_nobody_asked_for_narrows_nothing(self):
        assert asked() == DocumentFilter(equal=[], among=[], ranges=[])

    def test_false_is_an_answer_and_not_an_absence(self):
        assert [asked(overdue=text).overdue for text in ("true", "false")] == [True, False]
        assert asked().overdue is None


class TestColumns:
    def test_words_become_sets_and_ids_become_uuids(self):
        ids = f"{typeid('inv', ONE)},{typeid('inv', OTHER)}"
        wanted = asked(status="draft,cancelled", settlement_status="open", credits=ids)
        assert dict(wanted.among) == {
            "d.status": ("draft", "cancelled"),
            "s.status": ("open",),
            "d.credits": (ONE, OTHER),
        }

    def test_days_and_moments_keep_their_types(self):
        wanted = asked(
            created__gte="2026-01-02", due_date="2026-03-04", issue_date__lt="2026-05-06"
        )
        assert wanted.ranges == [
            ("d.created_at", ">=", datetime(2026, 1, 2, tzinfo=UTC)),
            ("d.due_date", "=", date(2026, 3, 4)),
            ("d.issue_date", "<", date(2026, 5, 6)),
        ]

    def test_each_text_is_compared_with_its_own_column(self):
        wanted = asked(customer="C-1", external_id="E-1", number="2026-0001", currency="EUR")
        assert dict(wanted.equal) == {
            "d.customer": "C-1", "d.external_id": "E-1", "d.number": "2026-0001",
            "d.currency": "EUR",
        }  # fmt: skip

    def test_an_id_of_another_kind_is_refused_where_it_stands(self):
        assert len(refusals(legal_entity=typeid("inv", ONE))) == 1
        assert len(refusals(credits=typeid("le", ONE), status="gone")) == 2

    def test_every_sort_of_the_api_is_one_of_the_rows(self):
        assert DOCUMENTS.sorts.keys() == SORTS.keys()


class TestSlices:
    def test_without_a_wish_the_newest_come_first(self):
        part = document_slice(query())
        assert (part.sort, part.descending, part.after, part.limit) == ("created", True, None, 25)
        assert not part.whole

    @pytest.mark.parametrize(
        "sort,key",
        [
            ("issue_date", date(2026, 3, 2)),
            ("-due_date", None),
            ("number", "2026-0001"),
            ("-gross", -11900),
            ("buyer", "éclair"),
            ("buyer", ""),
        ],
    )
    def test_the_next_page_begins_where_the_last_one_ended(self, sort, key):
        page = query(sort=sort, limit="7")
        part = document_slice(query(sort=sort, limit="9", after=page.cursor(key, ONE)))
        assert (part.after, part.limit) == ((key, ONE), 9)
        assert (part.sort, part.descending) == (sort.removeprefix("-"), sort.startswith("-"))

    def test_a_cursor_holds_no_more_than_its_position(self):
        page = query(sort="gross")
        position = decode_cursor(page.cursor(5, ONE), page.fingerprint, int)
        assert (position.key, position.id) == (5, ONE)

    def test_content_is_expanded_on_demand(self):
        assert document_slice(query(expand="content")).whole
