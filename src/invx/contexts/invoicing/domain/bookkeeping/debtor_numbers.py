"""Which account a buyer has in the books: stated on the buyer, or given out once and for ever."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from invx.contexts.invoicing.domain.bookkeeping.accounting_settings import ExportSettings
from invx.kernel.errors import Conflict


class DebtorNumbersExhausted(Conflict):
    """The range of debtor numbers is used up; state a wider one."""


class DebtorNumberDoesNotFit(Conflict):
    """A debtor number that a buyer states has not one digit more than the ledger's accounts."""


@dataclass(frozen=True, slots=True)
class DebtorNumber:
    """A customer's account. `stated` says that the caller chose it, on a document."""

    customer: str
    number: str
    stated: bool = False


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """A customer that has no account yet, and the one that its latest document states, if any."""

    customer: str
    stated: str | None = None


def give_out(
    waiting: Iterable[Unnumbered],
    *,
    used: Collection[str],
    last_given: int | None,
    settings: ExportSettings,
) -> list[DebtorNumber]:
    """A number for each: the stated one, else the next that nobody has.

    `used` are all numbers that anybody has, and those that documents state; `last_given` is the
    highest that was given out. Numbers are never given out again. Raises DebtorNumbersExhausted.
    """
    taken = {int(number) for number in used} | {settings.collective_account}
    waiting = sorted(waiting, key=lambda each: each.customer)
    taken |= {int(each.stated) for each in waiting if each.stated}
    following = max(settings.first_debtor, (last_given or 0) + 1)
    given = []
    for each in waiting:
        if each.stated:
            given.append(DebtorNumber(each.customer, each.stated, stated=True))
            continue
        while following in taken:
            following += 1
        if following > settings.last_debtor:
            raise DebtorNumbersExhausted
        given.append(DebtorNumber(each.customer, str(following)))
        following += 1
    return given
