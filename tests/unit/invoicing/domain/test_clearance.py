"""Who has to clear a document, which channels are used, and when it may be released."""

from dataclasses import replace
from typing import Any

import pytest

from invx.contexts.invoicing.domain.delivery.delivery_errors import (
    ChannelUnknown,
    ClearanceRequired,
)
from invx.contexts.invoicing.domain.delivery.transmission import (
    Channel,
    ChannelUse,
    ClearanceStatus,
    DeliveryStatus,
    Way,
    key_of,
    transmission_id,
)
from invx.contexts.invoicing.domain.document_events import DeliveryChanged, DocumentReleased
from invx.contexts.invoicing.domain.legal_entity import LegalEntity, LegalEntityInvalid
from invx.contexts.invoicing.domain.legal_entity_details import LegalEntityDetails
from invx.contexts.invoicing.domain.party import Address, Party, Seller
from invx.rules.tax.packs import Clearance, ClearanceRule, Packs
from tests.unit.invoicing.domain.drafts import (
    DOCUMENT,
    ENTITY,
    NOW,
    content,
    finalized,
    line,
    named,
)
from tests.unit.rules.tax.shipped import packs_with

PACKS: Packs = packs_with()
USE = ChannelUse(channel="folder", format="ubl", automatic=True)


def seller_in(country: str, **more: Any) -> LegalEntity:
    party = Party(name="Bottega Verde", address=Address(city="Roma", country=country))
    details = LegalEntityDetails(
        seller=Seller(party=party),
        time_zone="Europe/Rome",
        languages=("it",),
        currency="EUR",
        **more,
    )
    return LegalEntity.register(ENTITY, details)


def test_the_pack_says_whether_an_authority_clears() -> None:
    italian = seller_in("IT").clearance_in(PACKS)
    assert (italian.rule, italian.revision_allowed, italian.revision_days) == (
        ClearanceRule.BEFORE_RELEASE,
        True,
        5,
    )
    assert "Circ. AdE 13/E/2018" in (italian.source or "")
    for country in ("DE", "AT", "FR", "US", "JP"):
        assert seller_in(country).clearance_in(PACKS) == Clearance()


def test_a_legal_entity_may_know_better_about_the_rule_and_not_about_the_law_of_revisions() -> None:
    relaxed = seller_in("IT", clearance=ClearanceRule.NONE).clearance_in(PACKS)
    assert (relaxed.rule, relaxed.revision_allowed) == (ClearanceRule.NONE, True)
    strict = seller_in("DE", clearance=ClearanceRule.AFTER_ISSUE).clearance_in(PACKS)
    assert (strict.rule, strict.revision_allowed) == (ClearanceRule.AFTER_ISSUE, False)


def test_a_channel_is_used_as_the_legal_entity_says() -> None:
    entity = seller_in("DE", transmission_channels=(USE,))
    assert entity.channel_use("folder") == USE
    with pytest.raises(ChannelUnknown) as refused:
        entity.channel_use("pigeon")
    assert "folder" in refused.value.detail
    with pytest.raises(LegalEntityInvalid) as twice:
        seller_in("DE", transmission_channels=(USE, USE))
    assert twice.value.problems[0].pointer == "/transmission_channels/1/channel"


def test_nothing_is_released_before_it_is_cleared() -> None:
    document = finalized(content(line("1", "100")))
    waiting = Way(clearance=ClearanceStatus.PENDING, rule=ClearanceRule.BEFORE_RELEASE)
    for way in (waiting, replace(waiting, clearance=ClearanceStatus.REJECTED)):
        document.note_way(way)
        with pytest.raises(ClearanceRequired):
            document.mark_released(NOW, how="by hand")
    document.note_way(replace(waiting, clearance=ClearanceStatus.CLEARED, authority_id="A-1"))
    document.mark_released(NOW, how="by hand")
    assert document.way.delivery is DeliveryStatus.SENT
    assert document.way.authority_id == "A-1"


def test_what_is_only_reported_is_released_meanwhile() -> None:
    document = finalized(content(line("1", "100")))
    document.note_way(Way(clearance=ClearanceStatus.PENDING, rule=ClearanceRule.AFTER_ISSUE))
    document.mark_released(NOW, how="by hand")
    assert document.released


def test_a_way_is_remembered_when_it_changes() -> None:
    document = finalized(content(line("1", "100")))
    document.note_way(Way())
    assert document.recorded == []
    document.note_way(Way(delivery=DeliveryStatus.QUEUED))
    document.note_way(Way(delivery=DeliveryStatus.QUEUED))
    assert [type(each) for each in document.recorded] == [DeliveryChanged]


def test_what_was_handed_over_stays_so_until_something_better_is_known() -> None:
    document = finalized(content(line("1", "100")))
    document.mark_released(NOW, how="by hand")
    document.note_way(Way(delivery=DeliveryStatus.QUEUED))
    assert document.way.delivery is DeliveryStatus.SENT
    document.note_way(Way(delivery=DeliveryStatus.DELIVERED))
    assert document.way.delivery is DeliveryStatus.DELIVERED


def test_a_release_of_the_time_before_deliveries_reads_as_sent() -> None:
    before = finalized(content(line("1", "100")))
    old = DocumentReleased(subject_id=before.subject_id, how="email", released_at=NOW)
    before.record(old)
    assert before.way == Way(delivery=DeliveryStatus.SENT)
    assert before.recorded == [old]


def test_keys_tell_apart_what_is_another_thing_and_nothing_else() -> None:
    keys = {
        key_of(document, revision, channel)
        for document in (DOCUMENT, named("other"))
        for revision in (1, 2)
        for channel in ("folder", "portal")
    }
    assert len(keys) == 8
    assert key_of(DOCUMENT, 1, "folder") == key_of(DOCUMENT, 1, "folder")
    assert transmission_id(DOCUMENT, "folder") != transmission_id(DOCUMENT, "portal")
    assert Channel(name="plain") == Channel(name="plain", delivers=True, live=True)
