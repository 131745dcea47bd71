"""An export: ready, handed over, cancelled; its file never differs."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from invx.contexts.invoicing.domain.bookkeeping.accounting_export import (
    AccountingExport,
    AccountingExportWasCancelled,
    AccountingExportWasHandedOver,
    ExportStatus,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_export_events import (
    AccountingExportCancelled,
    AccountingExportHandedOver,
    AccountingFileKept,
)
from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import (
    ExportSettings,
    settings_problems,
)
from invx.kernel.errors import InvariantViolation
from invx.kernel.messages import Event
from tests.unit.invoicing.accounting.given import ENTITY, opened

NOW = datetime(2026, 12, 1, tzinfo=UTC)
FILE = AccountingFileKept(name="a.csv", media_type="text/csv", sha256="ab", size=2)
HANDED = AccountingExportHandedOver(handed_over_at=NOW, by="user:a")
CANCELLED = AccountingExportCancelled(
    legal_entity_id=ENTITY, reason="wrong client", cancelled_at=NOW, by="user:a"
)


def given(*events: Event) -> AccountingExport:
    began = opened()
    return AccountingExport.rehydrate(began.export_id, [began, *events])


def test_opening_records_what_was_taken() -> None:
    export = AccountingExport.open(opened())
    assert export.recorded == [opened()]
    assert export.status is ExportStatus.READY


def test_an_export_of_nothing_cannot_be() -> None:
    nothing = replace(opened(), selection=replace(opened().selection, bookings=0))
    with pytest.raises(InvariantViolation):
        AccountingExport.open(nothing)


def test_the_file_is_kept_once_and_must_come_out_the_same() -> None:
    export = given()
    export.keep_file(FILE)
    export.keep_file(FILE)
    assert export.recorded == [FILE]
    with pytest.raises(InvariantViolation):
        export.keep_file(replace(FILE, sha256="cd"))


def test_handing_over_twice_is_handing_over() -> None:
    export = given()
    export.hand_over(NOW, "user:a")
    export.hand_over(NOW, "user:b")
    assert export.recorded == [HANDED]
    assert export.status is ExportStatus.HANDED_OVER


def test_what_was_handed_over_cannot_be_taken_back() -> None:
    with pytest.raises(AccountingExportWasHandedOver):
        given(HANDED).cancel(None, NOW, "user:a")


def test_cancelling_says_why_and_by_whom_once() -> None:
    export = given(FILE)
    export.cancel("wrong client", NOW, "user:a")
    assert export.recorded == [CANCELLED]
    assert export.status is ExportStatus.CANCELLED
    with pytest.raises(AccountingExportWasCancelled):
        export.cancel(None, NOW, "user:a")
    with pytest.raises(AccountingExportWasCancelled):
        export.hand_over(NOW, "user:a")
    assert export.file == FILE  # the record stays


GOOD = ExportSettings(consultant=29098, client=55003)


@pytest.mark.parametrize(
    ("changed", "pointer", "code"),
    [
        ({"consultant": None}, "/settings/consultant", "consultant_missing"),
        ({"client": None}, "/settings/client", "client_missing"),
        ({"consultant": 1000}, "/settings/consultant", "out_of_range"),
        ({"client": 100_000}, "/settings/client", "out_of_range"),
        ({"account_length": 9}, "/settings/account_length", "out_of_range"),
        ({"year_begins": 13}, "/settings/year_begins", "out_of_range"),
        ({"dictation_code": "abc"}, "/settings/dictation_code", "dictation_code_malformed"),
        ({"chart": "51"}, "/settings/chart", "chart_unknown"),
        ({"clearing_account": "x"}, "/settings/clearing_account", "account_malformed"),
        ({"collective": 999}, "/settings/collective", "debtor_number_malformed"),
        ({"debtors_first": 20_000, "debtors_last": 19_999}, "/settings/debtors_last", "range_rev"),
    ],
)
def test_settings_are_refused_by_name(changed: dict[str, int], pointer: str, code: str) -> None:
    found = settings_problems(replace(GOOD, **changed), datev=True)
    assert any(each.pointer == pointer and each.code.startswith(code) for each in found)


def test_only_datev_needs_its_numbers() -> None:
    assert settings_problems(GOOD, datev=True) == []
    assert settings_problems(ExportSettings(), datev=False) == []
