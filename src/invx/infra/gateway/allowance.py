"""How fast one tenant may ask at one gateway, before any context is asked.

A wall against floods and nothing else: quotas are the contexts' (ADR 0035), which know the class of
a tenant and count together. A token says the tenant and is verified before; what needs no token,
such as signing in, has limits of its own in identity.
"""

from typing import Any

TENANTS_COUNTED = 10_000  # at a time; who asked least recently is forgotten first
_METADATA = "envoy.filters.http.jwt_authn"
_CLAIMS = "claims"


def claims_kept() -> dict[str, str]:
    """What the check of tokens is told, so that the tenant is known to this one."""
    return {"payload_in_metadata": _CLAIMS}


def allowance(per_second: int) -> dict[str, Any]:
    """Envoy's local rate limit: a bucket per tenant that holds two seconds' worth."""
    tenant = {
        "descriptor_key": "tenant",
        "metadata_key": {"key": _METADATA, "path": [{"key": _CLAIMS}, {"key": "tid"}]},
        "source": "DYNAMIC",
        "skip_if_absent": True,
    }
    bucket = {
        "max_tokens": per_second * 2,
        "tokens_per_fill": per_second,
        "fill_interval": "1s",
    }
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "stat_prefix": "tenants",
        "filter_enabled": always,
        "filter_enforced": always,
        "rate_limits": [{"actions": [{"metadata": tenant}]}],
        # No value: each tenant gets a bucket of its own.
        "descriptors": [{"entries": [{"key": "tenant"}], "token_bucket": bucket}],
        "max_dynamic_descriptors": TENANTS_COUNTED,
        "always_consume_default_token_bucket": False,
        "response_headers_to_add": [
            {"header": {"key": "retry-after", "value": "1"}, "append_action": "ADD_IF_ABSENT"}
        ],
    }
