"""Where a browser may be sent back to; an open redirector starts with one lax comparison."""

import pytest

from invx.contexts.identity.domain.redirects import CHARS_MAX, leads_to, wrong_with

GOOD_EVERYWHERE = [
    "https://shop.example/back",
    "https://shop.example:8443/back?tenant=1",
    "https://shop.example",
    "http://127.0.0.1/back",
    "http://127.0.0.1:8080/",
    "http://[::1]:9/back",
    "http://localhost:3000/back",
]
GOOD_FOR_APPS = ["com.example.app:/back", "com.example.app://host/back"]
BAD = [
    "",
    "shop.example/back",
    "//shop.example/back",
    "http://shop.example/back",
    "http://127.0.0.1.thief.example/",
    "http://localhost.thief.example/",
    "ftp://shop.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    "app:/back",
    "https:///back",
    "https://",
    "https://shop.example/#",
    "https://shop.example/back#fragment",
    "https://user@shop.example/",
    "https://user:password@shop.example/",
    "https://shop.example\\@thief.example/",
    "https://shop.example/a b",
    "https://shop.example/\n",
    "https://shöp.example/",
    "https://shop.example:port/",
    "https://[::1/",
    f"https://shop.example/{'x' * CHARS_MAX}",
]


@pytest.mark.parametrize("uri", GOOD_EVERYWHERE)
@pytest.mark.parametrize("public", [True, False])
def test_https_and_ones_own_machine_are_good(uri: str, public: bool) -> None:
    assert wrong_with(uri, public=public) is None


@pytest.mark.parametrize("uri", GOOD_FOR_APPS)
def test_a_scheme_of_its_own_is_for_apps_only(uri: str) -> None:
    assert wrong_with(uri, public=True) is None
    assert wrong_with(uri, public=False) is not None


@pytest.mark.parametrize("uri", BAD)
@pytest.mark.parametrize("public", [True, False])
def test_anything_else_is_refused_with_a_reason(uri: str, public: bool) -> None:
    said = wrong_with(uri, public=public)
    assert said is not None
    assert said.endswith(".")


SHOP, APP, SIX = "https://shop.example/back", "http://127.0.0.1/back", "http://[::1]:1/back?x=1"
REGISTERED = (SHOP, APP, SIX, "http://localhost:3000/back")


@pytest.mark.parametrize(
    "uri", [*REGISTERED, "http://127.0.0.1:49152/back", "http://[::1]:60000/back?x=1"]
)
def test_the_same_to_the_letter_is_the_same_and_so_is_another_loopback_port(uri: str) -> None:
    assert leads_to(REGISTERED, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://shop.example/back/",
        "https://shop.example/back?",
        "https://shop.example/back?x=1",
        "https://shop.example/BACK",
        "https://SHOP.example/back",
        "https://shop.example:443/back",
        "https://shop.example:8443/back",
        "http://shop.example/back",
        "https://shop.example.thief.example/back",
        "https://shop.example@thief.example/back",
        "http://127.0.0.1:49152/other",
        "http://127.0.0.1:49152/back#x",
        "http://127.0.0.1:49152/back?x=1",
        "http://user@127.0.0.1:1/back",
        "https://127.0.0.1:49152/back",
        "http://127.0.0.2:49152/back",
        "http://127.0.0.1:99999/back",
        "http://localhost:3001/back",
        "http://[::1]:60000/back",
        "http://[::1",
    ],
)
def test_what_only_looks_like_it_leads_nowhere(uri: str) -> None:
    assert not leads_to(REGISTERED, uri)


def test_nothing_registered_leads_nowhere() -> None:
    assert not leads_to((), SHOP)
