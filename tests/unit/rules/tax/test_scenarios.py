"""The rows of the scenario list that are about where and how a supply is taxed."""

from datetime import date
from decimal import Decimal

import pytest

from invx.rules.tax.determine import determine
from invx.rules.tax.model import (
    Buyer,
    Facts,
    Place,
    Policy,
    Registration,
    Seller,
    Supply,
    SupplyKind,
    TaxId,
    Unproven,
    Validation,
)
from invx.rules.tax.outcome import Determination, Undetermined
from tests.unit.rules.tax.shipped import packs_with

DAY = date(2026, 9, 15)
SPAIN = Seller(
    place=Place(country="ES", postal_code="28001"),
    registrations=(Registration(country="ES", vat_id="ESB12345678"),),
)
FRANCE = Seller(
    place=Place(country="FR", postal_code="75001"),
    registrations=(Registration(country="FR", vat_id="FR12345678901"),),
)
GERMANY = Seller(
    place=Place(country="DE", postal_code="10115"),
    registrations=(Registration(country="DE", vat_id="DE123456789"),),
)
SAAS = Supply(kind=SupplyKind.DIGITAL, date=DAY)


def determined(facts: Facts) -> Determination:
    answer = determine(facts, packs_with())
    assert isinstance(answer, Determination), answer
    return answer


@pytest.mark.parametrize("postal_code", ["35001", "35 001", " 35 001 ", "ES-35001", "38314"])
@pytest.mark.parametrize("vat_id", [None, Validation.VALID, Validation.UNAVAILABLE])
@pytest.mark.parametrize("business", [True, False])
@pytest.mark.parametrize("kind", [SupplyKind.DIGITAL, SupplyKind.GOODS])
def test_x01_the_canary_islands_have_no_iva(
    postal_code: str, vat_id: Validation | None, business: bool, kind: SupplyKind
) -> None:
    ids = (TaxId(country="ES", id="ESX1", validation=vat_id),) if vat_id else ()
    buyer = Buyer(
        place=Place(country="ES", postal_code=postal_code), business=business, tax_ids=ids
    )
    answer = determined(Facts(seller=SPAIN, buyer=buyer, supply=Supply(kind=kind, date=DAY)))
    (tax,) = answer.taxes
    assert tax.rate == 0
    assert tax.category == ("G" if kind is SupplyKind.GOODS else "O")
    assert tax.reason
    assert "LIVA" in answer.source


@pytest.mark.parametrize("vat_id", [None, Validation.VALID])
def test_x01_martinique_pays_its_own_rate_and_no_reverse_charge(vat_id: Validation | None) -> None:
    ids = (TaxId(country="FR", id="FR9", validation=vat_id),) if vat_id else ()
    buyer = Buyer(place=Place(country="FR", postal_code=" 97 200"), business=True, tax_ids=ids)
    (tax,) = determined(Facts(seller=FRANCE, buyer=buyer, supply=SAAS)).taxes
    assert (tax.category, tax.rate, tax.jurisdiction) == ("S", Decimal("8.5"), "FR-MQ")


def unproven(outcome: Validation, policy: Policy, kind: SupplyKind) -> Facts:
    buyer = Buyer(
        place=Place(country="FR", postal_code="75001"),
        business=True,
        tax_ids=(TaxId(country="FR", id="FR12345678901", validation=outcome),),
    )
    supply = Supply(kind=kind, date=DAY)
    return Facts(seller=GERMANY, buyer=buyer, supply=supply, policy=policy)


UNPROVEN = [Validation.INVALID, Validation.UNAVAILABLE, Validation.NOT_ASKED]
KINDS = [SupplyKind.GOODS, SupplyKind.SERVICES]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("outcome", UNPROVEN)
def test_x02_without_a_policy_an_unproven_id_waits(outcome: Validation, kind: SupplyKind) -> None:
    answer = determine(unproven(outcome, Policy(), kind), packs_with())
    assert isinstance(answer, Undetermined)
    assert [question.pointer for question in answer.questions] == ["/buyer/tax_ids/0/validation"]
    (problem,) = [question.problem() for question in answer.questions]
    assert problem.code == "tax_undetermined"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("outcome", UNPROVEN)
def test_x02_a_fallback_is_stated_on_the_determination(
    outcome: Validation, kind: SupplyKind
) -> None:
    for treatment, expected in ((Unproven.ACCEPT, Decimal(0)), (Unproven.TAX, Decimal(19))):
        policy = Policy(invalid=treatment, unavailable=treatment, not_asked=treatment)
        answer = determined(unproven(outcome, policy, kind))
        assert answer.taxes[0].rate == expected
        assert any("by policy" in each and "FR12345678901" in each for each in answer.assumed)


def test_x02_each_outcome_has_its_own_policy() -> None:
    policy = Policy(invalid=Unproven.TAX, unavailable=Unproven.ACCEPT)
    goods = SupplyKind.GOODS
    assert determined(unproven(Validation.INVALID, policy, goods)).taxes[0].category == "S"
    assert determined(unproven(Validation.UNAVAILABLE, policy, goods)).taxes[0].category == "K"
    waiting = determine(unproven(Validation.NOT_ASKED, policy, goods), packs_with())
    assert isinstance(waiting, Undetermined)


def test_n10_a_rate_that_a_tenant_takes_away_stays_on_what_was_determined() -> None:
    """A determination carries its figures, its pack versions and its fingerprint, no reference."""
    buyer = Buyer(place=Place(country="DE", postal_code="10115"), business=False)
    answer = determined(Facts(seller=GERMANY, buyer=buyer, supply=SAAS))
    assert answer.taxes[0].rate == 19
    assert {(use.country, use.version) for use in answer.packs} == {
        ("DE", "2026.1"),
        ("EU", "2026.1"),
    }
