"""What an amount of money that somebody states must be."""

from decimal import Decimal

from invx.contexts.invoicing.domain.bookkeeping.accounting import is_account
from invx.kernel.errors import Problem
from invx.kernel.money import quantize

SOURCE_CHARS_MAX = 200
AMOUNT_DIGITS_MAX = 15  # before the point


def amount_problems(amount: Decimal, currency: str, at: str = "/amount") -> list[Problem]:
    """Why money cannot have moved like this; empty when it can. `at` points to the field."""
    if not amount.is_finite() or amount <= 0:
        return [Problem(at, "amount_not_positive", "The amount must be greater than zero.")]
    if amount.adjusted() >= AMOUNT_DIGITS_MAX:
        detail = f"An amount has at most {AMOUNT_DIGITS_MAX} digits before the point."
        return [Problem(at, "amount_too_large", detail)]
    if quantize(amount, currency) != amount:
        detail = f"{amount} has more decimals than {currency} has."
        return [Problem(at, "amount_not_on_smallest_unit", detail)]
    return []


def entry_problems(
    amount: Decimal, currency: str, stated: str | None, source: str, account: str | None
) -> list[Problem]:
    """Why an entry of a settlement cannot be made; `stated` is the currency that was named."""
    problems = amount_problems(amount, currency)
    if stated not in {None, currency}:
        detail = f"The document is in {currency}."
        problems.insert(0, Problem("/currency", "currency_differs", detail))
    if not 0 < len(source) <= SOURCE_CHARS_MAX:
        detail = f"A source has 1 to {SOURCE_CHARS_MAX} characters."
        problems.append(Problem("/source", "source_malformed", detail))
    if account is not None and not is_account(account):
        detail = "An account has 3 to 9 digits."
        problems.append(Problem("/account", "account_malformed", detail))
    return problems
