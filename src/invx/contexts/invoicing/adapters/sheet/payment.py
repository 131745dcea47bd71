"""How and when to pay: terms, instalments, early-payment discounts, the account and its code."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from invx.contexts.invoicing.adapters import payment_code
from invx.contexts.invoicing.adapters.sheet.fields import (
    Json,
    amount,
    breakable,
    lines,
    part,
    parts,
    word,
)
from invx.contexts.invoicing.adapters.wording import Wording

_IBAN_GROUP = 4
_COLLECTED = frozenset({"48", "49", "54", "55", "59"})  # UNTDID 4461: by card, by direct debit


def payment(words: Wording, resource: Json, *, live: bool) -> dict[str, Any]:
    """The payment part. A credit note and a document with nothing due name no account.

    Nor does one whose sum is collected: who transferred it too would have paid twice.
    The code for banking apps stands only on a `live` invoice: nobody shall pay a test, a draft or
    a proforma by accident.
    """
    kind, due = resource.get("type", "invoice"), amount(part(resource, "totals"), "due")
    asks = kind != "credit_note" and due is not None and Decimal(due) > 0
    account = _account(resource) if asks and not _collected(resource) else {}
    return {
        "terms": _terms(words, resource, asks=asks),
        "early": _early(words, resource) if asks else [],
        "instalments": _instalments(words, resource) if asks else [],
        "means": _means(words, resource, account) if asks else [],
        "account": _account_lines(words, resource, account),
        "code": _code(words, resource, account) if live and kind == "invoice" else None,
    }


def _terms(words: Wording, resource: Json, *, asks: bool) -> list[str]:
    terms = part(resource, "payment_terms")
    own = lines(terms, "text")
    if not asks:
        paid = resource.get("type") == "invoice" and amount(part(resource, "totals"), "prepaid")
        return own or ([words.say("terms.nothing")] if paid else [])
    count = len(_plan(resource))
    if own:
        return own
    if count > 1:
        return [words.say("terms.instalments", count=str(count))]
    when = _when(words, resource, terms)
    return [when] if when else []


def _when(words: Wording, resource: Json, terms: Json) -> str:
    kind, days, due = terms.get("kind"), terms.get("days"), word(resource, "due_date")
    if kind == "on_receipt":
        return words.say("terms.on_receipt")
    if kind == "net" and days and due and not terms.get("months"):
        key = "terms.net_day" if int(days) == 1 else "terms.net_days"
        return words.say(key, days=str(days), date=words.date(due))
    if due:
        return words.say("terms.by", date=words.date(due))
    return words.say("terms.days_only", days=str(days)) if kind == "net" and days else ""


def _early(words: Wording, resource: Json) -> list[str]:
    offers = parts(part(resource, "payment_terms"), "discounts")
    return [_offer(words, resource, offer) for offer in offers]


def _offer(words: Wording, resource: Json, discount: Json) -> str:
    """An early-payment discount with its last day; amounts only where the resource has them."""
    percent = words.percent(str(discount.get("percent") or "0"))
    days, issued = discount.get("days"), word(resource, "issue_date")
    until = word(discount, "due_date")
    if not until and issued and days is not None:
        until = (date.fromisoformat(issued) + timedelta(days=int(days))).isoformat()
    if until:
        said = words.say("terms.discount", percent=percent, date=words.date(until))
    else:
        said = words.say("terms.discount_days", percent=percent, days=str(days))
    currency = word(resource, "currency")
    for key in ("amount", "payable"):
        if figure := amount(discount, key):
            said += ", " + words.say(f"terms.discount_{key}", amount=words.money(figure, currency))
    return said + "."


def _instalments(words: Wording, resource: Json) -> list[dict[str, str]]:
    found = _plan(resource)
    if len(found) <= 1:
        return []
    return [
        {
            "label": words.say(
                "terms.instalment", number=str(number), date=words.date(str(entry["due_date"]))
            ),
            "amount": words.money(str(entry["amount"]), word(resource, "currency")),
        }
        for number, entry in enumerate(found, start=1)
    ]


def _plan(resource: Json) -> list[Json]:
    entries = parts(resource, "instalments")
    return [entry for entry in entries if entry.get("due_date") and entry.get("amount")]


def _collected(resource: Json) -> bool:
    means = part(resource, "payment_means")
    named = word(means, "code")
    if named:
        return named in _COLLECTED
    return bool(part(means, "card") or part(means, "direct_debit"))


def _means(words: Wording, resource: Json, account: Json) -> list[str]:
    """How it is paid, in the author's words and the details of a collection."""
    means = part(resource, "payment_means")
    card, debit = part(means, "card"), part(means, "direct_debit")
    named = {
        "means.card": ", ".join(filter(None, (word(card, "number"), word(card, "holder")))),
        "means.mandate": word(debit, "mandate"),
        "means.creditor": word(debit, "creditor"),
        "means.account": word(debit, "account"),
        "means.remittance": "" if account else word(means, "remittance"),
    }
    said = [f"{words.say(key)}: {text}" for key, text in named.items() if text]
    return [breakable(text) for text in (word(means, "text"), *said) if text]


def _account(resource: Json) -> Json:
    """The account in the document's currency; else one without a currency; else the first."""
    accounts = parts(part(resource, "seller"), "bank_accounts")
    for currency in (resource.get("currency"), None):
        for account in accounts:
            if account.get("currency") == currency:
                return account
    return accounts[0] if accounts else {}


def _account_lines(words: Wording, resource: Json, account: Json) -> list[dict[str, str]]:
    if not account:
        return []
    iban = word(account, "iban").replace(" ", "")
    grouped = " ".join(iban[at : at + _IBAN_GROUP] for at in range(0, len(iban), _IBAN_GROUP))
    found = {
        "bank.holder": _holder(resource, account),
        "bank.iban": grouped,
        "bank.account": "" if iban else word(account, "account"),
        "bank.bic": word(account, "bic"),
        "bank.bank": word(account, "bank_name"),
        "bank.remittance": _remittance(resource),
    }
    return [
        {"label": words.say(key), "value": breakable(value)}
        for key, value in found.items()
        if value
    ]


def _code(words: Wording, resource: Json, account: Json) -> dict[str, str] | None:
    """The code for what is to be paid first: everything, or the first of several instalments."""
    plan = _plan(resource)
    due = str(plan[0]["amount"] if len(plan) > 1 else part(resource, "totals").get("due") or "0")
    currency, holder = word(resource, "currency"), _holder(resource, account)
    text = payment_code.payload(
        holder=holder,
        iban=word(account, "iban"),
        bic=word(account, "bic"),
        amount=due,
        currency=currency,
        remittance=_remittance(resource),
    )
    if text is None:
        return None
    money = words.money(due, currency)
    return {
        "svg": payment_code.svg(text),
        "caption": words.say("bank.qr", amount=money),
        "alt": words.say("bank.qr_alt", amount=money, holder=holder),
    }


def _remittance(resource: Json) -> str:
    """What the payment is to say (BT-83); the number of the document unless it says otherwise."""
    return word(part(resource, "payment_means"), "remittance") or word(resource, "number")


def _holder(resource: Json, account: Json) -> str:
    seller = part(resource, "seller")
    return word(account, "holder") or word(seller, "legal_name") or word(seller, "name")
