"""Where contexts listen, as Envoy's clusters: whom it asks, whom it leaves alone, whom it tries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_UPSTREAM_IDLE = "4s"  # below the five seconds that uvicorn keeps a connection


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where one process of a context listens, or several: each address of the host is asked."""

    host: str
    port: int


def address(host: str, port: int) -> dict[str, Any]:
    """As Envoy writes it."""
    return {"socket_address": {"address": host, "port_value": port}}


def cluster(name: str, upstreams: Sequence[Upstream]) -> dict[str, Any]:
    """The processes of a context, of which any may answer.

    One that says no at `/readyz` is asked no more within two seconds: that is how it drains.
    """
    options = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": _UPSTREAM_IDLE},
        "explicit_http_config": {"http_protocol_options": {}},
    }
    endpoints = [{"endpoint": {"address": address(each.host, each.port)}} for each in upstreams]
    return {
        "name": name,
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",  # contexts listen on 0.0.0.0
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options
        },
        "circuit_breakers": {
            "thresholds": [
                {
                    "max_connections": 512,
                    "max_pending_requests": 512,
                    "max_requests": 1_024,
                    "max_retries": 256,  # at once; 3 unless it is said
                }
            ]
        },
        "outlier_detection": {
            "consecutive_gateway_failure": 5,
            "base_ejection_time": "5s",
            "max_ejection_percent": 50,
        },
        "health_checks": [
            {
                "timeout": "2s",
                "interval": "2s",
                "no_traffic_interval": "2s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "http_health_check": {"path": "/readyz"},
            }
        ],
    }
