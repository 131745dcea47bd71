"""How a Cross Industry Invoice says to pay it (BG-16 to BG-19): as written, then as read.

CII spreads it: an element per account holds the code, the account and the card; beside them stand
once the reference for the bank (BT-83) and the creditor's id (BT-90), and in the payment terms the
mandate (BT-89).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from invx.contexts.invoicing.adapters.einvoice.cii_tree import (
    Element,
    always,
    day,
    group,
    take_day,
    text,
)
from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnwritable
from invx.contexts.invoicing.adapters.einvoice.model import (
    Card,
    CreditTransfer,
    DirectDebit,
    EInvoice,
    Payment,
)
from invx.contexts.invoicing.adapters.einvoice.xml import Node, terms_text

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.IGNORECASE)
_DEBIT_CODES = ("49", "59")  # direct debit, SEPA direct debit (UNTDID 4461)
_TERMS = "ram:SpecifiedTradePaymentTerms"
_CARD = "ram:ApplicableTradeSettlementFinancialCard"
_PAYER = "ram:PayerPartyDebtorFinancialAccount"
_PAYEE = "ram:PayeePartyCreditorFinancialAccount"
_BANK = "ram:PayeeSpecifiedCreditorFinancialInstitution"


def write_creditor(payments: Sequence[Payment]) -> Element | None:
    """BT-90, which stands once in the document. Raises EInvoiceUnwritable."""
    stated = (payment.debit.creditor for payment in payments if payment.debit)
    return text("ram:CreditorReferenceID", _only(stated, "BT-90"))


def write_remittance(payments: Sequence[Payment]) -> Element | None:
    """BT-83, which stands once in the document (CII-SR-469). Raises EInvoiceUnwritable."""
    return text("ram:PaymentReference", _only((one.remittance for one in payments), "BT-83"))


def write_means(payments: Sequence[Payment]) -> list[Element]:
    """BG-16: one element per account; a card and a debit stand in the first of their payment."""
    made = []
    for payment in payments:
        first, *others = payment.transfers or (None,)
        made.append(_write_one(payment, first))
        made.extend(_write_one(replace(payment, card=None, debit=None), one) for one in others)
    return made


def write_terms(invoice: EInvoice) -> Element | None:
    """BT-20, BT-9 and BT-89. Raises EInvoiceUnwritable."""
    mandates = (payment.debit.mandate for payment in invoice.payments if payment.debit)
    return group(
        _TERMS,
        text("ram:Description", terms_text(invoice.payment_terms)),
        day("ram:DueDateDateTime", invoice.due_date),
        text("ram:DirectDebitMandateID", _only(mandates, "BT-89")),
    )


def read_terms(settlement: Node) -> tuple[str | None, date | None]:
    """BT-20 and BT-9. Of several (Factur-X EXTENDED) all texts and the first date are taken."""
    texts = (one.prose() for one in settlement.all(f"{_TERMS}/ram:Description"))
    due_date = take_day(settlement, f"{_TERMS}/ram:DueDateDateTime")
    return "\n".join(filter(None, texts)) or None, due_date


def read_payments(settlement: Node) -> tuple[Payment, ...]:
    """BG-16. Elements that differ in the account only are one payment with several accounts."""
    found: list[Payment] = []
    for node in settlement.all("ram:SpecifiedTradeSettlementPaymentMeans"):
        one = _read_one(node)
        joined = _joined(found[-1], one) if found else None
        if joined:
            found[-1] = joined
        else:
            found.append(one)
    reference = settlement.text("ram:PaymentReference")
    return _with_debit(settlement, [replace(one, remittance=reference) for one in found])


def _only(values: Iterable[str | None], term: str) -> str | None:
    found = {value: None for value in values if value}
    if len(found) > 1:
        raise EInvoiceUnwritable(f"CII has one {term}, and the payments state {len(found)}")
    return next(iter(found), None)


def _write_one(payment: Payment, transfer: CreditTransfer | None) -> Element:
    card, debit = payment.card, payment.debit
    return always(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        text("ram:TypeCode", payment.code),
        text("ram:Information", payment.text),
        group(_CARD, text("ram:ID", card.number), text("ram:CardholderName", card.holder))
        if card
        else None,
        group(_PAYER, text("ram:IBANID", debit.account)) if debit else None,
        _write_account(transfer) if transfer else None,
        group(_BANK, text("ram:BICID", transfer.bic)) if transfer else None,
    )


def _write_account(transfer: CreditTransfer) -> Element:
    """An IBAN by its shape; anything else is a local account number."""
    iban = _IBAN.fullmatch(transfer.account.replace(" ", ""))
    return always(
        _PAYEE,
        text("ram:IBANID", transfer.account if iban else None),
        text("ram:AccountName", transfer.name),
        text("ram:ProprietaryID", None if iban else transfer.account),
    )


def _read_one(node: Node) -> Payment:
    card = node.first(_CARD)
    number = card.text("ram:ID") if card else None
    payer = node.text(f"{_PAYER}/ram:IBANID") or node.text(f"{_PAYER}/ram:ProprietaryID")
    payee = node.first(_PAYEE)
    account = (payee.text("ram:IBANID") or payee.text("ram:ProprietaryID")) if payee else None
    transfer = account and CreditTransfer(
        account=account,
        name=node.text(f"{_PAYEE}/ram:AccountName"),
        bic=node.text(f"{_BANK}/ram:BICID"),
    )
    return Payment(
        code=node.required("ram:TypeCode", "BT-81"),
        text=node.text("ram:Information"),
        transfers=(transfer,) if transfer else (),
        card=Card(number=number, holder=card.text("ram:CardholderName"))
        if card and number
        else None,
        debit=DirectDebit(account=payer) if payer else None,
    )


def _joined(first: Payment, further: Payment) -> Payment | None:
    """The payment of both, if `further` adds nothing but an account; it may leave out the text."""
    if not further.transfers or further.card or further.debit:
        return None
    if first.code != further.code or further.text not in (first.text, None) or not first.transfers:
        return None
    return replace(first, transfers=first.transfers + further.transfers)


def _with_debit(settlement: Node, payments: Iterable[Payment]) -> tuple[Payment, ...]:
    """The mandate and the creditor go to the payment that is a debit, else to the first one."""
    mandates = settlement.all(f"{_TERMS}/ram:DirectDebitMandateID")
    mandate = next(filter(None, (one.text() for one in mandates)), None)
    creditor = settlement.text("ram:CreditorReferenceID")
    found = list(payments)
    if not found or not (mandate or creditor):
        return tuple(found)
    of_debit = (i for i, one in enumerate(found) if one.debit or one.code in _DEBIT_CODES)
    at = next(of_debit, 0)
    debit = found[at].debit or DirectDebit()
    found[at] = replace(found[at], debit=replace(debit, mandate=mandate, creditor=creditor))
    return tuple(found)
