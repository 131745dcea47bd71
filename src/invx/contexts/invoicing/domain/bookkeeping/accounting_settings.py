"""How an accountant wants bookings: frozen with each export, so that a file never changes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from invx.kernel.errors import Problem

_DICTATION = re.compile(r"([A-Z]{2}){0,2}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{3,8}", re.ASCII)
_CONSULTANTS = (1001, 9_999_999)
_CLIENTS = (1, 99_999)
_LENGTHS = (4, 8)
_MONTHS = 12
CHARTS = ("", "03", "04")  # as DATEV calls SKR03 and SKR04
_DEBTOR_DIGIT_LAST = 6  # personal accounts from 7 on are creditors


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSettings:
    """What a destination is told beside the bookings.

    Accounts of the ledger have `account_length` digits, those of debtors one more.
    """

    consultant: int | None = None  # DATEV's number of the tax adviser
    client: int | None = None  # and of the business there
    account_length: int = 4
    year_begins: int = 1  # the month that the fiscal year begins with
    label: str | None = None
    dictation_code: str = ""
    fixed: bool = False  # whether an import locks the batch (GoBD)
    chart: str = ""
    service_dates: bool = False  # whether DATEV is told days of supply; it must be set up for them
    clearing_account: str = ""  # between two debtors; that of the chart when it is empty
    debtors_first: int | None = None
    debtors_last: int | None = None
    collective: int | None = None  # of buyers without a customer id
    time_zone: str = "UTC"
    country: str | None = None  # where the legal entity is at home

    @property
    def first_debtor(self) -> int:
        """The first number that is given out: 10000 with accounts of four digits."""
        return self.debtors_first or 10**self.account_length

    @property
    def last_debtor(self) -> int:
        """The last number that is given out."""
        return self.debtors_last or (_DEBTOR_DIGIT_LAST + 1) * 10**self.account_length - 1

    @property
    def collective_account(self) -> int:
        """The account of all buyers without a customer id: the last of the range."""
        return self.collective or self.last_debtor

    @property
    def clearing(self) -> str:
        """The account over which one debtor's surplus counts for another document."""
        return self.clearing_account or {"04": "1370"}.get(self.chart, "1590")

    def year_of(self, day: date) -> date:
        """The first day of the fiscal year that a day lies in."""
        year = day.year if day.month >= self.year_begins else day.year - 1
        return date(year, self.year_begins, 1)


def settings_problems(settings: ExportSettings, *, datev: bool) -> list[Problem]:
    """Why files cannot be made with these settings; empty when they can."""
    return [*_numbers(settings, datev=datev), *_texts(settings), *_debtors(settings)]


def _numbers(settings: ExportSettings, *, datev: bool) -> Iterator[Problem]:
    for name, value, (least, most) in (
        ("consultant", settings.consultant, _CONSULTANTS),
        ("client", settings.client, _CLIENTS),
    ):
        if value is None and datev:
            detail = "DATEV's number is needed; a later export to the same destination knows it."
            yield Problem(f"/settings/{name}", f"{name}_missing", detail)
        elif value is not None and not least <= value <= most:
            yield Problem(f"/settings/{name}", "out_of_range", f"{least} to {most}.")
    least, most = _LENGTHS
    if not least <= settings.account_length <= most:
        yield Problem("/settings/account_length", "out_of_range", f"{least} to {most} digits.")
    if not 1 <= settings.year_begins <= _MONTHS:
        yield Problem("/settings/year_begins", "out_of_range", "A month, 1 to 12.")


def _texts(settings: ExportSettings) -> Iterator[Problem]:
    if not _DICTATION.fullmatch(settings.dictation_code):
        detail = "Two or four capital letters, such as MM."
        yield Problem("/settings/dictation_code", "dictation_code_malformed", detail)
    if settings.chart not in CHARTS:
        yield Problem("/settings/chart", "chart_unknown", "03 for SKR03, 04 for SKR04.")
    if settings.clearing_account and not _ACCOUNT.fullmatch(settings.clearing_account):
        yield Problem("/settings/clearing_account", "account_malformed", "Three to eight digits.")


def _debtors(settings: ExportSettings) -> Iterator[Problem]:
    digits = settings.account_length + 1
    for name, value in (
        ("debtors_first", settings.first_debtor),
        ("debtors_last", settings.last_debtor),
        ("collective", settings.collective_account),
    ):
        if len(str(value)) != digits:
            detail = f"{digits} digits: one more than accounts of the ledger have."
            yield Problem(f"/settings/{name}", "debtor_number_malformed", detail)
    if settings.last_debtor < settings.first_debtor:
        detail = "The last number lies before the first."
        yield Problem("/settings/debtors_last", "range_reversed", detail)
