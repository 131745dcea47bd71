"""Which lines the rules are asked about, what a document keeps of the answers, and undoing them."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from invx.contexts.invoicing.domain.content import Content, Line
from invx.contexts.invoicing.domain.crediting.crediting import credit_whole, replacement_of
from invx.contexts.invoicing.domain.document_events import DraftCreated
from invx.contexts.invoicing.domain.party import Address, Registration
from invx.contexts.invoicing.domain.tax.determination import (
    Validated,
    determined,
    reopened,
    wants_determination,
)
from invx.infra.codec import Codec, Encoded
from invx.rules.tax.model import Certificate, Policy, Special, SupplyKind, Unproven, Validation
from invx.rules.tax.pack_text import pack_of
from invx.rules.tax.packs import Packs
from invx.rules.totals.model import LineKind
from tests.unit.invoicing.domain.determinations import (
    AMSTERDAM,
    GERMANY,
    KOPER,
    KUNDIN,
    asked,
    decided,
    entity,
    open_line,
    packs,
    supply,
    taxes_of,
)
from tests.unit.invoicing.domain.drafts import S7, TODAY, content, drafted, finalized, line

GOODS = SupplyKind.GOODS
OSS = replace(GERMANY, special=Special.OSS)
STATED = replace(open_line("stated"), taxes=(S7,))
TEXT = Line(id="text", kind=LineKind.TEXT, description="Delivered as agreed", supply=supply())
HEADING = Line(id="head", kind=LineKind.HEADING, description="March", supply=supply())


def tree() -> Line:
    """An item made of two others."""
    below = (open_line("a"), open_line("b", of=supply(GOODS, category="books")))
    return replace(open_line("top"), supply=None, children=below)


@pytest.mark.parametrize(
    "lines,wanted",
    [
        ((open_line(),), True),
        ((line("1", "5"),), False),
        ((STATED,), False),
        ((TEXT, HEADING), False),
        ((TEXT, tree()), True),
        ((), False),
    ],
)
def test_only_an_item_that_says_what_it_is_and_no_tax_wants_an_answer(
    lines: tuple[Line, ...], wanted: bool
) -> None:
    assert wants_determination(content(*lines)) is wanted


def test_stated_taxes_stand_and_texts_bear_none() -> None:
    found = decided(asked(STATED, TEXT, HEADING, open_line()))
    assert found.problems == ()
    assert found.content.lines[:3] == (STATED, TEXT, HEADING)
    assert [str(tax.rate) for tax in found.content.lines[3].taxes] == ["19"]
    assert found.content.determination is not None
    assert [each.line_id for each in found.content.determination.lines] == ["1"]


def test_lines_inside_others_bear_their_own_taxes() -> None:
    found = decided(asked(tree()))
    [top] = found.content.lines
    assert top.taxes == ()
    assert [str(each.taxes[0].rate) for each in top.children] == ["19", "7"]
    assert found.content.determination is not None
    assert [each.line_id for each in found.content.determination.lines] == ["a", "b"]


def test_a_draft_that_is_reopened_is_the_draft_before_its_determination() -> None:
    said = asked(tree(), STATED, TEXT, open_line())
    found = decided(said).content
    assert found != said
    assert reopened(found) == said
    assert reopened(said) is said


def test_what_was_determined_again_is_what_was_determined_before() -> None:
    found = decided(asked(tree(), open_line())).content
    assert decided(reopened(found)).content == found


def test_a_line_that_is_asked_about_bears_no_tax_while_the_others_do() -> None:
    odd = open_line("odd", of=supply(category="unheard_of"))
    found = decided(asked(odd, open_line()))
    assert len(found.problems) == 1
    assert [bool(each.taxes) for each in found.content.lines] == [False, True]


def test_a_document_names_every_pack_that_it_drew_on_once() -> None:
    seller = entity(GERMANY, OSS)
    buyer = replace(KUNDIN, address=AMSTERDAM)
    there = open_line("1", of=supply(GOODS))
    here = open_line("2", of=supply(GOODS, transported=False))
    found = decided(asked(there, here, replace(there, id="3"), buyer=buyer), seller)
    assert taxes_of(found) == [("S", "21"), ("S", "19"), ("S", "21")]
    kept = found.content.determination
    assert kept is not None
    assert [each.country for each in kept.packs] == ["DE", "EU", "NL"]
    assert all(each.version and each.status for each in kept.packs)
    assert [each.place for each in kept.lines] == ["NL", "DE", "NL"]
    assert "12" in kept.lines[1].source, "§ 12 UStG"


def test_a_tenants_own_pack_changes_the_rate_and_the_version_that_is_kept() -> None:
    over = pack_of(
        'country = "DE"\nname = "Germany"\nversion = "own-1"\nstatus = "complete"\n'
        'rates = [{ code = "standard", rate = "21", from = 2026-01-01, source = "a law to be" }]\n'
    )
    laid = Packs.of(packs().by_country.values(), [over])
    before, after = (determined(asked(), entity(), p, day=TODAY).content for p in (packs(), laid))
    assert after.lines[0].taxes[0].rate == Decimal(21)
    then, now = before.determination, after.determination
    assert then is not None
    assert now is not None
    assert {each.country: each.version for each in now.packs}["DE"].endswith("+own-1")
    assert then.lines[0].fingerprint != now.lines[0].fingerprint


def test_a_fingerprint_follows_all_that_the_answer_follows_from() -> None:
    def mark(said: Content, *registrations: Registration, **more: object) -> str:
        kept = decided(said, entity(*registrations), **more).content.determination
        assert kept is not None
        return str(kept.lines[0].fingerprint)

    plain = mark(asked())
    elsewhere = replace(KUNDIN, address=Address(country="DE", postal_code="80331"))
    others = {
        mark(asked(buyer=elsewhere)),
        mark(asked(), replace(GERMANY, valid_from=date(2020, 1, 1))),
        mark(asked(open_line(of=supply(GOODS)))),
        mark(asked(), day=date(2026, 3, 3)),
        mark(asked(language="de")),
    }
    assert len(others) == 5
    assert plain not in others
    assert mark(asked(open_line("7", "5.00"))) == plain, "neither id nor price decide"


def stored(said: Content) -> Encoded:
    """The event of a draft as it goes to disk."""
    [event] = drafted(said).recorded
    assert isinstance(event, DraftCreated)
    return Codec([DraftCreated]).encode(event)


def test_nothing_personal_of_a_determination_is_in_the_body_of_the_event() -> None:
    """What was assumed quotes the buyer's VAT id, and a digest of it could be guessed (D4)."""
    believing = entity(tax_id_policy=Policy(not_asked=Unproven.ACCEPT))
    away = supply(
        dispatch=Address(country="DE", postal_code="10115", line1="Dispatch Street 1"),
        delivery=Address(country="NL", postal_code="1012 AB", line1="Delivery Street 2"),
        located=Address(country="NL", postal_code="1012 AB", line1="Located Street 3"),
    )
    found = decided(asked(open_line(of=away), buyer=KOPER), believing).content
    assert found.determination is not None
    [kept] = found.determination.lines
    secrets = ["4495445B01", "Street", "Koper", str(kept.fingerprint), *(kept.assumed or ())]
    encoded = stored(found)
    body, apart = encoded.body.decode(), b"".join(each.value for each in encoded.personal).decode()
    for secret in secrets:
        assert secret not in body
        assert secret in apart
    assert kept.source[:8] in body, "the law is nobody's secret"


def test_a_certificate_is_kept_with_its_buyer() -> None:
    paper = Certificate(kind="eu_151", country="DE", number="SECRET-151")
    body = stored(decided(asked(buyer=replace(KUNDIN, certificates=(paper,)))).content).body
    assert b"SECRET-151" not in body


def test_a_credit_note_keeps_why_its_original_bore_the_tax_and_a_replacement_can_be_redone() -> (
    None
):
    said = decided(asked(buyer=KOPER), buyer_id=Validated(Validation.VALID, "WAPI7")).content
    original = finalized(said)
    assert credit_whole(original).determination == said.determination
    again = replacement_of(original)
    assert reopened(again).lines == asked().lines
    assert again.determination is not None
    assert again.determination.consultation == "WAPI7"
