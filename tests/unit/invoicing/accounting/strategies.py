"""Any booking that a journal may hold, whatever people typed into it."""

from datetime import date
from decimal import Decimal
from uuid import uuid5

from hypothesis import strategies as st

from invx.contexts.invoicing.domain.bookkeeping.booking import DEBTOR, Booking, BookingKind
from tests.unit.invoicing.accounting.given import INVOICE, booking

# Anything that PostgreSQL keeps: neither NUL nor half a surrogate pair.
anything = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=40
)
# What the API takes: besides tab and line ends no control characters, and nothing XML cannot say.
typed = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\r\n"),
    max_size=40,
)
days = st.dates(date(1926, 1, 1), date(2199, 12, 31))


def amounts(places: int, least: str = "0") -> st.SearchStrategy[Decimal]:
    """Amounts of a currency with so many decimals."""
    return st.decimals(min_value=least, max_value="9999999999", places=places)


@st.composite
def bookings(draw: st.DrawFn) -> Booking:
    """A booking with every field drawn."""
    currency, places = draw(st.sampled_from([("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)]))
    accounts = st.sampled_from(["8400", "1200", "0420", DEBTOR])
    sequence = draw(st.integers(1, 10_000))
    optional = st.none() | anything
    return booking(
        booking_id=uuid5(INVOICE, str(sequence)),
        sequence=sequence,
        kind=draw(st.sampled_from(list(BookingKind))),
        settlement_entry=draw(st.none() | st.uuids()),
        reverses=draw(st.none() | st.uuids()),
        booked_on=draw(days),
        debit=draw(accounts),
        credit=draw(accounts),
        amount=draw(amounts(places)),
        currency=currency,
        booked_amount=draw(amounts(2)),
        exchange_rate=draw(st.none() | amounts(12, "0.000000000001")),
        receivable=draw(amounts(places, "-9999999999")),
        tax_key=draw(st.none() | st.from_regex(r"[0-9]{1,4}", fullmatch=True)),
        tax_category=draw(st.sampled_from([None, "S", "AE", "Z", "L"])),
        tax_rate=draw(st.none() | amounts(6)),
        tax=draw(st.none() | amounts(places)),
        country=draw(st.sampled_from([None, "DE", "GR", "CH"])),
        cost_center=draw(optional),
        cost_object=draw(optional),
        document_number=draw(anything.filter(bool)),
        service_date=draw(st.none() | days),
        due_date=draw(st.none() | days),
    )
