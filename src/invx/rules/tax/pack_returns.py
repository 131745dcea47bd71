"""Reading the return of a country from its pack: the table `[return]`."""

from decimal import Decimal, InvalidOperation

from invx.rules.tax.boxes import MAIN, Box, Figure, ReturnForm, Rule, Unit, Whereabouts
from invx.rules.tax.model import Scheme
from invx.rules.tax.pack_table import Table


def return_of(table: Table) -> ReturnForm | None:
    """The form, if the pack has one. Raises PackInvalid, naming the key."""
    if not table.given:
        return None
    bases = table.word("bases", Unit) if table.has("bases") else Unit.EXACT
    form = ReturnForm(
        name=table.text("name"),
        source=table.text("source"),
        boxes=table.rows("boxes", lambda row: _box(row, bases)),
        left_out=table.rows("left_out", _rule),
    )
    table.done()
    return form


def _box(row: Table, bases: Unit) -> Box:
    figure = row.word("figure", Figure) if row.has("figure") else Figure.BASE
    unit = bases if figure is Figure.BASE else Unit.EXACT
    return Box(
        code=row.text("code"),
        label=row.text("label"),
        figure=figure,
        group=row.maybe("group") or MAIN,
        unit=row.word("unit", Unit) if row.has("unit") else unit,
        rule=_rule(row),
    )


def _rule(row: Table) -> Rule:
    return Rule(
        source=row.text("source"),
        schemes=row.words("schemes", Scheme),
        supplies=row.strings("supplies"),
        categories=row.strings("categories"),
        rates=_rates(row, "rates"),
        other_rates=_rates(row, "other_rates"),
        jurisdictions=row.strings("jurisdictions"),
        where=row.words("where", Whereabouts),
        causes=row.strings("causes"),
        other_causes=row.strings("other_causes"),
    )


def _rates(row: Table, key: str) -> tuple[Decimal, ...]:
    found = []
    for text in row.strings(key):
        try:
            rate = Decimal(text)
        except InvalidOperation:
            rate = Decimal("NaN")
        if not rate.is_finite() or rate < 0:
            raise row.wrong(key, f"{text!r} is not a rate in percent")
        found.append(rate)
    return tuple(found)
