"""What the official rules of a format say of a document before it is issued."""

from dataclasses import dataclass

from invx.contexts.invoicing.domain.errors import EInvoiceInvalid, EInvoiceRulesMissing
from invx.kernel.errors import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The rules that are broken, by the field of our API; `missing` are sheets that did not run.

    Warnings of the rules' authors are not among the problems.
    """

    format: str
    problems: tuple[Problem, ...] = ()
    missing: tuple[str, ...] = ()

    def ensure_valid(self) -> None:
        """Raises EInvoiceInvalid; EInvoiceRulesMissing when nothing is wrong as far as they ran."""
        if self.problems:
            raise EInvoiceInvalid(problems=self.problems)
        if self.missing:
            names = ", ".join(self.missing)
            raise EInvoiceRulesMissing(
                f"The rules {names} of {self.format} are not installed, so nothing vouches for it."
            )
