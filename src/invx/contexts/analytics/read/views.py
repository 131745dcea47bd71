"""What analytics shows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class MonthRevenueView:
    """One month's documents in one currency, credit notes subtracted."""

    month: date
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    documents: int
