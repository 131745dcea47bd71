"""Check a tax id: its form here, and with the register of its country when it is to be asked."""

from dataclasses import dataclass

from invx.contexts.invoicing.app.ports import InvoicingUnitOfWork
from invx.contexts.invoicing.domain.tax.tax_ids import CheckedTaxId
from invx.kernel.messages import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTaxId(Command):
    """`requester` is the VAT id of whoever asks: registers then give a number as proof."""

    tax_id: str
    country: str | None = None
    ask_register: bool = True
    requester: str | None = None


async def check_tax_id(command: CheckTaxId, uow: InvoicingUnitOfWork) -> CheckedTaxId:
    """What is known of the id now. A register that does not answer is said so, never passed over.

    The answer of the register is kept with its time and consultation number. Raises Invalid when
    the country can neither be read from the id nor is given.
    """
    form = uow.tax_ids.form(command.tax_id, command.country)
    if form.fault is not None or not command.ask_register:
        return CheckedTaxId(form=form, answer=None)
    fact = uow.tax_ids.in_register(form, command.requester)
    if fact is None:
        return CheckedTaxId(form=form, answer=None)
    [answer] = await uow.facts.need(fact)
    return CheckedTaxId(form=form, answer=answer)
