"""Answers of registers as facts: asked outside any transaction, kept with time and proof (E2)."""

import hashlib
from collections.abc import Mapping, Sequence

from invx.contexts.invoicing.adapters.tax_ids.form import form_of
from invx.contexts.invoicing.adapters.tax_ids.registers import ask_all
from invx.contexts.invoicing.app.ports import TaxRegister
from invx.contexts.invoicing.domain.tax.tax_ids import TaxIdForm
from invx.infra.facts import Answered
from invx.kernel.context import RequestContext
from invx.kernel.ports import Fact

PORT = "tax_ids"

Registers = Mapping[str, TaxRegister]  # by the country as VAT ids begin with it


class TaxIds:
    """See `app.ports.TaxIds`."""

    def __init__(self, registers: Registers, ctx: RequestContext) -> None:
        self._registers = registers
        self._ctx = ctx

    def form(self, tax_id: str, country: str | None) -> TaxIdForm:
        """The compact form of an id, with what is wrong about it. Raises Invalid."""
        return form_of(tax_id, country)

    def in_register(self, form: TaxIdForm, requester: str | None) -> Fact | None:
        """The fact whose answer is what the register says today; None when there is no register.

        The key hides the id: a sole trader's is personal, and facts outlive documents.
        """
        if form.country not in self._registers:
            return None
        key = hashlib.sha256(form.tax_id.encode()).hexdigest()
        asked = f"{form.tax_id}|{requester}|{self._ctx.now.isoformat()}"
        fingerprint = hashlib.sha256(asked.encode()).hexdigest()
        return Fact(PORT, key, fingerprint, (form, requester))


class RegisterFacts:
    """Provides those facts."""

    def __init__(self, registers: Registers) -> None:
        self.registers = registers

    async def obtain(self, facts: Sequence[Fact]) -> list[Answered]:
        """One answer per fact, also when a register does not answer: then it says so."""
        questions = [(self.registers[fact.question[0].country], *fact.question) for fact in facts]
        answers = await ask_all(questions)
        return [
            Answered(
                fact,
                answer,
                answer.register,
                {
                    "validity": str(answer.validity),
                    "consultation": answer.consultation,
                    "asked_at": answer.asked_at.isoformat(),
                    "reason": answer.reason,
                },
            )
            for fact, answer in zip(facts, answers, strict=True)
        ]
