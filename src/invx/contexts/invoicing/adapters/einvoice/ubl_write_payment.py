"""How an invoice is paid (BG-16), in UBL: one PaymentMeans for each account."""

from collections.abc import Sequence
from datetime import date

from invx.contexts.invoicing.adapters.einvoice.model import CreditTransfer, Payment
from invx.contexts.invoicing.adapters.einvoice.ubl_names import NO_NETWORK, UNDEFINED_MEANS
from invx.contexts.invoicing.adapters.einvoice.xml import Branch


def write_payments(root: Branch, payments: Sequence[Payment], due_date: date | None) -> None:
    """PaymentMeans in order; `due_date` is that of a credit note, which has it here only.

    A credit note with a due date but without means gets one that is "not defined" (code 1).
    """
    for payment in payments:
        transfers = payment.transfers or (None,)
        for transfer in transfers:
            _write_means(root, payment, transfer, due_date)
            due_date = None
            payment = _further(payment)  # noqa: PLW2901 - the rest is stated once
    if due_date is not None:
        _write_means(root, Payment(code=UNDEFINED_MEANS), None, due_date)


def _further(payment: Payment) -> Payment:
    """Without card and debit, and without the text, which may stand once only (UBL-SR-46)."""
    return Payment(code=payment.code, remittance=payment.remittance)


def _write_means(
    root: Branch, payment: Payment, transfer: CreditTransfer | None, due_date: date | None
) -> None:
    means = root.add("cac:PaymentMeans")
    means.text("cbc:PaymentMeansCode", payment.code, name=payment.text)
    means.day("cbc:PaymentDueDate", due_date)
    means.text("cbc:PaymentID", payment.remittance)
    if payment.card:
        card = means.add("cac:CardAccount")
        card.text("cbc:PrimaryAccountNumberID", payment.card.number)
        card.text("cbc:NetworkID", NO_NETWORK)
        card.text("cbc:HolderName", payment.card.holder)
    if transfer:
        account = means.add("cac:PayeeFinancialAccount")
        account.text("cbc:ID", transfer.account)
        account.text("cbc:Name", transfer.name)
        account.add("cac:FinancialInstitutionBranch").text("cbc:ID", transfer.bic)
    if payment.debit:
        mandate = means.add("cac:PaymentMandate")
        mandate.text("cbc:ID", payment.debit.mandate)
        mandate.add("cac:PayerFinancialAccount").text("cbc:ID", payment.debit.account)
