"""Envoy's configuration: what it repeats, what it lets through, and that Envoy itself takes it."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from invx.host import ROUTERS
from invx.infra.embedded_envoy import envoy_program, find_envoy
from invx.infra.gateway.clusters import Upstream
from invx.infra.gateway.envoy import KEYS_PATH, Gateway, configuration
from invx.infra.gateway.routing import routing_of
from invx.kernel import limits

GATEWAY = Gateway(
    port=18_999,
    admin_port=18_998,
    upstreams={
        name: [Upstream("127.0.0.1", 18_000 + 10 * n + replica) for replica in range(2)]
        for n, name in enumerate(sorted(ROUTERS))
    },
    routing=routing_of(ROUTERS),
    access_log=Path("access.jsonl"),
    document=Path("openapi.json"),
)


def manager(gateway: Gateway = GATEWAY) -> dict[str, Any]:
    [listener] = configuration(gateway)["static_resources"]["listeners"]
    [chain] = listener["filter_chains"]
    found: dict[str, Any] = chain["filters"][0]["typed_config"]
    return found


def host(gateway: Gateway = GATEWAY) -> dict[str, Any]:
    [found] = manager(gateway)["route_config"]["virtual_hosts"]
    return dict(found)


def routes(prefix: str) -> list[dict[str, Any]]:
    return [
        each for each in host()["routes"] if each["match"].get("path_separated_prefix") == prefix
    ]


def filters(gateway: Gateway = GATEWAY) -> dict[str, dict[str, Any]]:
    return {
        each["name"].rpartition(".")[2]: each["typed_config"]
        for each in manager(gateway)["http_filters"]
    }


@pytest.mark.parametrize("gateway", [GATEWAY, replace(GATEWAY, origins=("https://a.test",))])
def test_envoy_takes_it(tmp_path: Path, gateway: Gateway) -> None:
    document = tmp_path / "openapi.json"
    document.write_text("{}")
    there = replace(gateway, access_log=tmp_path / "access.jsonl", document=document)
    program = envoy_program(tmp_path / "log", configuration(there), port=there.port)
    checked = subprocess.run(
        [*program.command, "--mode", "validate"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr[-2_000:]
    assert "deprecated" not in checked.stderr.lower()
    assert json.loads((tmp_path / "log" / "envoy.json").read_text()) == configuration(there)


def test_only_what_may_be_repeated_is_repeated() -> None:
    for each in routes("/v1/invoices"):
        asked = each["match"]["headers"]
        repeatable = any(header["name"] in (":method", "idempotency-key") for header in asked)
        said = each["route"]["retry_policy"]["retry_on"]
        assert ("reset" in said.split(",")) is repeatable, each
        assert "connect-failure" in said


def test_every_route_is_bounded_in_time() -> None:
    for each in host()["routes"]:
        if "route" in each:
            assert each["route"]["idle_timeout"] == "60s"
            assert each["route"]["timeout"] in ("0s", "120s")


def test_keys_are_exchanged_and_tokens_are_not() -> None:
    with_key, without = routes("/v1/invoices")[:3], routes("/v1/invoices")[3:]
    assert all(each["match"]["headers"][0]["name"] == "authorization" for each in with_key)
    assert not any("typed_per_filter_config" in each for each in with_key)
    for each in without:
        assert each["typed_per_filter_config"]["envoy.filters.http.ext_authz"]["disabled"]
    assert filters()["ext_authz"]["http_service"]["path_override"] == KEYS_PATH


def test_who_asks_for_the_exchange_from_outside_is_led_nowhere() -> None:
    matches = json.dumps([each["match"] for each in host()["routes"]])
    assert KEYS_PATH not in matches
    assert "/internal" not in matches
    assert "/metrics" not in matches


def test_the_order_is_size_then_key_then_token_then_allowance_then_context() -> None:
    first, last = ["cors", "buffer", "ext_authz", "jwt_authn"], ["compressor", "router"]
    assert list(filters()) == [*first, "local_ratelimit", *last]
    assert filters()["buffer"]["max_request_bytes"] == limits.BODY_BYTES_MAX


def test_every_prefix_needs_a_token_unless_it_is_open() -> None:
    rules = filters()["jwt_authn"]["rules"]
    guarded = {each["match"]["path_separated_prefix"] for each in rules if "requires" in each}
    assert guarded == set(GATEWAY.routing.prefixes)
    first_guarded = next(n for n, each in enumerate(rules) if "requires" in each)
    assert all("requires" in each for each in rules[first_guarded:])
    keys = filters()["jwt_authn"]["providers"]["invx"]
    assert (keys["issuer"], keys["audiences"]) == ("invx", ["invx", "invx-operator"])
    assert keys["remote_jwks"]["async_fetch"]


def test_a_context_that_is_not_here_has_no_route() -> None:
    alone = replace(GATEWAY, upstreams={"identity": [Upstream("127.0.0.1", 1)]})
    clusters = {each["route"]["cluster"] for each in host(alone)["routes"] if "route" in each}
    assert clusters == {"identity"}


def test_pages_of_others_may_call_only_when_they_are_named() -> None:
    assert "typed_per_filter_config" not in host()
    policy = host(replace(GATEWAY, origins=("https://a.test",)))["typed_per_filter_config"]
    [origin] = policy["envoy.filters.http.cors"]["allow_origin_string_match"]
    assert origin == {"exact": "https://a.test"}


def test_https_is_demanded_of_browsers_only_where_it_is_set() -> None:
    def names(gateway: Gateway) -> set[str]:
        return {each["header"]["key"] for each in host(gateway)["response_headers_to_add"]}

    assert "strict-transport-security" not in names(GATEWAY)
    assert "strict-transport-security" in names(replace(GATEWAY, https_only=True))


def test_the_log_has_no_query_and_no_credentials() -> None:
    said = json.dumps(manager()["access_log"])
    assert "NQ" in said
    assert "AUTHORIZATION" not in said.upper()


def test_a_context_that_fails_is_left_alone_for_a_while() -> None:
    for cluster in configuration(GATEWAY)["static_resources"]["clusters"]:
        assert cluster["outlier_detection"]["consecutive_gateway_failure"] == 5
        assert cluster["health_checks"][0]["http_health_check"]["path"] == "/readyz"
        [bounds] = cluster["circuit_breakers"]["thresholds"]
        assert bounds["max_requests"] > bounds["max_retries"] > 100


def test_each_process_of_a_context_is_an_endpoint_and_another_one_is_tried_next() -> None:
    for name, where in GATEWAY.upstreams.items():
        [cluster] = [
            each
            for each in configuration(GATEWAY)["static_resources"]["clusters"]
            if each["name"] == name
        ]
        [locality] = cluster["load_assignment"]["endpoints"]
        ports = [
            each["endpoint"]["address"]["socket_address"]["port_value"]
            for each in locality["lb_endpoints"]
        ]
        assert ports == [each.port for each in where]
    for each in routes("/v1/invoices"):
        [predicate] = each["route"]["retry_policy"]["retry_host_predicate"]
        assert predicate["name"] == "envoy.retry_host_predicates.previous_hosts"


def test_who_is_refused_because_somebody_is_away_is_told_when_to_ask_again() -> None:
    mappers = manager()["local_reply_config"]["mappers"]
    waits: list[int] = []
    for at, each in enumerate(mappers):
        said = {
            added["header"]["key"]: added["header"]["value"] for added in each["headers_to_add"]
        }
        if "retry-after" in said:
            assert said["retry-after"].isdecimal()
            waits.append(at)
    asked = [mappers[at]["filter"]["status_code_filter"]["comparison"] for at in waits]
    assert [each["value"]["default_value"] for each in asked] == [503, 504]
    [denied] = [n for n, each in enumerate(mappers) if "response_flag_filter" in each["filter"]]
    assert max(waits) < denied, "identity that is away has said nothing that could be passed on"


def test_the_program_is_found_where_it_is_said_to_be(tmp_path: Path) -> None:
    own = tmp_path / "envoy"
    own.touch()
    assert find_envoy(own) == own
    assert find_envoy().name.startswith("envoy")
