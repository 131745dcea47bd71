"""The table of problem codes in docs/API_DOCUMENTATION.md, made from the refusals in the code."""

import importlib
import pkgutil
from collections.abc import Iterator

import invx
from invx.infra.http.problems import STATUS
from invx.kernel.errors import DomainError

# Refusals of the command line and of the set-up; no request meets them.
_NOT_HTTP = (
    "invx.cli",
    "invx.settings",
    "invx.infra.parked",
    "invx.infra.republish",
    "invx.infra.tenants",
)
_NOT_HTTP_CODES = {
    *("tenant_erased", "operator_act_not_found", "operator_act_over"),
    *("key_exists", "key_missing", "domain_error"),
}


def refusals(base: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every refusal that a request may meet."""
    for each in pkgutil.walk_packages(invx.__path__, "invx."):
        if each.name.startswith(("invx.contexts", "invx.infra", "invx.kernel", "invx.rules")):
            importlib.import_module(each.name)
    waiting = [base]
    while waiting:
        refusal = waiting.pop()
        waiting += refusal.__subclasses__()
        ours = refusal.__module__.startswith("invx.")
        if ours and not refusal.__module__.startswith(_NOT_HTTP):
            yield refusal


def table() -> str:
    """Markdown, sorted by code."""
    rows = {
        (each.code, STATUS[each.kind], (each.__doc__ or "").strip().splitlines()[0])
        for each in refusals()
        if each.code not in _NOT_HTTP_CODES
    }
    body = "".join(f"| `{code}` | {status} | {said} |\n" for code, status, said in sorted(rows))
    return f"| code | status | what it says |\n| --- | --- | --- |\n{body}"
