"""The state machine of a transmission, whole: every sequence of answers up to three.

`transitions.tsv` has a row for each, with the states that follow. A row that changes is a decision,
so it is reviewed like code. The tests below say of the table itself what must be true of it.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from invx.contexts.invoicing.domain.delivery.delivery import Delivery
from invx.contexts.invoicing.domain.delivery.transmission import Answer, Channel, Reason, Verdict
from invx.rules.tax.packs import ClearanceRule
from tests.unit.invoicing.domain.drafts import NOW, content, finalized, line

TABLE = Path(__file__).with_name("transitions.tsv")
CHANNELS = {
    "portal": Channel(name="portal", clears=True),
    "authority": Channel(name="authority", clears=True, delivers=False),
    "mail": Channel(name="mail"),
}
WHY = (Reason(text="no"),)
ANSWERS = {
    "sent": Answer(verdict=Verdict.SENT, receipt="r"),
    "cleared": Answer(verdict=Verdict.CLEARED, receipt="r", authority_id="A-1"),
    "delivered": Answer(verdict=Verdict.DELIVERED, receipt="r", authority_id="A-1"),
    "viewed": Answer(verdict=Verdict.VIEWED, receipt="r", authority_id="A-1"),
    "rejected": Answer(verdict=Verdict.REJECTED, receipt="r", reasons=WHY),
    "unreachable": Answer(verdict=Verdict.UNREACHABLE, reasons=WHY),
}
Row = dict[str, str]
with TABLE.open() as _file:
    ROWS: list[Row] = list(csv.DictReader(_file, delimiter="\t"))


def reached(channel: str, rule: str, answers: Sequence[str]) -> tuple[str, str, str]:
    """Transmission, delivery and clearance after these answers."""
    document = finalized(content(line("1", "100")))
    delivery = Delivery.of(document)
    if rule != "none":
        delivery.require_clearance(document, ClearanceRule(rule))
    if channel == "mail" and delivery.awaits_clearance:
        raise AssertionError("what waits for its clearance is not mailed")
    queued = delivery.queue(document, CHANNELS[channel], "ubl", now=NOW)
    for answer in answers:
        delivery.note(queued.id, ANSWERS[answer], now=NOW, sha256="abc")
    after = delivery.transmission(queued.id)
    return str(after.status), str(delivery.status), str(delivery.clearance)


def of(row: Row) -> tuple[str, str, str]:
    return row["transmission"], row["delivery"], row["clearance"]


def after(row: Row, answer: str) -> Row | None:
    """The row with one answer more."""
    wanted = (row["channel"], row["rule"], f"{row['answers']} {answer}")
    return BY_KEY.get(wanted)


BY_KEY = {(row["channel"], row["rule"], row["answers"]): row for row in ROWS}


def test_every_sequence_of_answers_leads_where_the_table_says() -> None:
    wrong = [
        row
        for row in ROWS
        if reached(row["channel"], row["rule"], row["answers"].split()) != of(row)
    ]
    assert wrong == []


def test_the_table_is_whole() -> None:
    """Six answers, three of them by the portal, two by the others, under each rule that fits."""
    assert len(BY_KEY) == len(ROWS) == 3 * (6 + 36 + 216) + 4 * (6 + 36)


@pytest.mark.parametrize("end", ["rejected", "viewed"])
def test_what_has_ended_stays_as_it_is(end: str) -> None:
    for row in ROWS:
        if row["transmission"] == end:
            for answer in ANSWERS:
                if (following := after(row, answer)) is not None:
                    assert of(following) == of(row), following


def test_a_decision_of_the_authority_is_not_taken_back() -> None:
    for row in ROWS:
        if row["clearance"] in ("cleared", "rejected"):
            for answer in ANSWERS:
                if (following := after(row, answer)) is not None:
                    assert following["clearance"] == row["clearance"], following


def test_no_buyer_has_what_waits_for_its_clearance() -> None:
    for row in ROWS:
        if row["rule"] == "before_release" and row["clearance"] != "cleared":
            assert row["delivery"] in ("none", "queued", "failed"), row


def test_saying_the_same_again_changes_nothing_but_a_try() -> None:
    for row in ROWS:
        last = row["answers"].split()[-1]
        if (following := after(row, last)) is not None:
            assert of(following) == of(row), following


def test_no_answer_tells_nothing() -> None:
    for row in ROWS:
        if (following := after(row, "unreachable")) is not None:
            assert of(following) == of(row), following


def test_only_a_channel_of_an_authority_clears() -> None:
    for row in ROWS:
        if row["channel"] == "mail":
            required = "pending" if row["rule"] == "after_issue" else "not_required"
            assert row["clearance"] == required, row
        if row["rule"] == "none":
            assert row["clearance"] == "not_required", row
