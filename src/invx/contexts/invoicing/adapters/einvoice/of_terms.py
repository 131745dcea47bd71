"""When and on which terms a document is to be paid (BT-9 and BT-20)."""

from datetime import date

from invx.contexts.invoicing.adapters.wording import Wording, wording
from invx.contexts.invoicing.domain.content import Content, DocumentType, TermsStep
from invx.contexts.invoicing.domain.terms import defines_due_date, early_payments_of
from invx.rules.calendar.terms import Instalment
from invx.rules.totals.model import Totals

_CODED = "#SKONTO#"
_CODED_DECIMALS_MAX = 2


def due_date_of(content: Content, totals: Totals, due_date: date) -> date | None:
    """BT-9 where the author gave one, or terms that give one; else only if BR-CO-25 asks for it."""
    terms = content.payment_terms
    if content.due_date is not None or (terms is not None and defines_due_date(terms)):
        return due_date
    worded = terms is not None and (terms.text or terms.discounts)
    asked = totals.payable > 0 and content.type is not DocumentType.CREDIT_NOTE
    return due_date if asked and not worded else None


def payment_terms_of(
    content: Content,
    totals: Totals,
    issue_date: date,
    instalments: tuple[Instalment, ...],
    *,
    coded: bool,
) -> str | None:
    """BT-20: the author's words, the plan of instalments, each discount for paying early.

    `coded` writes the discounts as XRechnung wants them, each in a line of its own (BR-DE-18).
    They change no figure of the document.
    """
    terms = content.payment_terms
    if terms is None:
        return None
    words = wording(content.language)
    said = [terms.text] if terms.text else []
    if len(instalments) > 1:
        if not terms.text:
            said.append(words.say("terms.instalments", count=str(len(instalments))))
        said += [_instalment(words, n, each, content) for n, each in enumerate(instalments, 1)]
    stated = early_payments_of(content, totals.due, issue_date)
    steps = sorted(terms.discounts, key=lambda each: each.days)
    if coded and steps and all(map(_codable, steps)):
        if terms.text and _CODED in terms.text:
            return terms.text
        return "\n".join([*said, *map(_code, steps), ""])
    said += [
        words.say(
            "terms.discount",
            percent=words.percent(str(step.percent)),
            date=words.date(early.last_date.isoformat()),
        )
        + "."
        for step, early in zip(steps, stated, strict=True)
    ]
    return "\n".join(said) or None


def _instalment(words: Wording, number: int, each: Instalment, content: Content) -> str:
    label = words.say(
        "terms.instalment", number=str(number), date=words.date(each.due_date.isoformat())
    )
    return f"{label}: {words.money(str(each.amount), content.currency)}"


def _codable(step: TermsStep) -> bool:
    return -int(step.percent.normalize().as_tuple().exponent) <= _CODED_DECIMALS_MAX


def _code(step: TermsStep) -> str:
    return f"{_CODED}TAGE={step.days}#PROZENT={step.percent:.2f}#"
