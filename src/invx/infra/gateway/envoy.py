"""The configuration of Envoy: what a request passes before it reaches a context.

In order: an id, the size of its body, cross-origin rules, an API key made into an access token by
identity, the token checked against identity's keys, the tenant's allowance, compression of the
answer. Refusals are problem documents like everybody else's. Only what can be repeated is: reads,
and writes under an Idempotency-Key; anything else only while it cannot have arrived.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from invx.infra import tokens
from invx.infra.gateway.allowance import allowance, claims_kept
from invx.infra.gateway.clusters import Upstream, address, cluster
from invx.infra.gateway.routing import Routing
from invx.infra.http import operating
from invx.infra.http.problems import RETRY_AFTER_SECONDS_UNAVAILABLE
from invx.kernel import limits

KEYS_PATH = "/internal/keys"  # of identity, never routed to from outside
_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3"
_SHOWS_KEY = {"safe_regex": {"regex": "(?i)bearer +invx_(live|test)_.*"}}
_READS = {"safe_regex": {"regex": "GET|HEAD"}}
_PROBLEM = "application/problem+json"
_NO_KEYS = {
    "envoy.filters.http.ext_authz": {
        "@type": f"{_FILTERS}.ext_authz.v3.ExtAuthzPerRoute", "disabled": True,
    }
}  # fmt: skip
_ANOTHER = {  # rather than who has just failed
    "name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": {
        "@type": (
            "type.googleapis.com/"
            "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
        )
    },
}
_NEVER_ARRIVED = "connect-failure,refused-stream"
_REPEATABLE = f"{_NEVER_ARRIVED},reset,gateway-error"
# What the program's own problems say of these, so that a client learns one set of codes.
_CODES = {
    401: ("unauthenticated", "Not authenticated"),
    403: ("forbidden", "Forbidden"),
    404: ("not_found", "Not found"),
    413: ("body_too_large", "Body too large"),
    429: ("too_many_requests", "Too many requests"),
}
_AWAY = (503, 504)  # asking again helps
_DENIED = "UAEX"  # by identity, whose answer is a problem already


@dataclass(frozen=True, slots=True)
class Gateway:
    """What a configuration is made from. `document` is the file of the one OpenAPI document."""

    port: int
    admin_port: int
    upstreams: Mapping[str, Sequence[Upstream]]  # any process of a context may answer
    routing: Routing
    access_log: Path | None  # standard output without one
    document: Path
    identity: str = "identity"
    issuer: str = "invx"
    host: str = "127.0.0.1"
    origins: tuple[str, ...] = ()  # of pages in browsers that may call the API
    https_only: bool = False
    tenant_requests_per_second: int = 1_000


def configuration(gateway: Gateway) -> dict[str, Any]:
    """Envoy's bootstrap, to be written as JSON."""
    return {
        "admin": {"address": address("127.0.0.1", gateway.admin_port)},
        "static_resources": {
            "listeners": [
                {
                    "name": "edge",
                    "address": address(gateway.host, gateway.port),
                    "per_connection_buffer_limit_bytes": 1_048_576,
                    "filter_chains": [{"filters": [_manager(gateway)]}],
                }
            ],
            "clusters": [cluster(name, each) for name, each in gateway.upstreams.items()],
        },
    }


def _manager(gateway: Gateway) -> dict[str, Any]:
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{_HCM}.HttpConnectionManager",
            "stat_prefix": "edge",
            "use_remote_address": True,
            "normalize_path": True,
            "merge_slashes": True,
            "path_with_escaped_slashes_action": "REJECT_REQUEST",
            "preserve_external_request_id": True,
            "common_http_protocol_options": {"idle_timeout": "60s"},
            "request_headers_timeout": "10s",
            "stream_idle_timeout": "60s",
            "server_header_transformation": "PASS_THROUGH",
            "access_log": [_access_log(gateway.access_log)],
            "local_reply_config": _problems(gateway),
            "route_config": _routes(gateway),
            "http_filters": _filters(gateway),
        },
    }


def _access_log(file: Path | None) -> dict[str, Any]:
    """One object a line: no query and no header of a person, since logs are kept."""
    said = {
        "at": "%START_TIME%",
        "method": "%REQ(:METHOD)%",
        "path": "%PATH(NQ)%",
        "status": "%RESPONSE_CODE%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "milliseconds": "%DURATION%",
        "bytes_sent": "%BYTES_SENT%",
        "context": "%UPSTREAM_CLUSTER%",
        "request_id": "%REQ(X-REQUEST-ID)%",
        "trace_parent": "%REQ(TRACEPARENT)%",
    }
    kind = "file.v3.FileAccessLog" if file else "stream.v3.StdoutAccessLog"
    return {
        "name": f"envoy.access_loggers.{'file' if file else 'stdout'}",
        "typed_config": {
            "@type": f"type.googleapis.com/envoy.extensions.access_loggers.{kind}",
            "log_format": {"json_format": said},
            **({"path": str(file)} if file else {}),
        },
    }


def _problems(gateway: Gateway) -> dict[str, Any]:
    """RFC 9457 also where no context was asked."""

    def problem(code: str, title: str) -> dict[str, Any]:
        said = {
            "type": f"/problems/{code}",
            "title": title,
            "status": "%RESPONSE_CODE%",
            "code": code,
            "detail": "%LOCAL_REPLY_BODY%",
            "request_id": "%REQ(X-REQUEST-ID)%",
        }
        return {"json_format": said, "content_type": _PROBLEM}

    def only(status: int, op: str = "EQ") -> dict[str, Any]:
        value = {"default_value": status, "runtime_key": f"problem_{op}_{status}"}
        return {"status_code_filter": {"comparison": {"op": op, "value": value}}}

    whole = {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}}
    told: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (only(399, "LE"), {**whole, "content_type": "application/json"}),
        # Before what identity said: when it is away it has said nothing.
        *((only(status), problem("unavailable", "Unavailable")) for status in _AWAY),
        ({"response_flag_filter": {"flags": [_DENIED]}}, {**whole, "content_type": _PROBLEM}),
        *((only(status), problem(*said)) for status, said in _CODES.items()),
        (only(400, "GE"), problem("refused", "Refused")),
    ]
    headers = _security_headers(gateway)
    again = [*headers, _header("retry-after", str(RETRY_AFTER_SECONDS_UNAVAILABLE))]
    away = [only(status) for status in _AWAY]
    return {
        "mappers": [
            {
                "filter": when,
                "body_format_override": body,
                "headers_to_add": again if when in away else headers,
            }
            for when, body in told
        ]
    }


def _routes(gateway: Gateway) -> dict[str, Any]:
    routes = [
        {
            "match": {"path": "/healthz"},
            "direct_response": {"status": 200, "body": {"inline_string": '{"status":"ok"}'}},
            "typed_per_filter_config": _NO_KEYS,
        },
        {
            "match": {"path": "/openapi.json"},
            "direct_response": {"status": 200, "body": {"filename": str(gateway.document)}},
            "typed_per_filter_config": _NO_KEYS,
        },
        *_routes_of("/docs", gateway.identity, keys=False),
    ]
    for prefix, context in gateway.routing.prefixes.items():
        if context in gateway.upstreams:
            routes += _routes_of(prefix, context, keys=True)
            routes += _routes_of(prefix, context, keys=False)
    host: dict[str, Any] = {
        "name": "all",
        "domains": ["*"],
        "routes": routes,
        "response_headers_to_add": _security_headers(gateway),
        "include_request_attempt_count": True,
    }
    if gateway.origins:
        host["typed_per_filter_config"] = {"envoy.filters.http.cors": _cors(gateway.origins)}
    return {
        "name": "edge",
        "virtual_hosts": [host],
        "max_direct_response_body_size_bytes": 16_000_000,
    }


def _routes_of(prefix: str, context: str, *, keys: bool) -> list[dict[str, Any]]:
    """Reads, writes that may be repeated, and the rest; with an API key or without."""
    reads = {"name": ":method", "string_match": _READS}
    keyed = {"name": "idempotency-key", "present_match": True}
    kinds: list[tuple[list[dict[str, Any]], str, str]] = [
        ([reads], _REPEATABLE, "0s"),  # exports stream for as long as they take
        ([keyed], _REPEATABLE, "120s"),
        ([], _NEVER_ARRIVED, "120s"),
    ]
    shows = [{"name": "authorization", "string_match": _SHOWS_KEY}] if keys else []
    more: dict[str, Any] = {} if keys else {"typed_per_filter_config": _NO_KEYS}
    return [
        {
            "match": {"path_separated_prefix": prefix, "headers": [*shows, *headers]},
            "route": {
                "cluster": context,
                "timeout": timeout,
                "idle_timeout": "60s",
                "retry_policy": {
                    "retry_on": retried,
                    "num_retries": 3,
                    "retry_back_off": {"base_interval": "0.05s", "max_interval": "1s"},
                    "retry_host_predicate": [_ANOTHER],
                    "host_selection_retry_max_attempts": "3",
                },
            },
            **more,
        }
        for headers, retried, timeout in kinds
    ]


def _security_headers(gateway: Gateway) -> list[dict[str, Any]]:
    """Those of the program, also on what the gateway answers itself."""
    said = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
    }
    if gateway.https_only:
        said["strict-transport-security"] = "max-age=63072000; includeSubDomains"
    return [_header(name, text) for name, text in said.items()]


def _header(name: str, text: str) -> dict[str, Any]:
    return {"header": {"key": name, "value": text}, "append_action": "ADD_IF_ABSENT"}


def _cors(origins: tuple[str, ...]) -> dict[str, Any]:
    return {
        "@type": f"{_FILTERS}.cors.v3.CorsPolicy",
        "allow_origin_string_match": [{"exact": each} for each in origins],
        "allow_methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
        "allow_headers": "authorization, content-type, idempotency-key, if-match, invx-version",
        "expose_headers": "etag, invx-version, retry-after, x-request-id",
        "max_age": "600",
    }


def _filters(gateway: Gateway) -> list[dict[str, Any]]:
    compressor = "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"
    said: list[tuple[str, str, dict[str, Any]]] = [
        ("cors", "cors.v3.Cors", {}),
        ("buffer", "buffer.v3.Buffer", {"max_request_bytes": limits.BODY_BYTES_MAX}),
        ("ext_authz", "ext_authz.v3.ExtAuthz", _keys(gateway)),
        ("jwt_authn", "jwt_authn.v3.JwtAuthentication", _tokens(gateway)),
        (
            "local_ratelimit",
            "local_ratelimit.v3.LocalRateLimit",
            allowance(gateway.tenant_requests_per_second),
        ),
        (
            "compressor",
            "compressor.v3.Compressor",
            {
                "response_direction_config": {
                    "common_config": {"min_content_length": 1_000},
                    "disable_on_etag_header": True,  # a changed body would need another one
                },
                "compressor_library": {"name": "gzip", "typed_config": {"@type": compressor}},
            },
        ),
        ("router", "router.v3.Router", {}),
    ]
    return [
        {
            "name": f"envoy.filters.http.{name}",
            "typed_config": {"@type": f"{_FILTERS}.{kind}", **at},
        }
        for name, kind, at in said
    ]


def _keys(gateway: Gateway) -> dict[str, Any]:
    """API keys are known to identity alone, which answers with an access token in their place."""
    return {
        "transport_api_version": "V3",
        "status_on_error": {"code": "ServiceUnavailable"},
        "http_service": {
            "retry_policy": {"retry_on": _REPEATABLE, "num_retries": 2},
            "server_uri": {
                "uri": f"http://{gateway.identity}", "cluster": gateway.identity, "timeout": "10s",
            },
            "path_override": KEYS_PATH,
            "authorization_response": {
                "allowed_upstream_headers": {"patterns": [{"exact": "authorization"}]},
                "allowed_client_headers": {"patterns": [{"exact": "content-type"}]},
            },
        },
    }  # fmt: skip


def _tokens(gateway: Gateway) -> dict[str, Any]:
    """Signature, issuer, audience and expiry; what a token allows is for the contexts to say."""
    keys = {
        "uri": f"http://{gateway.identity}/.well-known/jwks.json",
        "cluster": gateway.identity,
        "timeout": "2s",
    }
    provider = {
        "issuer": gateway.issuer,
        "audiences": [tokens.AUDIENCE, operating.AUDIENCE],  # each context takes its own only
        "forward": True,
        "clock_skew_seconds": 5,
        "remote_jwks": {
            "http_uri": keys,
            "cache_duration": "60s",
            "async_fetch": {"fast_listener": True, "failed_refetch_duration": "1s"},
        },
        "jwt_cache_config": {"jwt_cache_size": 1_000},
        **claims_kept(),
    }
    open_paths = [
        {
            "match": {
                "safe_regex": {"regex": each.pattern},
                "headers": [{"name": ":method", "string_match": {"exact": each.method}}],
            }
        }
        for each in gateway.routing.open
    ]
    free = [{"match": {"path": path}} for path in ("/healthz", "/openapi.json")]
    pages = {"match": {"path_separated_prefix": "/docs"}}
    preflight = {
        "match": {
            "prefix": "/",
            "headers": [{"name": ":method", "string_match": {"exact": "OPTIONS"}}],
        }
    }
    whoever = [
        {"match": {"path_separated_prefix": prefix}, "requires": {"provider_name": "invx"}}
        for prefix in gateway.routing.prefixes
    ]
    return {
        "providers": {"invx": provider},
        "rules": [*free, pages, preflight, *open_paths, *whoever],
    }
