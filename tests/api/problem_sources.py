"""The codes of problems that a module can name, read from its source."""

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from invx.contexts.invoicing.domain import (
    bank,
    check,
    check_parties,
    legal_entity_details,
    numbering,
    series_definition,
)
from invx.contexts.invoicing.domain import terms as terms_of_documents
from invx.contexts.invoicing.domain.bookkeeping import accounting, accounts
from invx.contexts.invoicing.domain.einvoice import routes
from invx.contexts.invoicing.domain.exchange import rate_sources
from invx.contexts.invoicing.domain.tax import determination
from invx.rules.calendar import terms
from invx.rules.totals import inputs, representable

MODULES: dict[str, ModuleType] = {
    "accounting": accounting,
    "accounts": accounts,
    "bank": bank,
    "check": check,
    "check_parties": check_parties,
    "determination": determination,
    "inputs": inputs,
    "legal_entity_details": legal_entity_details,
    "numbering": numbering,
    "rate_sources": rate_sources,
    "representable": representable,
    "routes": routes,
    "series_definition": series_definition,
    "terms": terms,
    "terms_of_documents": terms_of_documents,
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """A body with something wrong in it, and what the answer says: each pointer with its code.

    `codes` names what the case proves, as `module: code`. Where the edge refuses the body before
    the domain sees it, `said` has the code of the edge.
    """

    name: str
    codes: tuple[str, ...]
    said: tuple[tuple[str, str], ...]
    body: dict[str, Any]
    entity: str = "usual"
    finalizing: bool = field(default=False)  # a draft may be so; a finalized document may not


def codes_in(module: ModuleType) -> set[str]:
    """Every code of a `Problem(pointer, code, detail)` in the source of a module.

    Raises AssertionError for a code that is neither written there, nor a constant of the module,
    nor the `code` of an error that is named or being handled.
    """
    return set(_codes(ast.parse(inspect.getsource(module)), module, {}))


def _codes(node: ast.AST, module: ModuleType, handled: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.ExceptHandler) and node.name and isinstance(node.type, ast.Name):
        handled = {**handled, node.name: node.type.id}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
        yield _code(node.args[1], module, handled)
    for child in ast.iter_child_nodes(node):
        yield from _codes(child, module, handled)


def _code(written: ast.expr, module: ModuleType, handled: dict[str, str]) -> str:
    if isinstance(written, ast.Constant):
        found = written.value
    elif isinstance(written, ast.Name):
        found = getattr(module, written.id)
    else:
        assert isinstance(written, ast.Attribute), ast.unparse(written)
        assert isinstance(written.value, ast.Name), ast.unparse(written)
        error = handled.get(written.value.id, written.value.id)
        found = getattr(module, error).code
    assert isinstance(found, str)
    return found


def leads_into(body: Any, pointer: str) -> bool:
    """Whether a JSON Pointer (RFC 6901) names something that the body has."""
    here = body
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list) and name.isdigit() and int(name) < len(here):
            here = here[int(name)]
        elif isinstance(here, dict) and name in here:
            here = here[name]
        else:
            return False
    return True
