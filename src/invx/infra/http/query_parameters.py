"""Query parameters that a route does not know are refused by name instead of being ignored.

Lists read their own query string and refuse what they do not know themselves.
"""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.types import Scope

from invx.infra.http.declarations import dependencies_of
from invx.infra.http.pagination import InvalidQuery, ReadListQuery
from invx.infra.http.problems import parameter_problem

_SHOWN_CHARS_MAX = 100


def query_check_of(route: APIRoute) -> Callable[[Scope], None] | None:
    """The check for a route of the API; None where there is nothing to check."""
    lists = any(isinstance(each, ReadListQuery) for each in dependencies_of(route))
    if lists or not route.include_in_schema:
        return None
    known = {name for each in route.dependant.query_params for name in _names(each)}

    def check(scope: Scope) -> None:
        """Raises InvalidQuery that names every parameter nobody asked for."""
        if not scope["query_string"]:
            return
        given = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        unknown = sorted(given.keys() - known)
        if unknown:
            understood = ", ".join(sorted(known)) or "none"
            detail = f"This takes other parameters: {understood}."
            shown = [name if name.isprintable() else repr(name) for name in unknown]
            raise InvalidQuery(
                problems=[
                    parameter_problem("query", name[:_SHOWN_CHARS_MAX], "unknown_parameter", detail)
                    for name in shown
                ]
            )

    return check


def _names(parameter: Any) -> Iterator[str]:
    """The names of one parameter, or those of a model of parameters."""
    model = parameter.field_info.annotation
    if isinstance(model, type) and issubclass(model, BaseModel):
        yield from (each.alias or name for name, each in model.model_fields.items())
    else:
        yield parameter.alias
