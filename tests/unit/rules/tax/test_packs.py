"""Packs are read strictly, shipped ones are sound, and a tenant's are laid over them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from invx.rules.tax.determine import determine
from invx.rules.tax.model import Scheme, SupplyKind
from invx.rules.tax.outcome import Determination, Undetermined
from invx.rules.tax.pack_table import PackInvalid
from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Clearance, ClearanceRule, Pack, Packs, Status
from tests.unit.rules.tax.rows import facts
from tests.unit.rules.tax.shipped import packs_with

MEMBERS = set(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
COMPLETE = {"EU", "DE", "AT", "FR", "NL", "ES", "IT", "CH", "GB"}
LANGUAGES = ("en", "de", "fr", "es", "it", "nl")
TEXT = """
country = "ZZ"
name = "Nowhere"
version = "1"
status = "partial"
covers = ["domestic", "small_business"]
eu = true
postal_digits = 4
rates = [
  { code = "standard", rate = "18", from = 2020-01-01, source = "Act 1" },
  { code = "standard", rate = "19.5", from = 2024-01-01, source = "Act 2" },
  { code = "low", rate = "5", from = 2020-01-01, until = 2024-12-31, source = "Act 1" },
]
categories = [
  { code = "books", rate = "low", from = 2020-01-01, source = "Act 1" },
  { code = "books", rate = "standard", from = 2020-01-01, kinds = ["digital"], source = "Act 1" },
  { code = "care", exempt = "exempt_medical", from = 2020-01-01, source = "Act 3" },
]
territories = [
  { code = "ZZ-A", name = "Isle", vat = "L", postal_codes = ["9000-9099"], source = "Act 4" },
]
small_business = [{ kind = "small_business", category = "E", source = "Act 5" }]
texts = [{ key = "small_business", language = "en", text = "Small" }]

[rules]
foreign_seller_reverse_charge = ["goods"]

[sources]
export = "Act 6"

[documents]
retention_years = 7
retention_source = "Act 7"
formats = ["ubl"]

[documents.titles]
invoice = "Bill"
"""


def standard(pack: Pack, day: date) -> Decimal | None:
    found = pack.rate("standard", None, day)
    return found.rate if found else None


def test_a_pack_is_read_whole() -> None:
    pack = pack_of(TEXT)
    assert (pack.country, pack.version, pack.status) == ("ZZ", "1", Status.PARTIAL)
    assert pack.covers == (Scheme.DOMESTIC, Scheme.SMALL_BUSINESS)
    assert pack.foreign_seller == (SupplyKind.GOODS,)
    assert pack.documents.titles == (("invoice", "Bill"),)
    assert pack.source_of("export") == "Act 6"
    assert pack.source_of("import") is None


@pytest.mark.parametrize(
    ("day", "rate"),
    [
        (date(2019, 12, 31), None),
        (date(2020, 1, 1), Decimal(18)),
        (date(2023, 12, 31), Decimal(18)),
        (date(2024, 1, 1), Decimal("19.5")),
        (date(2099, 1, 1), Decimal("19.5")),
    ],
)
def test_a_rate_holds_from_its_day_until_the_next(day: date, rate: Decimal | None) -> None:
    assert standard(pack_of(TEXT), day) == rate


def test_a_row_for_a_kind_of_supply_comes_before_the_general_one() -> None:
    pack, day = pack_of(TEXT), date(2024, 6, 1)
    digital = pack.category("books", SupplyKind.DIGITAL, None, day)
    printed = pack.category("books", SupplyKind.GOODS, None, day)
    assert digital
    assert printed
    assert (digital.rate, printed.rate) == ("standard", "low")


def test_a_rate_that_ended_is_not_used() -> None:
    pack = pack_of(TEXT)
    assert pack.rate("low", None, date(2024, 12, 31))
    assert pack.rate("low", None, date(2025, 1, 1)) is None


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('country = "ZZ"', 'country = "Zed"', "/country"),
        ('country = "ZZ"', "", "/country"),
        ('name = "Nowhere"', 'name = " "', "/name"),
        ('version = "1"', "version = 1", "/version"),
        ('status = "partial"', 'status = "done"', "/status"),
        ('status = "partial"', 'status = "complete"', "/covers"),
        ('covers = ["domestic", "small_business"]', "", "/covers"),
        ('covers = ["domestic", "small_business"]', 'covers = ["magic"]', "/covers"),
        ("eu = true", 'eu = "yes"', "/eu"),
        ("eu = true", "eu = 1", "/eu"),
        ("eu = true", "eu = true\ncolour = 'red'", "/colour"),
        ("postal_digits = 4", "postal_digits = true", "/postal_digits"),
        ('rate = "18"', 'rate = "x"', "/rates/0/rate"),
        ('rate = "18"', 'rate = "-1"', "/rates/0/rate"),
        ('rate = "18"', 'rate = "101"', "/rates/0/rate"),
        ('rate = "18"', 'rate = "NaN"', "/rates/0/rate"),
        ('rate = "18"', "rate = 18", "/rates/0/rate"),
        ('rate = "18", ', "", "/rates/0/rate"),
        ("from = 2024-01-01", 'from = "2024"', "/rates/1/from"),
        ("from = 2024-01-01", "from = 2024-01-01T00:00:00", "/rates/1/from"),
        ("from = 2024-01-01", "from = 2020-01-01", "/rates/1"),
        ('source = "Act 2"', 'source = ""', "/rates/1/source"),
        (', source = "Act 2"', "", "/rates/1/source"),
        ("until = 2024-12-31", "until = 2019-12-31", "/rates/2/until"),
        ('rate = "low"', 'rate = "low", exempt = "x"', "/categories/0"),
        ('exempt = "exempt_medical", ', "", "/categories/2"),
        ('rate = "low"', 'asks = "?", reverse_charge = true', "/categories/0/rate"),
        ('kinds = ["digital"]', 'kinds = ["ghost"]', "/categories/1/kinds"),
        ('vat = "L"', 'vat = "S9"', "/territories/0/vat"),
        ('postal_codes = ["9000-9099"]', 'postal_codes = ["9 0"]', "/territories/0/postal_codes/0"),
        ('category = "E"', 'category = "Q"', "/small_business/0/category"),
        ('language = "en"', 'language = "english"', "/texts/0/language"),
        ('["goods"]', '["ghost"]', "/rules/foreign_seller_reverse_charge"),
        ("[rules]", '[rules]\nservices = "here"', "/rules/services"),
        ("[rules]", "[rules]\nmagic = true", "/rules/magic"),
        ('export = "Act 6"', "export = 6", "/sources/export"),
        ('retention_source = "Act 7"', "", "/documents/retention_source"),
        ('formats = ["ubl"]', "formats = [1]", "/documents/formats/0"),
        ('invoice = "Bill"', "invoice = 1", "/documents/titles/invoice"),
        ("rates = [", "rates = [[", "/"),
        ("rates = [", "rates = [ 1,", "/rates/0"),
    ],
)
def test_a_wrong_pack_names_the_key(old: str, new: str, key: str) -> None:
    assert old in TEXT
    with pytest.raises(PackInvalid) as refused:
        pack_of(TEXT.replace(old, new, 1))
    assert [problem.pointer for problem in refused.value.problems] == [key]
    assert refused.value.code == "pack_invalid"


def test_every_member_state_and_what_else_is_claimed_is_shipped() -> None:
    packs = packs_with().by_country
    assert set(packs) == MEMBERS | {"EU", "CH", "GB", "US", "CA"}
    assert {code for code, pack in packs.items() if pack.eu} == MEMBERS
    assert {code for code, p in packs.items() if p.status is Status.COMPLETE} == COMPLETE
    assert {code for code, p in packs.items() if p.status is Status.NONE} == {"US", "CA"}


@pytest.mark.parametrize("pack", packs_with().by_country.values(), ids=lambda pack: pack.country)
def test_a_shipped_pack_is_sound(pack: Pack) -> None:
    """Sources everywhere; categories name rates that exist; texts that are referred to exist."""
    codes = {rate.code for rate in pack.rates}
    general = packs_with().get("EU")
    assert general
    keys = {key for key, _, _ in (*pack.texts, *general.texts)}
    assert all(rate.source for rate in pack.rates)
    for category in pack.categories:
        assert category.source
        assert category.rate is None or category.rate in codes
        assert category.exempt is None or category.exempt in keys
    assert {f"certificate_{ground.kind}" for ground in pack.certificates} <= keys
    rated = {rate.territory for rate in pack.rates if rate.territory}
    assert rated <= {territory.code for territory in pack.territories}
    if pack.status is Status.COMPLETE and pack.country != "EU":
        assert pack.documents.titles
        assert pack.documents.retention_years
        assert pack.documents.formats


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "key", ["reverse_charge", "intra_community", "export", "outside_scope", "margin_second_hand"]
)
def test_the_general_texts_stand_in_six_languages(key: str, language: str) -> None:
    general = packs_with().get("EU")
    assert general
    assert general.text_of(key, language)


def test_words_are_the_countrys_own_then_general_then_english() -> None:
    packs = packs_with()
    assert packs.text("reverse_charge", "de", "AT").startswith("Die Steuerschuld geht")
    assert (
        packs.text("reverse_charge", "de", "FR") == "Steuerschuldnerschaft des Leistungsempfängers"
    )
    assert packs.text("reverse_charge", "pl", "DE") == "Reverse charge"
    assert packs.text("small_business", "de", "DE") == (
        "Gemäß § 19 UStG wird keine Umsatzsteuer berechnet."
    )
    assert packs.text("small_business", "fr", "FR") == "TVA non applicable, art. 293 B du CGI"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("de", "Steuerschuldnerschaft des Leistungsempfängers"),
        ("fr", "Autoliquidation"),
        ("es", "Inversión del sujeto pasivo"),
        ("it", "Inversione contabile"),
        ("nl", "Btw verlegd"),
        ("en", "Reverse charge"),
        ("pl", "Reverse charge"),
    ],
)
def test_the_reason_is_in_the_language_of_the_document(language: str, text: str) -> None:
    stated = facts("DE", "B FR id=FR", f"services standard 2026-09-15 lang={language}")
    answer = determine(stated, packs_with())
    assert isinstance(answer, Determination)
    assert answer.taxes[0].reason == text


OVER = """
country = "ES"
name = "Spain, as Acme knows it"
version = "acme-3"
status = "complete"
texts = [{ key = "outside_scope", language = "es", text = "No sujeto" }]

[[rates]]
code = "standard"
rate = "10"
from = 2020-01-01
territory = "ES-CE"
source = "Ordenanza Ceuta"

[[rates]]
code = "standard"
rate = "20.5"
from = 2012-09-01
source = "A ruling"
"""


def test_a_tenants_rate_is_laid_over_and_shown_in_the_version() -> None:
    packs = packs_with([pack_of(OVER)])
    ceuta = determine(
        facts("ES/51001 home=ES-CE", "C ES/51002", "goods standard 2026-01-01"), packs
    )
    assert isinstance(ceuta, Determination)
    (tax,) = ceuta.taxes
    assert (tax.category, tax.rate, tax.jurisdiction) == ("M", Decimal(10), "ES-CE")
    assert "Ordenanza Ceuta" in ceuta.source
    assert ("ES", "2026.1+acme-3") in [(use.country, use.version) for use in ceuta.packs]


def test_an_override_replaces_its_like_and_leaves_the_rest() -> None:
    spain = packs_with([pack_of(OVER)]).get("ES")
    assert spain
    assert standard(spain, date(2026, 1, 1)) == Decimal("20.5")
    assert spain.rate("reduced", None, date(2026, 1, 1)).rate == 10
    assert spain.text_of("outside_scope", "es") == "No sujeto"
    assert spain.name == "Spain"
    assert standard(packs_with().get("ES"), date(2026, 1, 1)) == 21


def test_an_override_changes_the_fingerprint() -> None:
    stated = facts("DE", "C DE", "goods standard 2026-01-01")
    assert determine(stated, packs_with()) != determine(stated, packs_with([pack_of(OVER)]))


def test_a_country_without_a_pack_comes_with_a_tenants_pack() -> None:
    norway = pack_of(
        'country = "NO"\nname = "Norway"\nversion = "acme-1"\nstatus = "partial"\n'
        'covers = ["domestic"]\n'
        'rates = [{ code = "standard", rate = "25", from = 2013-01-01, source = "Mval. 5-1" }]\n'
    )
    packs = packs_with([norway])
    sold = determine(facts("NO", "C NO", "goods standard 2026-01-01"), packs)
    assert isinstance(sold, Determination)
    assert sold.taxes[0].rate == 25
    sent = determine(facts("NO", "C SE", "goods standard 2026-01-01 importer=buyer"), packs)
    assert isinstance(sent, Determination)
    assert sent.scheme == "export"


def test_a_scheme_that_a_partial_pack_does_not_cover_is_asked() -> None:
    belgium = packs_with().get("BE")
    assert belgium
    narrow = Packs.of([*packs_with().by_country.values(), replace(belgium, covers=(Scheme.OSS,))])
    answer = determine(facts("BE", "C BE", "goods standard 2026-01-01"), narrow)
    assert isinstance(answer, Undetermined)
    assert "domestic is not covered yet, only oss" in answer.questions[0].asks


def test_the_pack_that_the_docs_show_can_be_read() -> None:
    text = (Path(__file__).parents[4] / "docs" / "tax.md").read_text()
    shown = text.partition("```toml\n")[2].partition("```")[0]
    pack = pack_of(shown)
    assert pack.country == "NO"
    food = pack.category("food", SupplyKind.GOODS, None, date(2026, 1, 1))
    assert food
    assert pack.rate(food.rate, None, date(2026, 1, 1))


CLEARANCE = """
[clearance]
rule = "after_issue"
revision_allowed = true
revision_days = 5
source = "Act 8"
"""


def test_a_pack_says_how_documents_are_cleared() -> None:
    assert pack_of(TEXT).clearance == Clearance()
    clearance = pack_of(TEXT + CLEARANCE).clearance
    assert clearance.rule is ClearanceRule.AFTER_ISSUE
    assert (clearance.revision_allowed, clearance.revision_days) == (True, 5)
    assert clearance.source == "Act 8"


@pytest.mark.parametrize(
    ("said", "wrong", "pointer"),
    [
        ('"after_issue"', '"sometimes"', "/clearance/rule"),
        ("revision_days = 5", "revision_days = -1", "/clearance/revision_days"),
        ("revision_days = 5", 'revision_days = "5"', "/clearance/revision_days"),
        ('source = "Act 8"', "", "/clearance/source"),
        ("revision_days", "revision_weeks", "/clearance/revision_weeks"),
    ],
)
def test_a_clearance_is_read_strictly(said: str, wrong: str, pointer: str) -> None:
    with pytest.raises(PackInvalid) as refused:
        pack_of(TEXT + CLEARANCE.replace(said, wrong))
    assert refused.value.problems[0].pointer == pointer
