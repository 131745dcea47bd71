"""What holds for every supply: the matrix's, and any that chance puts together."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invx.rules.tax.determine import determine, fingerprint
from invx.rules.tax.model import (
    Buyer,
    Certificate,
    DistanceSales,
    Facts,
    Place,
    Policy,
    Registration,
    Scheme,
    Seller,
    Special,
    Supply,
    SupplyKind,
    TaxId,
    Unproven,
    Validation,
)
from invx.rules.tax.outcome import Determination, Undetermined
from invx.rules.tax.rate_table import rate_table_of
from invx.rules.totals.model import Bill, Line, Profile, Regime
from invx.rules.totals.representable import problems
from tests.unit.rules.tax.rows import MATRIX, facts, matrix
from tests.unit.rules.tax.shipped import packs_with
from tests.unit.rules.tax.test_north_america import TABLE

PACKS = packs_with()
RATES = rate_table_of(TABLE)
ROWS = matrix(MATRIX.read_text())

# Codes of the VATEX list that EN 16931's rules of 2025 accept and that packs may name.
VATEX = set(
    """VATEX-EU-132-1B VATEX-EU-132-1C VATEX-EU-132-1G VATEX-EU-132-1I VATEX-EU-135-1 VATEX-EU-151
    VATEX-EU-AE VATEX-EU-D VATEX-EU-F VATEX-EU-G VATEX-EU-I VATEX-EU-IC VATEX-EU-J VATEX-EU-O
    VATEX-FR-CGI261-4 VATEX-FR-CGI261C-1 VATEX-FR-CGI261C-2 VATEX-FR-CGI261D-2 VATEX-FR-CGI275
    VATEX-FR-FRANCHISE""".split()
)

PLACES = st.builds(
    lambda at, region: Place(country=at[0], postal_code=at[1], region=region, city="Austin"),
    st.sampled_from(
        [
            ("DE", "10115"), ("DE", "78266"), ("DE", "27498"), ("DE", None), ("FR", "75001"),
            ("FR", "97200"), ("FR", "97300"), ("ES", "28001"), ("ES", " 35 001 "), ("ES", "51001"),
            ("IT", "00118"), ("IT", "23041"), ("AT", "1010"), ("AT", "6691"), ("NL", None),
            ("PL", None), ("BE", None), ("GR", "81100"), ("PT", "9500-119"), ("CH", None),
            ("LI", None), ("GB", "SW1A 1AA"), ("GB", "BT1 1AA"), ("XI", None), ("JP", None),
            ("US", "78701"), ("CA", "H2Y 1C6"), ("??", None), ("MC", None), ("AX", None),
        ]
    ),
    st.sampled_from([None, "TX", "QC", "CN"]),
)  # fmt: skip
COUNTRIES = st.sampled_from("DE FR ES IT AT NL PL EL GB XI CH US CA JP".split())
DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))
REGISTRATIONS = st.builds(
    Registration,
    country=COUNTRIES,
    vat_id=st.sampled_from([None, "X1", "X1-EX"]),
    region=st.sampled_from([None, None, "TX", "QC", "CN"]),
    special=st.sampled_from(Special),
    established=st.booleans(),
    valid_from=st.just(date(2016, 1, 1)),
)
SELLERS = st.builds(
    Seller,
    place=PLACES,
    registrations=st.lists(REGISTRATIONS, max_size=4).map(tuple),
    distance_sales=st.none()
    | st.builds(
        DistanceSales,
        last_year=st.decimals(0, 20_000, places=2),
        this_year=st.decimals(0, 20_000, places=2),
        waived=st.booleans(),
    ),
)
BUYERS = st.builds(
    Buyer,
    place=PLACES,
    business=st.booleans(),
    tax_ids=st.lists(
        st.builds(
            TaxId,
            country=COUNTRIES,
            id=st.sampled_from(["A1", " "]),
            validation=st.sampled_from(Validation),
        ),
        max_size=3,
    ).map(tuple),
    certificates=st.lists(
        st.builds(Certificate, kind=st.sampled_from(["eu_151", "x"]), country=COUNTRIES), max_size=1
    ).map(tuple),
)
SUPPLIES = st.builds(
    Supply,
    kind=st.sampled_from(SupplyKind),
    date=DAYS,
    category=st.sampled_from(
        "standard reduced zero books restaurant_food medical_care scrap travel_agency x".split()
    ),
    dispatch=st.none() | PLACES,
    delivery=st.none() | PLACES,
    located=st.none() | PLACES,
    transported=st.booleans(),
    installed=st.booleans(),
    importer=st.sampled_from([None, "buyer", "seller", "nobody"]),
    net_eur=st.none() | st.decimals(0, 20_000, places=2),
)
POLICIES = st.builds(
    Policy,
    invalid=st.sampled_from(Unproven),
    unavailable=st.sampled_from(Unproven),
    not_asked=st.sampled_from(Unproven),
)
WILD = st.builds(
    Facts,
    seller=SELLERS,
    buyer=BUYERS,
    supply=SUPPLIES,
    policy=POLICIES,
    language=st.sampled_from(["en", "de", "fr", "pl"]),
)


HOMES = [
    ("DE", "10115", None), ("FR", "75001", None), ("FR", "97200", None), ("ES", "28001", None),
    ("ES", "35001", "CN"), ("IT", "00118", None), ("AT", "6691", None), ("NL", None, None),
    ("PL", None, None), ("CH", None, None), ("GB", "SW1A 1AA", None), ("GB", "BT1 1AA", None),
    ("US", "78701", "TX"), ("CA", "H2Y", "QC"),
]  # fmt: skip
CLEAR = st.sampled_from([home for home in HOMES if home[0] not in {"US", "CA"}]).map(
    lambda home: Place(country=home[0], postal_code=home[1])
)


@st.composite
def likely(draw: st.DrawFn) -> Facts:
    """A seller registered at home, a buyer with an id of its country, all places known."""
    country, code, region = draw(st.sampled_from(HOMES))
    special = draw(st.sampled_from([Special.ORDINARY, Special.ORDINARY, Special.SMALL_BUSINESS]))
    home = Registration(country=country, region=region, vat_id=f"{country}1", special=special)
    shop = Registration(country=country, special=Special.OSS)
    elsewhere = Registration(country=draw(COUNTRIES), vat_id="X1")
    more = draw(st.sampled_from([(), (shop,), (shop, elsewhere), (elsewhere,)]))
    seller = Seller(
        place=Place(country=country, postal_code=code, region=region),
        registrations=(home, *more),
        distance_sales=DistanceSales(last_year=Decimal(0), this_year=Decimal(0)),
    )
    place = draw(CLEAR)
    supply = draw(SUPPLIES)
    supply = replace(
        supply,
        kind=draw(st.sampled_from([SupplyKind.GOODS, supply.kind])),
        transported=draw(st.sampled_from([True, True, True, False])),
        installed=draw(st.sampled_from([False, False, False, True])),
        date=draw(st.dates(date(2024, 1, 1), date(2027, 12, 31))),
        category=draw(st.sampled_from("standard standard books medical_care scrap".split())),
        dispatch=draw(st.none() | CLEAR),
        delivery=draw(st.none() | CLEAR),
        located=draw(CLEAR),
        importer=draw(st.sampled_from(["buyer", "seller"])),
        net_eur=Decimal(100),
    )
    id = TaxId(country=place.country, id="1", validation=draw(st.sampled_from(Validation)))
    buyer = Buyer(place=place, business=draw(st.booleans()), tax_ids=(id,))
    policy = Policy(invalid=Unproven.TAX, unavailable=Unproven.ACCEPT, not_asked=Unproven.TAX)
    language = draw(st.sampled_from(["en", "de", "fr", "pl"]))
    return Facts(seller=seller, buyer=buyer, supply=supply, policy=policy, language=language)


FACTS = st.one_of(likely(), likely(), likely(), WILD)


def check_answer(stated: Facts) -> None:
    """An answer is questions, or taxes with their ground that their profile can carry."""
    answer = determine(stated, PACKS, RATES)
    assert answer == determine(replace(stated), PACKS, RATES)
    assert answer.fingerprint == fingerprint(stated, PACKS, RATES)
    if isinstance(answer, Undetermined):
        assert answer.questions
        assert all(q.pointer.startswith("/") and q.asks for q in answer.questions)
        return
    assert answer.taxes
    assert answer.source
    assert answer.place
    line = Line(id="1", price=Decimal("99.99"), taxes=answer.taxes)
    bill = Bill(currency="EUR", lines=(line,), profile=answer.profile)
    assert problems(bill) == ()
    codes = {tax.reason_code for tax in answer.taxes} - {None}
    assert codes <= VATEX


@given(FACTS)
@settings(max_examples=400, deadline=None)
def test_any_facts_have_an_answer_that_an_invoice_can_carry(stated: Facts) -> None:
    check_answer(stated)


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_each_supply_of_the_matrix_can_go_on_an_e_invoice(row: object) -> None:
    check_answer(row.facts)


@given(FACTS)
@settings(max_examples=200, deadline=None)
def test_what_is_not_charged_has_a_reason_and_what_is_charged_a_rate_of_a_pack(
    stated: Facts,
) -> None:
    answer = determine(stated, PACKS, RATES)
    if isinstance(answer, Undetermined):
        return
    known = {rate.rate for pack in PACKS.by_country.values() for rate in pack.rates}
    for tax in answer.taxes:
        if tax.regime is not Regime.VAT:
            assert answer.profile is Profile.PLAIN
        elif tax.category in {"S", "L", "M", "Z"}:
            assert tax.rate in known
            assert tax.reason is None
        else:
            assert tax.rate == 0
            assert tax.reason


@given(FACTS, POLICIES)
@settings(max_examples=200, deadline=None)
def test_a_policy_matters_only_where_an_id_is_not_proven(stated: Facts, other: Policy) -> None:
    ids = tuple(replace(each, validation=Validation.VALID) for each in stated.buyer.tax_ids)
    proven = replace(stated, buyer=replace(stated.buyer, tax_ids=ids))
    first, second = determine(proven, PACKS), determine(replace(proven, policy=other), PACKS)
    assert type(first) is type(second)
    if isinstance(first, Determination):
        assert (first.taxes, first.scheme) == (second.taxes, second.scheme)


@given(FACTS)
@settings(max_examples=200, deadline=None)
def test_no_business_is_left_untaxed_on_an_unproven_id_unless_it_is_said(stated: Facts) -> None:
    answer = determine(stated, PACKS)
    if isinstance(answer, Undetermined):
        return
    if answer.scheme in {Scheme.REVERSE_CHARGE, Scheme.INTRA_COMMUNITY}:
        assert stated.buyer.business
        assert stated.buyer.tax_ids
        proven = any(each.validation is Validation.VALID for each in stated.buyer.tax_ids)
        assert proven or any("by policy it counts as valid" in each for each in answer.assumed)


@pytest.mark.parametrize("row", ROWS[:60], ids=[row.name for row in ROWS[:60]])
def test_each_fact_is_in_the_fingerprint(row: object) -> None:
    stated = row.facts
    later = replace(stated.supply, date=stated.supply.date + timedelta(days=1))
    other = replace(stated.buyer, business=not stated.buyer.business)
    marks = {
        fingerprint(each, PACKS)
        for each in (
            stated,
            replace(stated, supply=later),
            replace(stated, buyer=other),
            replace(stated, language="de"),
            replace(stated, policy=Policy(invalid=Unproven.TAX)),
            replace(stated, seller=replace(stated.seller, registrations=())),
        )
    }
    assert len(marks) == 6


@pytest.mark.parametrize("days", [-1, 0, 1])
def test_a_registration_counts_on_its_days_only(days: int) -> None:
    stated = facts("DE", "C DE", "goods standard 2026-05-04")
    (registration,) = stated.seller.registrations
    day = stated.supply.date
    for limited, holds in (
        (replace(registration, valid_from=day + timedelta(days=days)), days <= 0),
        (replace(registration, valid_until=day + timedelta(days=days)), days >= 0),
    ):
        seller = replace(stated.seller, registrations=(limited,))
        answer = determine(replace(stated, seller=seller), PACKS)
        assert isinstance(answer, Determination) is holds


@pytest.mark.parametrize("number", [None, "DE123", "DE123-EX", "de123-ex"])
def test_a_small_business_is_free_abroad_with_an_ex_number_only(number: str | None) -> None:
    stated = facts("DE small ex=FR", "C FR", "digital standard 2026-05-04")
    home, abroad = stated.seller.registrations
    seller = replace(stated.seller, registrations=(home, replace(abroad, vat_id=number)))
    answer = determine(replace(stated, seller=seller), PACKS)
    if number and number.lower().endswith("-ex"):
        assert isinstance(answer, Determination)
        assert answer.scheme is Scheme.SMALL_BUSINESS
    else:
        assert isinstance(answer, Undetermined)
        assert "EX number" in answer.questions[0].asks


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"importer": "nobody"}, "/supply/importer"),
        ({"net_eur": Decimal("NaN")}, "/supply/net_eur"),
        ({"delivery": Place(country="Germany")}, "/supply/delivery/country"),
        ({"dispatch": Place(country="")}, "/supply/dispatch/country"),
        ({"located": Place(country="1X")}, "/supply/located/country"),
    ],
)
def test_facts_that_make_no_sense_are_asked_again(change: dict, pointer: str) -> None:
    stated = facts("DE", "C DE", "goods standard 2026-05-04")
    answer = determine(replace(stated, supply=replace(stated.supply, **change)), PACKS)
    assert isinstance(answer, Undetermined)
    assert [question.pointer for question in answer.questions] == [pointer]


def test_what_is_taken_for_granted_is_said() -> None:
    answer = determine(facts("DE", "C US", "goods standard 2026-05-04"), PACKS)
    assert isinstance(answer, Determination)
    assert answer.assumed == (
        "The goods leave from the seller's address.",
        "The goods go to the buyer's address.",
        "The buyer imports the goods; taxes at the destination are its own.",
    )
    stated = "goods standard 2026-05-04 from=DE to=US importer=buyer"
    sure = determine(facts("DE", "C US", stated), PACKS)
    assert isinstance(sure, Determination)
    assert sure.assumed == ()
