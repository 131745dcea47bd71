"""The page shows what strangers wrote: nothing of it becomes markup, and the policy stays whole."""

from html.parser import HTMLParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response

from invx.contexts.identity.api.page import (
    Asked,
    code_page,
    consent_page,
    origin_of,
    policy,
    refused,
    sign_in_page,
)
from invx.contexts.identity.read.queries import SeatView

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)",
    "</title><script>",
    "</strong></p></main><form action=https://thief.example>",
    "{body}",
    "%s {0} {title}",
    "\u202egnp.exe",
    "&lt;b&gt;",
    "]]><!--",
]
ELEMENTS = set(
    "html head meta title link body header strong main h1 p ul li form label input select option"
    " button div".split()
)
ATTRIBUTES = {
    *("lang", "charset", "name", "content", "rel", "href", "method", "action"),
    *("type", "value", "required", "autocomplete", "class", "role"),
}


class Seen(HTMLParser):
    """Which elements and attributes a browser would find, and what is sent where."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: set[str] = set()
        self.places: set[str | None] = set()
        self.values: dict[str, str | None] = {}
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        said = dict(attrs)
        self.attributes |= said.keys()
        self.places |= {said[name] for name in ("action", "href", "src") if name in said}
        if tag == "input":
            self.values[said.get("name") or ""] = said.get("value")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def seen(response: Response) -> Seen:
    return Seen(bytes(response.body).decode())


def asked(text: str) -> Asked:
    return Asked(
        client=text,
        registered_by=text,
        scopes=("invoices:read", "invoices:write", "legal_entities:read"),
        back_to="https://shop.example",
    )


def seat(text: str, mode: str = "live") -> SeatView:
    return SeatView(UUID(int=7), text, mode, "active", "owner", seated=True)


def pages(text: str) -> list[Response]:
    return [
        sign_in_page(text, asked(text), email=text, wrong=text, provider=text),
        code_page(text, wrong=text),
        consent_page(text, asked(text), [seat(text), seat(text, "test")]),
        refused(text),
    ]


def ensure_harmless(text: str) -> None:
    for response in pages(text):
        found = seen(response)
        assert set(found.elements) <= ELEMENTS
        assert found.attributes <= ATTRIBUTES
        assert found.places <= {"page.css", "authorize", "oidc"}
        assert found.elements.count("form") <= 2


@pytest.mark.parametrize("text", HOSTILE)
def test_what_strangers_wrote_is_text(text: str) -> None:
    ensure_harmless(text)


@given(st.text(max_size=60))
def test_any_text_is_text(text: str) -> None:
    ensure_harmless(text)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40))
def test_what_is_typed_and_kept_comes_back_to_the_letter(text: str) -> None:
    found = seen(sign_in_page(text, asked("Shop"), email=text))
    assert (found.values["request"], found.values["email"]) == (text, text)


def test_no_form_ever_holds_a_password() -> None:
    found = seen(sign_in_page("kept", asked("Shop"), email="a@b", wrong="no"))
    assert found.values["password"] is None


def test_scopes_are_told_by_the_thing_they_are_about() -> None:
    words = "".join(seen(consent_page("kept", asked("Shop"), [seat("Nord")])).words)
    assert "Invoices: read, write" in words
    assert "Legal entities: read" in words
    assert "https://shop.example" in words


def test_a_sandbox_is_called_one() -> None:
    words = "".join(seen(consent_page("k", asked("S"), [seat("N"), seat("N", "test")])).words)
    assert "N (test)" in words


def test_without_a_provider_there_is_no_second_form() -> None:
    assert seen(sign_in_page("kept", asked("Shop"))).elements.count("form") == 1
    assert seen(sign_in_page("kept", asked("Shop"), provider="SSO")).elements.count("form") == 2


@pytest.mark.parametrize(
    ("uri", "origin"),
    [
        ("https://shop.example/back?x=1", "https://shop.example"),
        ("https://shop.example:8443/back", "https://shop.example:8443"),
        ("http://127.0.0.1:49152/back", "http://127.0.0.1:49152"),
        ("http://[::1]:9/back", "http://[::1]:9"),
        ("com.example.app:/back", "com.example.app:"),
        ("com.example.app://host/back", "com.example.app:"),
    ],
)
def test_the_policy_lets_the_form_lead_to_the_program_and_nowhere_else(
    uri: str, origin: str
) -> None:
    assert origin_of(uri) == origin
    said = policy(origin)
    assert f"form-action 'self' {origin};" in said
    assert "default-src 'none'" in said
    assert "script-src" not in said
    assert "unsafe" not in said


@pytest.mark.parametrize("text", ["x", "kept"])
def test_only_the_page_of_consent_leads_elsewhere(text: str) -> None:
    policies = [page.headers["content-security-policy"] for page in pages(text)]
    assert ["shop.example" in each for each in policies] == [False, False, True, False]
    assert all("frame-ancestors 'none'" in each for each in policies)
    assert all(page.headers["cache-control"] == "no-store" for page in pages(text))
