"""The page about security covers every section of the standard, and names tests that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "SECURITY.md"
# OWASP ASVS 5.0: how many sections each of its seventeen chapters has.
SECTIONS = {1: 5, 2: 4, 3: 7, 4: 4, 5: 4, 6: 8, 7: 6, 8: 4, 9: 2, 10: 7}
SECTIONS |= {11: 7, 12: 3, 13: 4, 14: 3, 15: 4, 16: 5, 17: 3}
STATUSES = {"met", "partly", "open", "not applicable"}

_CHAPTER = re.compile(r"^## V(\d+) \S", re.MULTILINE)
_ROW = re.compile(r"^\| (\d+)\.(\d+) [^|]+\|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)
_NAMED = re.compile(r"`([\w/]+\.py)(?:::(\w+))?`")


def faults(text: str) -> list[str]:
    """What is missing on the page, or wrong."""
    found = [
        f"chapter V{number} is missing"
        for number in SECTIONS
        if str(number) not in _CHAPTER.findall(text)
    ]
    rows = {(int(row[0]), int(row[1])): row for row in _ROW.findall(text)}
    wanted = {(chapter, n) for chapter, count in SECTIONS.items() for n in range(1, count + 1)}
    found += [f"section {chapter}.{n} is missing" for chapter, n in sorted(wanted - rows.keys())]
    found += [f"there is no section {chapter}.{n}" for chapter, n in sorted(rows.keys() - wanted)]
    for (chapter, number), (_, _, status, said, tests) in rows.items():
        named = _NAMED.findall(tests)
        if status.strip() not in STATUSES:
            found.append(f"{chapter}.{number}: {status.strip()!r} is no status")
        if not said.strip():
            found.append(f"{chapter}.{number} says nothing")
        if status.strip() == "met" and not named:
            found.append(f"{chapter}.{number} is met by no test")
    for path, name in _NAMED.findall(text[: text.index("## Keys and secrets")]):
        if path == "tests/architecture/test_security_page.py":
            continue
        file = ROOT / "tests" / path
        if not file.exists():
            found.append(f"there is no {path}")
        elif name and not re.search(rf"^(async )?def {name}\(", file.read_text(), re.MULTILINE):
            found.append(f"there is no {path}::{name}")
    return found


def test_the_page_covers_the_standard_and_names_tests_that_there_are() -> None:
    text = PAGE.read_text()
    assert faults(text) == []
    assert len(_NAMED.findall(text)) > 80


@pytest.mark.parametrize(
    "old,new,fault",
    [
        ("## V7 Sessions", "## Sessions", "chapter V7 is missing"),
        ("| 17.2 Media |", "| Media |", "section 17.2 is missing"),
        ("| 17.2 Media |", "| 17.9 Media |", "there is no section 17.9"),
        ("| 9.2 Content | met |", "| 9.2 Content | fine |", "9.2: 'fine' is no status"),
        (
            "| 4.3 GraphQL | not applicable | There is none |",
            "| 4.3 GraphQL | open | |",
            "4.3 says nothing",
        ),
        (
            "| 17.1 TURN | not applicable |",
            "| 17.1 TURN | met |",
            "17.1 is met by no test",
        ),
        (
            "::test_any_text_is_text",
            "::test_no_text",
            "there is no unit/identity/test_page.py::test_no_text",
        ),
        (
            "`architecture/test_settings_page.py`",
            "`architecture/test_x.py`",
            "there is no architecture/test_x.py",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_found(old: str, new: str, fault: str) -> None:
    text = PAGE.read_text()
    assert old in text
    assert fault in faults(text.replace(old, new))
