"""What is known of a request before any route sees it. It lives in the ASGI scope."""

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection
from starlette.types import Scope

from invx.infra.tracing import Trail
from invx.kernel.context import Caller

KEY = "invx.request"


@dataclass(slots=True)
class RequestInfo(Trail):
    """The trail of a request, and what its dependencies found out so far."""

    api_version: str = ""
    tenant_class: str = "none"  # a label of metrics, see `quotas.Admission.label_of`
    authorization: str = field(default="", repr=False)
    caller: Caller | None = None  # set once the token is verified


def request_info(request: HTTPConnection) -> RequestInfo:
    """The info of this request. RequestContextMiddleware put it there."""
    info: RequestInfo = request.scope[KEY]
    return info


def route_template(scope: Scope) -> str | None:
    """The path template of the matched route, such as `/v1/invoices/{id}`; None if none matched."""
    template: str | None = getattr(scope.get("route"), "path_format", None)
    return template
