"""What a tenant may lay over a country pack, and what it is told when it may not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from invx.contexts.invoicing.domain.tax.tax_overrides import OverrideInvalid, pack_stated
from invx.kernel.limits import TAX_OVERRIDE_ROWS_MAX, TAX_PACK_CHARS_MAX
from invx.rules.tax.pack_text import pack_of_values
from invx.rules.tax.packs import Pack, Packs
from tests.unit.rules.tax.shipped import packs_with

DAY = date(2026, 1, 1)
RATE = {"code": "special", "rate": "12", "from": DAY, "source": "A law"}
CATEGORY = {"code": "boats", "rate": "special", "from": DAY, "source": "A law"}
NORWAY = """
country = "NO"
name = "Norway"
version = "acme-1"
status = "partial"
covers = ["domestic"]
rates = [{ code = "standard", rate = "25", from = 2013-01-01, source = "Mval. § 5-1" }]
"""


def of_rows(country: str = "DE", packs: Packs | None = None, **rows: Any) -> Pack:
    return pack_stated(country, packs or packs_with(), text=None, rows={"version": "own", **rows})


def of_text(text: str, country: str = "NO") -> Pack:
    return pack_stated(country, packs_with(), text=text, rows={})


def refused(stated: Any, *args: Any, **rows: Any) -> list[tuple[str, str]]:
    with pytest.raises(OverrideInvalid) as caught:
        stated(*args, **rows)
    return [(each.pointer, each.detail) for each in caught.value.problems]


def pointers(**rows: Any) -> list[str]:
    return [pointer for pointer, _ in refused(of_rows, **rows)]


def test_rows_become_a_pack_of_the_country() -> None:
    pack = of_rows(rates=[RATE], categories=[CATEGORY])
    assert (pack.country, pack.name, pack.version) == ("DE", "Germany", "own")
    assert pack.rates[0].rate == Decimal(12)
    whole = Packs.of(packs_with().by_country.values(), [pack]).get("DE")
    assert whole is not None
    assert whole.rate("special", None, DAY) is not None
    assert whole.rate("standard", None, DAY) is not None
    assert whole.version.endswith("+own")


def test_equal_rows_have_an_equal_digest_and_others_another() -> None:
    one = of_rows(rates=[RATE])
    turned = of_rows(rates=[dict(reversed(RATE.items()))])
    assert one == turned
    assert of_rows(rates=[{**RATE, "rate": "13"}]).digest != one.digest


def test_rows_lie_over_a_partial_pack_as_over_a_complete_one() -> None:
    pack = of_rows("PL", categories=[{**CATEGORY, "rate": "standard"}])
    shipped = packs_with().get("PL")
    assert shipped is not None
    assert (pack.status, pack.covers) == (shipped.status, shipped.covers)


@pytest.mark.parametrize(
    "rows,pointer",
    [
        ({"rates": [{**RATE, "rate": "100.5"}]}, "/rates/0/rate"),
        ({"rates": [{**RATE, "until": date(2025, 1, 1)}]}, "/rates/0/valid_until"),
        ({"rates": [RATE, RATE]}, "/rates/1"),
        ({"rates": [{**RATE, "territory": "XX"}]}, "/rates/0/territory"),
        ({"categories": [{**CATEGORY, "rate": "nowhere"}]}, "/categories/0/rate"),
        ({"categories": [{**CATEGORY, "asks": "Which?"}]}, "/categories/0"),
        ({"texts": [{"key": "k", "language": "deutsch", "text": "t"}]}, "/texts/0/language"),
        ({"rates": [{**RATE, "source": " "}]}, "/rates/0/source"),
    ],
)
def test_a_wrong_row_is_named_by_the_field_of_the_request(
    rows: dict[str, Any], pointer: str
) -> None:
    assert pointers(**rows) == [pointer]


def test_an_exemption_needs_words_that_every_document_can_show() -> None:
    """A text in a third language only would leave all others without a reason."""
    exempt = {"code": "boats", "exempt": "boats_free", "from": DAY, "source": "A law"}
    text = {"key": "boats_free", "text": "Free"}
    assert pointers(categories=[exempt]) == ["/categories/0/exempt"]
    assert pointers(categories=[exempt], texts=[{**text, "language": "fr"}]) == [
        "/categories/0/exempt"
    ]
    for language in ("en", "de"):
        pack = of_rows(categories=[exempt], texts=[{**text, "language": language}])
        assert pack.categories[0].exempt == "boats_free"


def test_a_country_without_a_pack_needs_a_whole_one() -> None:
    assert refused(of_rows, "NO", rates=[RATE])[0][0] == "/pack"
    assert of_text(NORWAY).country == "NO"


def test_errors_of_a_text_name_its_key_in_the_detail() -> None:
    [(pointer, detail)] = refused(of_text, NORWAY.replace('"25"', '"250"'))
    assert pointer == "/pack"
    assert "/rates/0/rate" in detail
    [(pointer, detail)] = refused(of_text, NORWAY, "SE")
    assert (pointer, detail) == ("/pack", "/country: It is of NO, not of SE.")


def test_a_text_beyond_the_limit_is_not_even_read() -> None:
    [(pointer, detail)] = refused(of_text, "=" * (TAX_PACK_CHARS_MAX + 1))
    assert pointer == "/pack"
    assert str(TAX_PACK_CHARS_MAX) in detail


def test_what_would_have_no_effect_over_a_pack_is_refused() -> None:
    extra = """
    [rules]
    services = "recipient"
    [documents]
    retention_years = 3
    retention_source = "A law"
    """
    text = NORWAY.replace('"NO"', '"SE"').replace("Norway", "Sweden") + extra
    found = [detail.partition(":")[0] for _, detail in refused(of_text, text, "SE")]
    assert sorted(found) == ["/documents", "/rules"]


def test_a_pack_that_knows_nothing_is_no_place_for_rates() -> None:
    [(pointer, detail)] = refused(of_rows, "US", rates=[RATE])
    assert pointer == "/status"
    assert "rate table" in detail


def test_a_certificate_of_a_new_pack_needs_words() -> None:
    ground = '\ncertificates = [{ kind = "x", category = "E", source = "A law" }]\n'
    [(_, detail)] = refused(of_text, NORWAY + ground)
    assert "/certificates/0/kind" in detail


def test_more_rows_than_the_limit_are_refused() -> None:
    many = [{**RATE, "code": f"r{n}"} for n in range(TAX_OVERRIDE_ROWS_MAX + 1)]
    assert pointers(rates=many) == ["/rates"]


def test_rows_over_a_pack_of_the_operator_are_judged_by_that_pack() -> None:
    bare = pack_of_values({"country": "DE", "name": "D", "version": "1", "status": "complete"})
    [(pointer, _)] = refused(
        of_rows, "DE", Packs.of([bare]), categories=[{**CATEGORY, "rate": "standard"}]
    )
    assert pointer == "/categories/0/rate"
