"""Rule sheets that the operator installed: in a folder of the installation, each with its proof."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from lxml import etree

from invx.kernel.errors import Invalid

FILE_BYTES_MAX = 20_000_000
NOT_STATED = "not stated"
_XSLT = "http://www.w3.org/1999/XSL/Transform"
_SVRL = "http://purl.oclc.org/dsdl/svrl"
_SCHEMATRON = "http://purl.oclc.org/dsdl/schematron"
_READS_FILES = re.compile(r"\b(?:document|doc|collection|unparsed-text)\s*\(\s*['\"][^'\"]")
_UBL = "urn:oasis:names:specification:ubl:"
# A licence has a version too.
_VERSIONS = (
    re.compile(r"schematron version[\s:]+(\d+(?:\.\d+)+)", re.IGNORECASE),
    re.compile(r"^\s*version:\s+(\d+(?:\.\d+)+)", re.IGNORECASE | re.MULTILINE),
)
# What the ids of a sheet's rules say about which one it is; the most particular first.
_MARKS = (
    ("xrechnung", "BR-DE-1"),
    ("peppol", "PEPPOL-EN16931-R001"),
    ("peppol", "PEPPOL-EN16931-R010"),
    ("en16931", "BR-CO-10"),
)


class SheetRefused(Invalid):
    """The file cannot be installed as a rule sheet."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An operator's sheet. `file` is the name that it came under."""

    name: str
    path: Path
    sha256: str
    version: str
    file: str


def rules_folder(home: Path) -> Path:
    """Where the sheets of an installation are."""
    return home / "rules"


def find(rules: Path, name: str) -> Installed | None:
    """The operator's sheet of that name. One without its proof is taken for not installed."""
    path, proof = rules / f"{name}.xslt", rules / f"{name}.json"
    try:
        told = json.loads(proof.read_text("utf-8"))
        return Installed(name, path, told["sha256"], told["version"], told["file"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise SheetRefused(f"{proof.name} cannot be read: install {name} again.") from error


def install(
    rules: Path,
    file: Path,
    *,
    sha256: str,
    names: tuple[str, ...],
    now: datetime,
    why_not: Callable[[Path], str | None],
) -> Installed:
    """Check a compiled Schematron and put it into the folder, under the name its rules tell.

    `why_not` says what the rules engine has against it. Raises SheetRefused: another sha256, no
    compiled Schematron, one that reads further files, that the engine cannot use, or that is none
    of `names`.
    """
    data = _read(file)
    if hashlib.sha256(data).hexdigest() != sha256.strip().lower():
        raise SheetRefused(f"{file.name} has another sha256 than the one that was given.")
    name, version = recognize(data, file.name)
    if name not in names:
        raise SheetRefused(f"{file.name} looks like {name}, which applies to no format here.")
    rules.mkdir(parents=True, exist_ok=True)
    told = {
        "sha256": sha256.strip().lower(),
        "version": version,
        "file": file.name,
        "installed_at": now.isoformat(timespec="seconds"),
    }
    # The proof is written last and removed first: without it the sheet is not there.
    new = _written(rules / f"{name}.xslt", data)
    if reason := why_not(new):
        new.unlink()
        raise SheetRefused(f"The rules engine cannot use {file.name}: {reason}")
    (rules / f"{name}.json").unlink(missing_ok=True)
    new.replace(rules / f"{name}.xslt")
    proof = rules / f"{name}.json"
    _written(proof, json.dumps(told, indent=2).encode() + b"\n").replace(proof)
    return Installed(name, rules / f"{name}.xslt", told["sha256"], version, file.name)


def recognize(data: bytes, file: str) -> tuple[str, str]:
    """Which sheet a file is, and of which version as far as it says. Raises SheetRefused."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise SheetRefused(f"{file} is no XML: {error.msg}.") from None
    tag = etree.QName(root)
    if tag.namespace == _SCHEMATRON:
        raise SheetRefused(f"{file} is a Schematron source: install it compiled to XSLT.")
    text = data.decode("utf-8", errors="replace")
    if tag.namespace != _XSLT or _SVRL not in text:
        raise SheetRefused(f"{file} is no Schematron compiled to XSLT.")
    elsewhere = root.find(f".//{{{_XSLT}}}include"), root.find(f".//{{{_XSLT}}}import")
    if _READS_FILES.search(text) or any(each is not None for each in elsewhere):
        raise SheetRefused(f"{file} reads other files, so it is not complete by itself.")
    kind = next((kind for kind, rule in _MARKS if re.search(rf"\b{rule}\b(?!-)", text)), None)
    if kind is None:
        raise SheetRefused(f"{file} holds none of the rules that are known here.")
    stated = next(filter(None, (each.search(text[:20_000]) for each in _VERSIONS)), None)
    return f"{kind}-{'ubl' if _UBL in text else 'cii'}", stated[1] if stated else NOT_STATED


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise SheetRefused(f"There is no file {file}.")
    if file.stat().st_size > FILE_BYTES_MAX:
        raise SheetRefused(f"{file.name} is larger than {FILE_BYTES_MAX} bytes.")
    return file.read_bytes()


def _written(path: Path, data: bytes) -> Path:
    """A file beside `path`, to take its place."""
    new = path.with_name(f".new-{path.name}")
    new.write_bytes(data)
    return new
