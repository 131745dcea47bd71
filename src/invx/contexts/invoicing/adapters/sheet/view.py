"""The whole sheet as plain data: title, parties, references, table, totals, payment, footer."""

import re
from typing import Any

from invx.contexts.invoicing.adapters.sheet import parties
from invx.contexts.invoicing.adapters.sheet.fields import (
    Json,
    breakable,
    lines,
    part,
    parts,
    tidy,
    word,
)
from invx.contexts.invoicing.adapters.sheet.logo import logo_svg
from invx.contexts.invoicing.adapters.sheet.payment import payment
from invx.contexts.invoicing.adapters.sheet.rows import Columns, rows, service_period
from invx.contexts.invoicing.adapters.sheet.totals import reasons, totals
from invx.contexts.invoicing.adapters.wording import NBSP, Mark, Wording, wording

# The shape of a Leitweg-ID: coarse part (2, 3, 5, 8, 9 or 12 digits), fine part, check digits.
_LEITWEG = re.compile(r"(?:\d{2}|\d{3}|\d{5}|\d{8}|\d{9}|\d{12})(?:-[0-9A-Za-z]{1,30})?-\d{2}")
_EPOCH = "2000-01-01"  # the date of a document that has none: a clock would change its bytes


def view(resource: Json, *, mark: Mark | None) -> dict[str, Any]:
    """What the template draws. What the resource lacks is absent; nothing is computed."""
    words = wording(resource.get("language"))
    columns = Columns.of(resource)
    title = _title(words, resource)
    number = word(resource, "number")
    seller = _seller(words, resource)
    live = mark is None and bool(number)
    return {
        "lang": words.language,
        "region": words.region,
        "date": _day(resource),
        "title": breakable(title),
        "number": breakable(number),
        "document": " ".join(text for text in (title, number) if text),
        "subtitle": " · ".join(_subtitle(words, resource)),
        "mark": words.say(f"mark.{mark}") if mark else None,
        "mark_note": words.say(f"mark_note.{mark}") if mark else None,
        "seller": seller,
        "facts": _facts(words, resource),
        "others": _others(words, resource),
        "columns": columns.headings(words),
        "rows": rows(words, resource, columns),
        "taxed": columns.taxed,
        "totals": totals(words, resource, columns),
        "reasons": reasons(words, resource),
        "notes": lines(resource, "notes"),
        "further_notes": [lines(note, "text") for note in parts(resource, "further_notes")],
        "attachments": _attachments(words, resource),
        "payment": payment(words, resource, live=live),
        "footer": lines(resource, "footer"),
        "imprint": _imprint(words, part(resource, "seller")),
        "page": words.say("page"),
    }


def _title(words: Wording, resource: Json) -> str:
    own = word(resource, "title")
    if own:
        return own
    code = f"title.{word(resource, 'type_code')}"
    if words.knows(code):
        return words.say(code)
    if resource.get("cancels"):
        return words.say("title.cancellation")
    kind = f"title.{resource.get('type') or 'invoice'}"
    return words.say(kind if words.knows(kind) else "title.invoice")


def _day(resource: Json) -> list[int]:
    day = word(resource, "issue_date") or word(resource, "created_at") or _EPOCH
    return [int(number) for number in day[:10].split("-")]


def _subtitle(words: Wording, resource: Json) -> list[str]:
    issued, supplied, point = (
        word(resource, key) for key in ("issue_date", "supply_date", "tax_point")
    )
    said = [words.date(issued)] if issued else []
    period = service_period(
        words,
        part(resource, "service_period"),
        "subtitle.service_month",
        "subtitle.service_period",
    )
    if period:
        said.append(period)
    elif supplied:
        said.append(words.say("subtitle.supply_date", date=words.date(supplied)))
    if point and point not in (issued, supplied):
        said.append(words.say("subtitle.tax_point", date=words.date(point)))
    return said


def _seller(words: Wording, resource: Json) -> dict[str, Any]:
    seller = part(resource, "seller")
    name = word(seller, "name") or word(seller, "legal_name")
    home = word(part(seller, "address"), "country")
    buyer_home = word(part(part(resource, "buyer"), "address"), "country") or home
    sender = ", ".join(parties.address(words, seller, home=buyer_home))
    return {
        "name": breakable(name),
        "initial": name[:1].upper(),
        "logo": logo_svg(seller.get("logo")),
        "sender": breakable(sender),
    }


def _facts(words: Wording, resource: Json) -> list[list[dict[str, Any]]]:
    """Three columns: the buyer, the references, and when to pay with the seller's VAT number."""
    seller, buyer = part(resource, "seller"), part(resource, "buyer")
    home = word(part(seller, "address"), "country")
    to = parties.block(words, "buyer", buyer, home=home)
    middle = _references(words, resource)
    last = []
    if word(resource, "due_date") and resource.get("type") != "credit_note":
        date = words.date(word(resource, "due_date"))
        last.append({"label": words.say("reference.pay_by"), "strong": date, "lines": []})
    if vat := parties.vat_id(seller):
        last.append(_fact(words, "id.vat", vat))
    elif number := parties.tax_number(seller):
        last.append(_fact(words, "id.tax", number))
    while len(middle) > len(last) + 2:
        last.append(middle.pop())
    return [[to] if to else [], middle, last]


def _references(words: Wording, resource: Json) -> list[dict[str, Any]]:
    credit = resource.get("type") == "credit_note"
    before = "reference.preceding_credit" if credit else "reference.preceding"
    found = [
        {"label": words.say(before), "strong": "", "lines": _preceding(words, entry)}
        for entry in parts(resource, "preceding")
    ]
    given = word(resource, "buyer_reference")
    leitweg = bool(_LEITWEG.fullmatch(given))
    named = [
        ("your_reference", "" if leitweg else given),
        # Beside a Leitweg-ID, the order is the reference that the buyer's people know.
        ("your_reference" if leitweg else "purchase_order", word(resource, "purchase_order")),
        ("leitweg", given if leitweg else ""),
        ("sales_order", word(resource, "sales_order")),
        ("contract", word(resource, "contract")),
        ("project", word(resource, "project")),
        ("accounting", word(resource, "buyer_accounting_reference")),
    ]
    return found + [_fact(words, f"reference.{key}", text) for key, text in named if text]


def _preceding(words: Wording, entry: Json) -> list[str]:
    number, issued = breakable(word(entry, "number")), word(entry, "issue_date")
    if not issued:
        return [number]
    return [number, words.say("reference.preceding_date", date=words.date(issued))]


def _fact(words: Wording, key: str, text: str) -> dict[str, Any]:
    return {"label": words.say(key), "strong": "", "lines": [breakable(text)]}


def _others(words: Wording, resource: Json) -> list[dict[str, Any]]:
    home = word(part(part(resource, "seller"), "address"), "country")
    found = (parties.block(words, role, part(resource, role), home=home) for role in parties.OTHERS)
    return [block for block in found if block]


def _attachments(words: Wording, resource: Json) -> dict[str, Any] | None:
    """The supporting documents by their names: they are in the e-invoice, not on the pages."""
    stated = parts(resource, "attachments")
    if not stated:
        return None
    label = words.say("attachment.one" if len(stated) == 1 else "attachment.several")
    return {"label": label, "strong": "", "lines": [_attached(each) for each in stated]}


def _attached(stated: Json) -> str:
    """Its description, else its id; behind it the name of the file or where it is."""
    named = word(stated, "description") or word(stated, "id")
    place = word(stated, "filename") or word(stated, "location")
    return breakable(f"{named} ({place})" if place and place != named else named)


def _imprint(words: Wording, seller: Json) -> list[list[str]]:
    """What a business letter must say about its sender, in three columns."""
    contact, register = part(seller, "contact"), part(seller, "register")
    name = word(seller, "legal_name") or word(seller, "name")
    home = word(part(seller, "address"), "country")
    directors = [tidy(str(name)).replace(" ", NBSP) for name in seller.get("directors") or ()]
    entry = ", ".join(text for text in (word(register, "court"), word(register, "number")) if text)
    company = word(part(seller, "registration"), "id")
    label = words.say("footer.director" if len(directors) == 1 else "footer.directors")
    numbers = {
        "id.company": "" if company and company in entry else company,
        "id.vat": parties.vat_id(seller),
        "id.tax": parties.tax_number(seller),
    }
    columns = [
        [name, *parties.address(words, seller, home=home)],
        [word(contact, key) for key in ("name", "email", "phone")],
        [
            entry,
            f"{label}: {', '.join(directors)}" if directors else "",
            *(f"{words.say(key)} {value}" for key, value in numbers.items() if value),
            *lines(seller, "legal_information"),
        ],
    ]
    kept = [[breakable(text) for text in column if text] for column in columns]
    return [column for column in kept if column]
