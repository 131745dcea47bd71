"""The answer of a check."""

import msgspec
from starlette.responses import Response

from invx.contexts.invoicing.adapters.einvoice.validation import Findings
from invx.contexts.invoicing.api.e_invoices import Ruling
from invx.contexts.invoicing.app.check_content import Checked
from invx.contexts.invoicing.domain.einvoice.routing import TakenRoute
from invx.contexts.invoicing.read.resource import groups_resource, lines_resource, totals_resource
from invx.infra import piecewise
from invx.infra.http.answers import encode, json_response
from invx.kernel.errors import Problem


def show_checked(checked: Checked, ruling: Ruling | None = None) -> Response:
    """Lines, taxes, totals and problems in one answer; figures are missing where none can be."""
    problems = [*checked.problems, *(ruling.problems if ruling else ())]
    findings = ruling.findings if ruling else None
    totals = checked.totals
    written = piecewise.to_builtins(checked.content.lines)
    lines = lines_resource(written, checked.content.lines, totals.lines) if totals else []
    body = {
        "object": "check",
        "valid": not problems and (findings is None or _passes(findings, checked)),
        "problems": [_shown(each) for each in problems],
        "warnings": [_shown(each) for each in checked.warnings],
        "route": _route(checked.route),
        "currency": checked.content.currency,
        "profile": str(checked.content.profile),
        "totals": totals_resource(totals) if totals else None,
        "lines": msgspec.Raw(piecewise.encode(lines)),
        "tax_groups": groups_resource(totals.taxes) if totals else [],
        "e_invoice": findings.to_json() if findings else None,
    }
    return json_response(encode(body))


def _passes(findings: Findings, checked: Checked) -> bool:
    """No error; and where finalizing demands the rules of the route, all of them ran."""
    demanded = checked.judged and checked.route and findings.format == checked.route.format
    return findings.valid and (findings.complete or not demanded)


def _shown(problem: Problem) -> dict[str, str]:
    return {"pointer": problem.pointer, "code": problem.code, "detail": problem.detail}


def _route(route: TakenRoute | None) -> dict[str, str] | None:
    return {"format": route.format, "source": str(route.source)} if route else None
