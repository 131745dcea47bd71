"""Forms of OAuth: each parameter once, refusals in the words of RFC 6749."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.contexts.identity.api.client_auth import _basic, is_basic
from invx.contexts.identity.api.forms import FIELDS_MAX, FormRefused, oauth_error, once


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&b=", {"a": "1"}),
        ("a", {}),
        ("a=x+y%20z", {"a": "x y z"}),
        ("a=%C3%A4", {"a": "ä"}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("a=%00", {}),
        ("=1", {"": "1"}),
    ],
)
def test_parameters_are_read_as_forms_write_them(text: str, found: dict[str, str]) -> None:
    assert once(text) == found


@pytest.mark.parametrize("text", ["a=1&a=1", "a=&a=1", "a=1&b=2&a=3", "%61=1&a=2"])
def test_what_comes_twice_is_refused(text: str) -> None:
    with pytest.raises(FormRefused) as refused:
        once(text)
    assert refused.value.error == "invalid_request"


def test_too_many_parameters_are_refused() -> None:
    assert len(once("&".join(f"p{n}=1" for n in range(FIELDS_MAX)))) == FIELDS_MAX
    with pytest.raises(FormRefused):
        once("&".join(f"p{n}=1" for n in range(FIELDS_MAX + 1)))


@given(st.text())
def test_no_text_is_answered_otherwise(text: str) -> None:
    found: dict[str, str] = {}
    with suppress(FormRefused):
        found = once(text)
    assert all(found.values())


@pytest.mark.parametrize(
    ("error", "challenge", "status"),
    [
        ("invalid_request", False, 400),
        ("invalid_grant", False, 400),
        ("invalid_scope", False, 400),
        ("unauthorized_client", False, 400),
        ("unsupported_grant_type", False, 400),
        ("invalid_client", False, 401),
        ("invalid_client", True, 401),
    ],
)
def test_a_refusal_has_the_form_of_the_standard(error: str, challenge: bool, status: int) -> None:
    answer = oauth_error(FormRefused(error, "Because.", challenge=challenge))
    assert answer.status_code == status
    assert json.loads(bytes(answer.body)) == {"error": error, "error_description": "Because."}
    assert answer.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in answer.headers) is challenge


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("Basic YTpi", ("a", "b")),
        ("basic YTpi", ("a", "b")),
        ("BASIC  YTpi", ("a", "b")),
        ("Basic YTpiOmM=", ("a", "b:c")),
        ("Basic YTo=", ("a", "")),
        ("Basic YSUzQWI6YyUyMGQ=", ("a:b", "c d")),
        ("Basic YQ==", (None, None)),
        ("Basic !!!!", (None, None)),
        ("Basic /w==", (None, None)),
        ("Basic ", (None, None)),
    ],
)
def test_both_parts_of_basic_are_form_encoded(
    header: str, found: tuple[str | None, str | None]
) -> None:
    assert is_basic(header)
    assert _basic(header) == found


@pytest.mark.parametrize("header", ["", "Bearer YTpi", "Basic", "Digest YTpi"])
def test_other_schemes_show_no_client(header: str) -> None:
    assert not is_basic(header)
