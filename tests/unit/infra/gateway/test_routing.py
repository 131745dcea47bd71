"""Paths lead to the one context that answers them, and only what is open is open."""

import re

import pytest
from fastapi import APIRouter

from invx.host import CONTEXTS, ROUTERS, whole_document
from invx.infra.gateway.routing import Open, routing_of
from invx.infra.http.permissions import public, requires
from invx.kernel.errors import InvariantViolation

ROUTING = routing_of(ROUTERS)


def router(*paths: str, open_to_all: bool = False) -> APIRouter:
    made = APIRouter(dependencies=[public() if open_to_all else requires("notes:read")])
    for path in paths:
        made.add_api_route(path, lambda: None, methods=["GET"])
    return made


def owner_of(path: str) -> str:
    """As the gateway finds it: the longest prefix goes first."""
    for prefix, context in ROUTING.prefixes.items():
        if path == prefix or path.startswith(prefix + "/"):
            return context
    raise AssertionError(path)


def test_every_documented_path_leads_to_the_context_that_has_it() -> None:
    owners = {
        route.path_format: name
        for name, routers in ROUTERS.items()
        for each in routers
        for route in each.routes
    }
    paths = whole_document()["paths"]
    assert len(paths) > 100
    for path in paths:
        assert owner_of(path) == owners[path]


def test_every_context_is_reached() -> None:
    assert set(ROUTING.prefixes.values()) == set(CONTEXTS) == set(ROUTERS)


def test_what_two_contexts_share_is_told_apart_further_on() -> None:
    found = routing_of({"one": [router("/v1/audit/acts")], "two": [router("/v1/audit/seals/{s}")]})
    assert found.prefixes == {"/v1/audit/seals": "two", "/v1/audit/acts": "one"}


def test_longer_prefixes_go_first() -> None:
    lengths = [len(prefix) for prefix in ROUTING.prefixes]
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("path", ["/v1/notes", "/v1/notes/{note}", "/notes"])
def test_one_path_of_two_contexts_is_a_defect(path: str) -> None:
    with pytest.raises(InvariantViolation, match="one and to two"):
        routing_of({"one": [router(path)], "two": [router(path)]})


def test_a_path_that_others_lie_under_cannot_be_anothers() -> None:
    with pytest.raises(InvariantViolation):
        routing_of({"one": [router("/v1/notes")], "two": [router("/v1/notes/old")]})


def test_open_paths_are_patterns_over_the_whole_path() -> None:
    made = router("/v1/invitations/{token}", open_to_all=True)
    assert routing_of({"one": [made]}).open == (Open("GET", "/v1/invitations/[^/]+"),)


def test_what_needs_a_token_is_not_open_and_the_document_agrees() -> None:
    for path, methods in whole_document()["paths"].items():
        concrete = re.sub(r"\{[^}]+\}", "x", path)
        for method, said in methods.items():
            if not isinstance(said, dict) or "operationId" not in said:
                continue
            matched = any(
                each.method == method.upper() and re.fullmatch(each.pattern, concrete)
                for each in ROUTING.open
            )
            assert matched is not bool(said.get("security")), f"{method} {path}"
