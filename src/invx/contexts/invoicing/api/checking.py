"""The answer of a check."""

import msgspec
from starlette.responses import Response

from invx.contexts.invoicing.app.check_content import Checked
from invx.contexts.invoicing.read.resource import groups_resource, lines_resource, totals_resource
from invx.infra import piecewise
from invx.infra.http.answers import encode, json_response


def show_checked(checked: Checked) -> Response:
    """Lines, taxes, totals and problems in one answer; figures are missing where none can be."""
    totals = checked.totals
    written = piecewise.to_builtins(checked.content.lines)
    lines = lines_resource(written, checked.content.lines, totals.lines) if totals else []
    body = {
        "object": "check",
        "valid": not checked.problems,
        "problems": [
            {"pointer": each.pointer, "code": each.code, "detail": each.detail}
            for each in checked.problems
        ],
        "currency": checked.content.currency,
        "profile": str(checked.content.profile),
        "totals": totals_resource(totals) if totals else None,
        "lines": msgspec.Raw(piecewise.encode(lines)),
        "tax_groups": groups_resource(totals.taxes) if totals else [],
    }
    return json_response(encode(body))
