"""Every refusal of the program as a caller meets it: its code, its sentence, its status."""

import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invx.infra.http.problems import MEDIA_TYPE, STATUS, refusal
from invx.kernel.errors import DomainError, Kind, Problem
from tests.api.problem_codes import refusals, table

ALL = sorted({*refusals()}, key=lambda each: (each.code, each.__module__, each.__name__))
PLAIN = [each for each in ALL if each.__init__ is DomainError.__init__]
# What several refusals share on purpose: to the caller they are one.
SHARED = {"unavailable": 5, "tax_undetermined": 2, "legal_entity_required": 2}
SOURCE = Path(__file__).parents[4] / "src" / "invx"


def test_there_are_refusals_to_look_at() -> None:
    assert len(ALL) > 280
    assert len(PLAIN) > 0.9 * len(ALL)


@pytest.mark.parametrize("error", ALL, ids=lambda each: f"{each.__module__[5:]}.{each.__name__}")
def test_a_refusal_has_a_code_and_a_sentence_of_its_own(error: type[DomainError]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", error.code)
    said = (error.__dict__.get("__doc__") or "").strip().splitlines()
    assert said, "the sentence of its parent says less"
    assert said[0].endswith(".")
    assert 10 <= len(said[0]) <= 150
    assert not said[0].lower().startswith(("raise", "error", "todo"))
    assert error.__doc__ != DomainError.__doc__ or error is DomainError
    assert STATUS[error.kind] >= 400


def test_a_code_means_one_thing() -> None:
    by_code: dict[str, list[type[DomainError]]] = defaultdict(list)
    for each in ALL:
        by_code[each.code].append(each)
    shared = {code: len(some) for code, some in by_code.items() if len(some) > 1}
    assert shared == SHARED
    for some in by_code.values():
        assert len({STATUS[each.kind] for each in some}) == 1


@pytest.mark.parametrize("kind", list(Kind))
def test_whether_asking_again_helps_fits_the_kind(kind: Kind) -> None:
    """Who is told `lasting` gives up: that must not be said of what passes by itself."""
    passing = {each.code for each in ALL if each.kind is kind and not each.lasting}
    if kind is Kind.TOO_MANY:
        assert passing == {each.code for each in ALL if each.kind is kind}
    if kind is Kind.INVALID:  # a pack or a rate table may say by then what this one did not
        assert passing == {"tax_undetermined"}
    if kind in (Kind.NOT_FOUND, Kind.GONE, Kind.FORBIDDEN, Kind.UNAUTHENTICATED):
        assert passing == set()


@pytest.mark.parametrize("kind", list(Kind))
def test_an_answer_says_the_same_in_every_place(kind: Kind) -> None:
    for error in (each for each in PLAIN if each.kind is kind):
        response = refusal(error())
        body = json.loads(response.body)
        assert response.media_type == response.headers["content-type"] == MEDIA_TYPE
        assert body == {
            "type": f"/problems/{error.code}",
            "title": error.code.replace("_", " ").capitalize(),
            "status": STATUS[kind],
            "detail": (error.__doc__ or "").strip().splitlines()[0],
            "code": error.code,
        }
        assert response.status_code == body["status"]
        waits = kind in (Kind.BUSY, Kind.UNAVAILABLE, Kind.TOO_MANY)
        assert ("retry-after" in response.headers) is waits
        if waits:
            assert int(response.headers["retry-after"]) >= 1


def test_the_documented_codes_are_sorted_and_each_is_there_once() -> None:
    codes = re.findall(r"^\| `([a-z0-9_]+)` \| (\d{3}) \| (.+) \|$", table(), re.MULTILINE)
    assert len(codes) == len(table().splitlines()) - 2, "every row has this shape"
    names = [code for code, _, _ in codes]
    assert names == sorted(names)
    several = {name for name in names if names.count(name) > 1}
    assert several <= set(SHARED), "sentences differ only where a code is shared"


def test_every_refusal_is_raised_somewhere() -> None:
    """By its name, or by that of something that takes it; what nobody raises is not documented."""
    named = Counter(
        name
        for path in SOURCE.rglob("*.py")
        for name in re.findall(r"\b[A-Z]\w+", path.read_text("utf-8"))
    )
    assert [each.__name__ for each in ALL if named[each.__name__] < 2] == []


texts = st.text(st.characters(), max_size=30)
problems = st.builds(
    Problem,
    st.sampled_from(["", "/lines/0/price", "query:limit", "header:If-Match", "path:id"]) | texts,
    st.from_regex(r"[a-z]+(_[a-z]+)*", fullmatch=True),
    texts,
)


@given(texts.filter(bool), st.lists(problems, max_size=4))
def test_any_text_of_a_caller_can_be_said_back(detail: str, some: list[Problem]) -> None:
    """Lone surrogates come in by JSON's escapes; the answer is UTF-8 all the same."""
    error = DomainError(detail.encode("utf-8", "replace").decode(), problems=some)
    body = json.loads(refusal(error).body.decode("utf-8"))
    assert [each["code"] for each in body.get("problems", [])] == [each.code for each in some]
    for said, meant in zip(body.get("problems", []), some, strict=True):
        assert ("pointer" in said) is (meant.pointer == "" or meant.pointer.startswith("/"))
        assert ("parameter" in said) is ("pointer" not in said)
