"""The account of a line, as it was frozen when its document was finalized."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from invx.contexts.invoicing.domain.bookkeeping.chart import Account
from invx.rules.totals.model import Regime, Tax, TaxGroup

TaxKey: TypeAlias = tuple[tuple[str, str, str, str], ...]  # regime, jurisdiction, category, rate


@dataclass(frozen=True, slots=True, kw_only=True)
class LineAccount:
    """The account of a line.

    Without a `line_id` that of what the document takes off or adds under these taxes; with
    `tax_beside` that of a tax which is no VAT.
    """

    line_id: str | None = None
    taxes: TaxKey = ()
    tax_beside: bool = False
    account: Account
    why: str
    scheme: str | None = None
    country: str | None = None
    cost_center: str | None = None
    cost_object: str | None = None
    deferral: Account | None = None  # where revenue that is earned later stands until then


def key_of(taxes: Iterable[Tax | TaxGroup]) -> TaxKey:
    """The taxes of a line or of a share, to be compared."""
    return tuple(
        sorted(
            (str(each.regime), each.jurisdiction or "", each.category, str(each.rate.normalize()))
            for each in taxes
            if each.regime is not Regime.WITHHOLDING
        )
    )
