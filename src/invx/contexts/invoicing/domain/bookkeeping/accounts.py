"""Account determination: which account each line of a document belongs to, and why.

Pure: the same content, settings and day give the same accounts. What no row decides is a question
that names the line, never a guess. A line that states its account keeps it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from invx.contexts.invoicing.domain.bookkeeping.accounting import (
    Accounting,
    is_account,
    is_cost,
    is_tax_key,
)
from invx.contexts.invoicing.domain.bookkeeping.chart import (
    Account,
    AccountRow,
    Chart,
    Charts,
    Found,
    Purpose,
    Treatment,
    Whereabouts,
    find,
    whereabouts,
)
from invx.contexts.invoicing.domain.bookkeeping.line_account import LineAccount, TaxKey, key_of
from invx.contexts.invoicing.domain.check import lines_of
from invx.contexts.invoicing.domain.content import Content, DocumentType, Line
from invx.contexts.invoicing.domain.legal_entity import LegalEntity
from invx.contexts.invoicing.domain.tax.tax_points import supplied_on
from invx.kernel.errors import Problem
from invx.rules.tax.model import Scheme, Special
from invx.rules.totals.model import ZERO, LineKind, Regime, Tax, TaxGroup, Totals

ACCOUNT_MISSING = "account_missing"
_PLACED_BY_TAX = frozenset({"S", "Z", "E", "L", "M"})  # the others follow where the buyer is
_UNTAXED = frozenset({"E", "O"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts of a document, and what could not be told."""

    lines: tuple[LineAccount, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows that hold for a document on its day, and where its parties are."""

    own: tuple[AccountRow, ...]
    chart: Chart | None
    day: date
    home: str | None
    buyer: str | None

    def find(self, purpose: Purpose, wanted: Treatment) -> Found | None:
        """The row that decides."""
        return find(self.own, self.chart, purpose, wanted, self.day)

    def treatment(self, tax: Tax | TaxGroup | None) -> Treatment:
        """What one tax says, for the seller's home and this buyer."""
        if tax is None:
            return Treatment(where=self._where(self.buyer))
        country = tax.jurisdiction[:2] if tax.jurisdiction else self.home
        place = country if tax.category in _PLACED_BY_TAX else self.buyer or self.home
        return Treatment(
            regime=tax.regime,
            category=tax.category,
            rate=tax.rate,
            country=country,
            where=self._where(place),
            reason=tax.reason_code,
        )

    def _where(self, place: str | None) -> Whereabouts | None:
        return whereabouts(place, self.home)


def rows_of(content: Content, entity: LegalEntity, charts: Charts, issue_date: date) -> Rows | None:
    """The rows for a document; None when the entity keeps no books here, and for a proforma."""
    accounting = entity.details.accounting
    if accounting is None or content.type is DocumentType.PROFORMA:
        return None
    home, buyer = entity.seller.party.address, content.buyer
    return Rows(
        own=accounting.overrides,
        chart=charts.get(accounting.chart) if accounting.chart else None,
        day=supplied_on(content, issue_date),
        home=home.country if home else None,
        buyer=buyer.address.country if buyer and buyer.address else None,
    )


def accounts_of(
    said: tuple[Content, Totals],
    entity: LegalEntity,
    rows: Rows,
    like: Sequence[LineAccount] = (),
) -> Accounts:
    """The accounts of a document.

    `like` are those of the original: what a credit note takes back is booked where it was.
    """
    content, totals = said
    accounting = entity.details.accounting or Accounting()
    determining = _Determining(content, accounting, rows, _original(like), _scheme_at(entity, rows))
    determining.lines()
    determining.adjustments(totals)
    determining.general()
    return Accounts(lines=tuple(determining.found), problems=tuple(determining.problems))


def bank_account(entity: LegalEntity, charts: Charts, currency: str, day: date) -> str | None:
    """The account of the entity's bank for money in this currency; None where no row says it."""
    accounting = entity.details.accounting
    if accounting is None:
        return None
    chart = charts.get(accounting.chart) if accounting.chart else None
    wanted = Treatment(currency=currency)
    found = find(accounting.overrides, chart, Purpose.BANK, wanted, day)
    return found.row.account if found else None


def _scheme_at(entity: LegalEntity, rows: Rows) -> str | None:
    """The scheme of a seller that charges no tax at all, where nothing was determined."""
    registration = entity.registration_on(None, rows.day)
    small = registration is not None and registration.special is Special.SMALL_BUSINESS
    return Scheme.SMALL_BUSINESS if small else None


_Known: TypeAlias = Mapping[tuple[str | None, TaxKey, bool], LineAccount]


def _original(like: Sequence[LineAccount]) -> _Known:
    return {(each.line_id, each.taxes, each.tax_beside): each for each in like}


# Purposes that only some documents need, asked for where they do.
_ASKED_FOR_ELSEWHERE = (
    Purpose.REVENUE,
    Purpose.TAX,
    Purpose.DEFERRAL,
    Purpose.OPENING_BALANCE,
)


@dataclass(slots=True)
class _Determining:
    content: Content
    accounting: Accounting
    rows: Rows
    original: _Known
    own_scheme: str | None
    found: list[LineAccount] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    beside: set[TaxKey] = field(default_factory=set)

    def lines(self) -> None:
        determination = self.content.determination
        decided = {each.line_id: each for each in determination.lines} if determination else {}
        for at, line in lines_of(self.content.lines):
            if line.kind is LineKind.ITEM and not line.children:
                scheme = decided[line.id].scheme if line.id in decided else None
                self._line(at, line, scheme)

    def adjustments(self, totals: Totals) -> None:
        """What the document takes off or adds is booked where the lines of its taxes are."""
        nets = _nets(totals)
        for written in totals.adjustments:
            for share in written.shares:
                groups = [totals.taxes[index] for index in share.groups]
                key = key_of(groups)
                if any(each.line_id is None and each.taxes == key for each in self.found):
                    continue
                alike = [each for each in self.found if each.taxes == key]
                if alike:
                    most = max(alike, key=lambda each: abs(nets.get(each.line_id or "", ZERO)))
                    self.found.append(replace(most, line_id=None, why="as the lines of its taxes"))
                else:
                    at = "/charges" if written.charge else "/discounts"
                    self._decide(at, None, groups, Line(id="", taxes=()), None)

    def general(self) -> None:
        """What may happen to the document later has an account, whoever asks then."""
        for purpose in Purpose:
            if purpose in _ASKED_FOR_ELSEWHERE:
                continue
            wanted = Treatment(currency=self.content.currency)
            found = self.rows.find(purpose, wanted)
            if found is None or found.account is None:
                detail = f"There is no account for {purpose.replace('_', ' ')}."
                at = "/seller/accounting/overrides"
                self.problems.append(Problem(at, ACCOUNT_MISSING, detail))

    def _line(self, at: str, line: Line, scheme: str | None) -> None:
        if line.ledger_account is not None and not is_account(line.ledger_account):
            detail = "An account has 3 to 9 digits."
            problem = Problem(f"{at}/ledger_account", "ledger_account_malformed", detail)
            self.problems.append(problem)
        if line.tax_key is not None and not is_tax_key(line.tax_key):
            detail = "A tax key has 1 to 4 digits."
            self.problems.append(Problem(f"{at}/tax_key", "tax_key_malformed", detail))
        self._decide(at, line.id, line.taxes, line, scheme)

    def _decide(
        self,
        at: str,
        line_id: str | None,
        taxes: Sequence[Tax | TaxGroup],
        line: Line,
        scheme: str | None,
    ) -> None:
        key = key_of(taxes)
        first = _first(taxes)
        wanted = self.rows.treatment(first)
        if scheme is None and (first is None or first.category in _UNTAXED):
            scheme = self.own_scheme
        before = self._before(line_id, key)
        if before is not None:
            scheme = before.scheme
        decided = self._account(at, line, _supplied(wanted, line, scheme), before)
        if decided is not None:
            self.found.append(
                LineAccount(
                    line_id=line_id,
                    taxes=key,
                    account=decided[0],
                    why=decided[1],
                    scheme=scheme,
                    country=wanted.country if first is not None else None,
                    cost_center=self._cost(at, line, self.accounting.cost_center_dimension),
                    cost_object=self._cost(at, line, self.accounting.cost_object_dimension),
                )
            )
        self._beside(at, taxes)

    def _account(
        self, at: str, line: Line, wanted: Treatment, before: LineAccount | None
    ) -> tuple[Account, str] | None:
        if line.ledger_account is not None:
            account = Account(
                account=line.ledger_account, tax_key=line.tax_key, automatic=line.tax_key is None
            )
            return account, "the line"
        if before is not None:
            return before.account, "as the original"
        found = self.rows.find(Purpose.REVENUE, wanted)
        if found is None or found.account is None:
            self._missing(f"{at}/ledger_account", found)
            return None
        account = found.account
        if line.tax_key is not None:
            account = replace(account, tax_key=line.tax_key, automatic=False)
        return account, found.why

    def _beside(self, at: str, taxes: Sequence[Tax | TaxGroup]) -> None:
        """Each tax that is no VAT is owed on an account of its own."""
        for tax in taxes:
            key = key_of([tax])
            if tax.regime in (Regime.VAT, Regime.WITHHOLDING) or key in self.beside:
                continue
            self.beside.add(key)
            wanted = self.rows.treatment(tax)
            found = self.rows.find(Purpose.TAX, wanted)
            before = self.original.get((None, key, True))
            account = before.account if before else found.account if found else None
            if account is None:
                self._missing(f"{at}/taxes", found)
                continue
            why = "as the original" if before else found.why if found else ""
            self.found.append(
                LineAccount(
                    taxes=key, tax_beside=True, account=account, why=why, country=wanted.country
                )
            )

    def _before(self, line_id: str | None, key: TaxKey) -> LineAccount | None:
        """That of the same line of the original, else of a line with the same taxes."""
        found = self.original.get((line_id, key, False))
        alike = (each for each in self.original.values() if each.taxes == key)
        return found or next((each for each in alike if not each.tax_beside), None)

    def _missing(self, at: str, found: Found | None) -> None:
        asks = found.row.asks if found else None
        detail = asks or "No row of the chart says where this is booked: state the account."
        self.problems.append(Problem(at, ACCOUNT_MISSING, detail))

    def _cost(self, at: str, line: Line, dimension: str | None) -> str | None:
        text = (line.dimensions or {}).get(dimension) if dimension else None
        if text is None:
            return None
        if not is_cost(text):
            name = str(dimension).replace("~", "~0").replace("/", "~1")
            detail = "A cost centre has 1 to 36 letters, digits, blanks and the signs . _ / -."
            self.problems.append(Problem(f"{at}/dimensions/{name}", "cost_malformed", detail))
            return None
        return text


def _first(taxes: Sequence[Tax | TaxGroup]) -> Tax | TaxGroup | None:
    """The tax that decides: VAT before any other."""
    owed = [each for each in taxes if each.regime is not Regime.WITHHOLDING]
    return next((each for each in owed if each.regime is Regime.VAT), owed[0] if owed else None)


def _supplied(wanted: Treatment, line: Line, scheme: str | None) -> Treatment:
    """A small business is exempt as a whole, whatever else the supply would be exempt for."""
    supply = line.supply
    if scheme == Scheme.SMALL_BUSINESS:
        wanted = replace(wanted, reason=None)
    if supply is None:
        return replace(wanted, scheme=scheme)
    return replace(wanted, scheme=scheme, kind=supply.kind, product=supply.category)


def _nets(totals: Totals) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    waiting = list(totals.lines)
    while waiting:
        line = waiting.pop()
        found[line.id] = line.net
        waiting.extend(line.children)
    return found
