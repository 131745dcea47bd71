"""How a document is to be paid, as a code of UNTDID 4461 (BT-81), and into which accounts."""

from invx.contexts.invoicing.domain.content import Content, PaymentMeans
from invx.contexts.invoicing.domain.party import BankAccount, Seller

CREDIT_TRANSFER, SEPA_TRANSFER = "30", "58"
CARDS = frozenset({"48", "54", "55"})
DIRECT_DEBITS = frozenset({"49", "59"})


def payment_code(content: Content, seller: Seller) -> str | None:
    """The code that the author states, else what follows from card, debit and accounts."""
    means = content.payment_means or PaymentMeans()
    if means.code:
        return means.code
    if means.card is not None:
        return "48"
    if means.direct_debit is not None:
        return "59" if content.currency == "EUR" else "49"
    accounts = accounts_of(content, seller)
    if not accounts:
        return None
    sepa = content.currency == "EUR" and all(each.iban for each in accounts)
    return SEPA_TRANSFER if sepa else CREDIT_TRANSFER


def accounts_of(content: Content, seller: Seller) -> list[BankAccount]:
    """The accounts that a payer may choose from: those in the document's currency, else one."""
    numbered = [each for each in seller.bank_accounts if each.iban or each.account]
    return [each for each in numbered if each.currency == content.currency] or numbered[:1]
