"""The figures under the lines: net, tax by group, what is due, and why a group bears no tax."""

from invx.contexts.invoicing.adapters.sheet.fields import (
    Json,
    amount,
    breakable,
    lines,
    part,
    parts,
    word,
)
from invx.contexts.invoicing.adapters.sheet.rows import Columns, adjustment
from invx.contexts.invoicing.adapters.wording import Wording

Row = dict[str, str]
_TAXED = ("S", "Z", "L", "M")


def totals(words: Wording, resource: Json, columns: Columns) -> dict[str, list[Row]]:
    """Rows above the rule, the great sums below it, and what stands under them.

    A document whose prices include tax sums to its gross first and says which tax is in it. With
    discounts or charges on the document it is stated from net to gross like any other, since its
    adjustments are.
    """
    sums = part(resource, "totals")
    adjusted = _adjustments(words, resource)
    taxes = _taxes(words, resource, included=columns.inclusive and not adjusted)
    before: list[Row] = []
    if adjusted and sums.get("line_net") is not None:
        before.append(_row(words.say("total.lines"), words.figure(str(sums["line_net"]))))
    before += adjusted
    net = []
    if sums.get("net") is not None:
        net = [_row(words.say("total.net"), words.figure(str(sums["net"])))]
    below = [*_tax_currency(words, resource)]
    if columns.inclusive and not adjusted:
        below = [*net, *taxes, *below]
    else:
        before += [*net, *taxes]
    return {"above": before, "sums": _sums(words, resource, columns.currency), "below": below}


def reasons(words: Wording, resource: Json) -> list[str]:
    """Why a group bears no tax: what the law wants said, and the reason given (BT-120, BT-121)."""
    said: list[str] = []
    for group in parts(resource, "tax_groups"):
        category = str(group.get("category"))
        if (group.get("regime") or "vat") != "vat" or category in _TAXED:
            continue
        key = f"reason.{category}"
        statutory = words.say(key) if words.knows(key) else ""
        given = " ".join(lines(group, "reason"))
        code = word(group, "reason_code")
        if _plain(given) in _plain(statutory):
            given = ""
        if not given and not statutory and not code:
            continue
        lead = statutory or f"{_name(words, group)}:"
        tail = f"({code})" if code else ""
        said.append(" ".join(text for text in (lead, given, tail) if text))
    return [breakable(text) for text in dict.fromkeys(said)]


def _plain(text: str) -> str:
    return text.strip(".").replace("-", " ").casefold()


def _adjustments(words: Wording, resource: Json) -> list[Row]:
    entries = [(entry, False) for entry in parts(resource, "discounts")]
    entries += [(entry, True) for entry in parts(resource, "charges")]
    found = [adjustment(words, entry, charge=charge) for entry, charge in entries]
    return [_row(text, figure or "") for text, figure in found]


def _taxes(words: Wording, resource: Json, *, included: bool) -> list[Row]:
    rows = []
    for group in parts(resource, "tax_groups"):
        if group.get("regime") == "withholding":
            continue
        name = _name(words, group, home=_home(resource))
        label = words.say("total.includes", tax=name) if included else name
        rows.append(_row(label, _figure(words, group, "amount"), _base(words, group)))
    return rows


def _sums(words: Wording, resource: Json, currency: str) -> list[Row]:
    """The total; then, where they differ, what was paid, rounded and kept back, and what is due."""
    sums = part(resource, "totals")
    if sums.get("gross") is None:
        return []
    total = _row(words.say("total.gross"), words.money(str(sums["gross"]), currency))
    steps: list[Row] = []
    if prepaid := amount(sums, "prepaid"):
        steps.append(_row(words.say("total.prepaid"), words.less(prepaid)))
    if rounding := amount(sums, "rounding"):
        steps.append(_row(words.say("total.rounding"), words.figure(rounding)))
    if amount(sums, "withheld"):
        for group in parts(resource, "tax_groups"):
            if group.get("regime") == "withholding" and group.get("amount") is not None:
                name = _name(words, group, home=_home(resource))
                label = words.say("total.withheld", tax=name)
                steps.append(_row(label, words.less(str(group["amount"])), _base(words, group)))
    if not steps or sums.get("due") is None:
        return [total]
    due = _row(words.say("total.due"), words.money(str(sums["due"]), currency))
    return [total, *steps, due]


def _tax_currency(words: Wording, resource: Json) -> list[Row]:
    """The tax in the currency of the tax office (BT-6, BT-111), at the rate that was used."""
    other = part(resource, "tax_currency")
    if not other:
        return []
    figure = other.get("tax") or other.get("amount")
    shown = words.figure(str(figure)) if figure is not None else ""
    label = words.say("total.tax_currency", currency=word(other, "currency"))
    return [_row(label, shown, _rate_note(words, other))]


def _rate_note(words: Wording, other: Json) -> str:
    """The rate; with who published it and from which day, where it was taken from there."""
    if not other.get("rate"):
        return ""
    rate = words.quantity(str(other["rate"]))
    if not other.get("source") or not other.get("day"):
        return words.say("total.tax_rate_note", rate=rate)
    source, day = word(other, "source").upper(), words.date(word(other, "day"))
    return words.say("total.tax_rate_published", rate=rate, source=source, day=day)


def _name(words: Wording, group: Json, *, home: str = "") -> str:
    regime = str(group.get("regime") or "vat")
    category = str(group.get("category") or "")
    known = regime == "vat" and words.knows(f"tax.{category}")
    rate = words.percent(str(group["rate"])) if group.get("rate") is not None else ""
    name = words.say(f"tax.{category if known else regime}", rate=rate).strip()
    place = word(group, "jurisdiction")
    if not place or place == home or (regime == "vat" and not home):
        return name
    return f"{name} ({words.country(place)})"


def _home(resource: Json) -> str:
    return word(part(part(resource, "seller"), "address"), "country")


def _base(words: Wording, group: Json) -> str:
    return words.say("total.of", base=_figure(words, group, "base")) if group.get("base") else ""


def _figure(words: Wording, source: Json, key: str) -> str:
    return words.figure(str(source[key])) if source.get(key) is not None else ""


def _row(label: str, figure: str, note: str = "") -> Row:
    return {"label": label, "note": note, "amount": figure}
