"""The lines of a document as rows of one table, in their order, children under their parent."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from invx.contexts.invoicing.adapters.sheet.fields import (
    Json,
    amount,
    breakable,
    lines,
    part,
    parts,
    word,
)
from invx.contexts.invoicing.adapters.wording import NBSP, Wording

_WHOLE_CHARS_MAX = 900  # a row with more text may be split over two pages


@dataclass(frozen=True, slots=True)
class Columns:
    """Which figures the table of one document shows."""

    currency: str
    inclusive: bool  # every price includes its tax: rows show gross
    taxed: bool  # there is a column with the rate of VAT
    prices_include_tax: bool  # the document's default for its lines

    @classmethod
    def of(cls, resource: Json) -> "Columns":
        """Profile `plain` has no VAT column; nor has a document without VAT on any line (M3)."""
        default = bool(resource.get("prices_include_tax"))
        priced = [line for line in _items(parts(resource, "lines")) if line.get("price")]
        return cls(
            currency=str(resource.get("currency") or "EUR"),
            inclusive=bool(priced) and all(_inclusive(line, default) for line in priced),
            taxed=resource.get("profile") != "plain"
            and any(_vat(line) for line in _items(parts(resource, "lines"))),
            prices_include_tax=default,
        )

    def headings(self, words: Wording) -> list[str]:
        """The heads of the columns, from left to right."""
        amount_key = "gross" if self.inclusive else "net" if self.taxed else "amount"
        price_key = "price_incl" if self.inclusive else "price"
        keys = ["description", "quantity", price_key, *(["tax"] if self.taxed else []), amount_key]
        return [words.say(f"column.{key}") for key in keys]


def rows(words: Wording, resource: Json, columns: Columns) -> list[dict[str, Any]]:
    """Every line as a row; `level` is the depth under its parent."""
    return [_row(words, line, level, columns) for line, level in _flat(parts(resource, "lines"), 0)]


def adjustment(words: Wording, entry: Json, *, charge: bool) -> tuple[str, str | None]:
    """A discount or charge as its text and its signed figure (none before it is totalled)."""
    name = word(entry, "reason") or words.say("line.charge" if charge else "line.discount")
    percent, base = amount(entry, "percent"), amount(entry, "base")
    if percent and base:
        name = words.say(
            "line.percent_of_base",
            name=name,
            percent=words.percent(percent),
            base=words.figure(base),
        )
    elif percent:
        name = words.say("line.percent_of", name=name, percent=words.percent(percent))
    if entry.get("amount") is None:
        return breakable(name), None
    figure = str(entry["amount"])
    return breakable(name), words.figure(figure) if charge else words.less(figure)


def _row(words: Wording, line: Json, level: int, columns: Columns) -> dict[str, Any]:
    kind = str(line.get("kind") or "item")
    text = lines(line, "description")
    row: dict[str, Any] = {"kind": kind, "level": level, "text": text, "notes": []}
    shown = line.get("gross" if columns.inclusive else "net")
    if kind == "subtotal":
        row["text"] = text or [words.say("line.subtotal")]
    if kind in ("item", "subtotal"):
        row["amount"] = words.figure(str(shown)) if shown is not None else ""
    if kind == "item":
        row |= _figures(words, line, columns)
        row["notes"] = _notes(words, line, columns)
    else:
        row["notes"] = lines(line, "details")
    row["whole"] = sum(map(len, [*row["text"], *row["notes"]])) <= _WHOLE_CHARS_MAX
    return row


def _figures(words: Wording, line: Json, columns: Columns) -> dict[str, str]:
    price, quantity = line.get("price"), line.get("quantity")
    priced = price is not None or not parts(line, "children")
    counted = quantity is not None and priced
    rates = [words.percent(str(tax["rate"])) for tax in _vat(line) if tax.get("rate") is not None]
    outside = any(tax.get("category") == "O" for tax in _vat(line))
    return {
        "quantity": words.quantity(str(quantity)) if counted else "",
        "unit": breakable(words.unit(word(line, "unit"), str(quantity))) if counted else "",
        "price": words.price(str(price), columns.currency) if price is not None else "",
        "tax": "–" if outside else ", ".join(rates),
    }


def _notes(words: Wording, line: Json, columns: Columns) -> list[str]:
    notes = lines(line, "details")
    references = _references(words, line)
    if references:
        notes.append(breakable(" · ".join(references)))
    notes += [_step(words, step, columns) for step in parts(line, "breakdown")]
    notes += _price_notes(words, line, columns)
    for key in ("discounts", "charges"):
        for entry in parts(line, key):
            text, figure = adjustment(words, entry, charge=key == "charges")
            notes.append(f"{text}: {figure}" if figure else text)
    return notes


def _references(words: Wording, line: Json) -> list[str]:
    item = part(line, "item")
    named = {
        "line.seller_item": word(item, "seller_id"),
        "line.buyer_item": word(item, "buyer_id"),
        "line.standard_item": word(part(item, "standard_id"), "id"),
        "line.order_line": word(line, "order_line"),
        "line.accounting": word(line, "buyer_accounting_reference"),
    }
    found = [words.say(key, id=value) for key, value in named.items() if value]
    if word(item, "origin"):
        found.append(words.say("line.origin", country=words.country(word(item, "origin"))))
    found += [f"{word(a, 'name')}: {word(a, 'value')}" for a in parts(item, "attributes")]
    period = service_period(words, part(line, "service_period"), "line.period_month", "line.period")
    return [period, *found] if period else found


def service_period(words: Wording, period: Json, month_key: str, span_key: str) -> str:
    """A period as its month where it is one, else from and to; empty without both ends."""
    start, end = word(period, "start"), word(period, "end")
    if not start or not end:
        return ""
    month = words.month(start, end)
    if month:
        return words.say(month_key, month=month)
    return words.say(span_key, start=words.date(start), end=words.date(end))


def _price_notes(words: Wording, line: Json, columns: Columns) -> list[str]:
    notes = []
    discount = amount(line, "price_discount")
    if discount:
        figure = words.price(discount, columns.currency)
        notes.append(words.say("line.price_less", amount=figure))
    per = amount(line, "base_quantity")
    if per and words.quantity(per) != "1":
        unit = words.unit(word(line, "unit"), per)
        notes.append(words.say("line.per", quantity=f"{words.quantity(per)}{NBSP}{unit}".strip()))
    mixed = _inclusive(line, columns.prices_include_tax) and not columns.inclusive
    if mixed and line.get("price") is not None:
        notes.append(words.say("line.incl_tax"))
    # They belong to the price, so they share a line.
    return [f"{words.say('column.price')} {', '.join(notes)}"] if notes else []


def _step(words: Wording, step: Json, columns: Columns) -> str:
    quantity, price, figure = (step.get(key) for key in ("quantity", "price", "amount"))
    text = word(step, "description")
    if quantity is not None and price is not None:
        unit = words.unit(word(step, "unit"), str(quantity))
        counted = f"{words.quantity(str(quantity))}{NBSP}{unit}".strip()
        product = f"{counted} × {words.price(str(price), columns.currency)}"
        text = f"{text}: {product}" if text else product
    return breakable(f"{text} = {words.figure(str(figure))}" if figure is not None else text)


def _flat(lines_: list[Json], level: int) -> Iterator[tuple[Json, int]]:
    for line in lines_:
        yield line, level
        yield from _flat(parts(line, "children"), level + 1)


def _items(lines_: list[Json]) -> list[Json]:
    return [line for line, _ in _flat(lines_, 0) if (line.get("kind") or "item") == "item"]


def _inclusive(line: Json, default: bool) -> bool:
    own = line.get("price_includes_tax")
    return default if own is None else bool(own)


def _vat(line: Json) -> list[Json]:
    return [tax for tax in parts(line, "taxes") if (tax.get("regime") or "vat") == "vat"]
