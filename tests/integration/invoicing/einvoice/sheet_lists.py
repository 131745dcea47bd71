"""The code lists that the official sheets check by, read out of the sheets themselves."""

import html
import re
from pathlib import Path

_UBL = re.compile(r'<svrl:failed-assert test="([^"]*)">\s*<xsl:attribute name="id">(BR-CL-\d+)<')
_CII = re.compile(r'id="(BR-CL-\d+)">\s*<xsl:attribute name="test">([^<]*)<')
_LIST = re.compile(r"contains\(\s*'([^']*)'")


def code_lists(sheet: Path) -> dict[str, list[frozenset[str]]]:
    """Per rule the lists of its test, in the order in which they stand there."""
    text = sheet.read_text("utf-8")
    tests = [(rule, test) for test, rule in _UBL.findall(text)] + _CII.findall(text)
    found: dict[str, list[frozenset[str]]] = {}
    for rule, test in tests:
        lists = [frozenset(codes.split()) for codes in _LIST.findall(html.unescape(test))]
        known = found.setdefault(rule, [])
        known += [codes for codes in lists if codes and codes not in known]
    return found
