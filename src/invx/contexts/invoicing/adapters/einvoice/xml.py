"""Reading and writing XML of strangers: what the syntaxes of e-invoices share.

Reading takes no entity, no document type and nothing from the network; sizes are bounded. Every
value that is taken out of the file is remembered on demand, so that what was left is known.
"""

import base64
import binascii
import io
import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from lxml import etree

from invx.contexts.invoicing.adapters.einvoice.errors import EInvoiceUnreadable, EInvoiceUnwritable

FILE_BYTES_MAX = 50_000_000  # ten thousand lines with every term are 34 MB
TAGS_MAX = 2_000_000  # opening and closing ones; a tree takes about 100 bytes for each
DEPTH_MAX = 64  # the deepest element of EN 16931 is 9 below its root, and each sub-line adds one
BINARY_BYTES_MAX = 7_000_000  # in base 64 just below what the parser takes as one text
NUMBER_CHARACTERS_MAX = 40
UNREAD_MAX = 1_000

_PARSER: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_SPACES = re.compile(r"[ \t\r\n]+")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})?")
_SPACE = " \t\r\n"  # as XML has it; a no-break space is text
_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_Value = TypeVar("_Value")


class Node:
    """An element that is read. Paths are ElementPath with the prefixes of `names`.

    Text without a character other than white space counts as absent. What is taken is added to
    `taken` when there is one: elements, and (element, name) for attributes.
    """

    __slots__ = ("_element", "_names", "_taken")

    def __init__(
        self, element: Any, names: Mapping[str, str], taken: set[Any] | None = None
    ) -> None:
        self._element = element
        self._names = names
        self._taken = taken

    def __eq__(self, other: object) -> bool:
        """Whether both are the same element of the same file."""
        return isinstance(other, Node) and self._element is other._element

    def __hash__(self) -> int:
        return hash(self._element)

    @property
    def tag(self) -> str:
        """The qualified name, as `{namespace}local`."""
        return str(self._element.tag)

    @property
    def path(self) -> str:
        """Where it stands, with prefixes and, among equals, its place from 1."""
        return _path(self._element, self._names)

    def all(self, path: str) -> list["Node"]:
        """Every element at `path`, in the order of the file."""
        found = self._element.iterfind(path, self._names)
        return [Node(one, self._names, self._taken) for one in found]

    def first(self, path: str) -> "Node | None":
        """The first element at `path`."""
        found = self._element.find(path, self._names)
        return None if found is None else Node(found, self._names, self._taken)

    def prose(self, path: str = ".") -> str | None:
        """The text at `path` with its line breaks, each line stripped."""
        found, lines = self._lines(path)
        if lines and self._taken is not None:
            self._taken.add(found)
        return "\n".join(line.strip(_SPACE) for line in lines) or None

    def text(self, path: str = ".") -> str | None:
        """The text at `path`, each run of white space as one space."""
        prose = self.prose(path)
        return None if prose is None else _one_line(prose)

    def required(self, path: str, term: str) -> str:
        """The text at `path`. Raises EInvoiceUnreadable, naming the business term."""
        text = self.text(path)
        if text is None:
            raise self.unreadable(f"it has no {path} ({term})")
        return text

    def peek(self, path: str = ".") -> str | None:
        """The text at `path`, which is not taken thereby."""
        _, lines = self._lines(path)
        return _one_line(" ".join(lines)) or None

    def expect(self, path: str, *values: str) -> bool:
        """Whether the text at `path` is one of `values`; only then is it taken."""
        return self.peek(path) in values and self.text(path) is not None

    def attribute(self, name: str) -> str | None:
        """An attribute of this element."""
        value = _one_line(self._element.get(name) or "")
        if value and self._taken is not None:
            self._taken.add((self._element, name))
        return value or None

    def attribute_is(self, name: str, value: str | None) -> bool:
        """Whether an attribute is absent or `value`; only then is it taken."""
        stated = _one_line(self._element.get(name) or "")
        return not stated or (stated == value and self.attribute(name) is not None)

    def parsed(self, path: str, parse: Callable[[str], _Value], kind: str) -> _Value | None:
        """The text at `path` made a value; `parse` raises ValueError for what is not `kind`.

        Raises EInvoiceUnreadable.
        """
        text = self.text(path)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError:
            at = self if path == "." else self.first(path) or self
            raise at.unreadable(f"{_short(text)} is not {kind}") from None

    def number(self, path: str = ".") -> Decimal | None:
        """The decimal at `path`: no exponent, no NaN. Raises EInvoiceUnreadable."""
        return self.parsed(path, _number, "a number")

    def day(self, path: str = ".") -> date | None:
        """The ISO date at `path`; a zone after it is dropped. Raises EInvoiceUnreadable."""
        return self.parsed(path, _day, "a date")

    def binary(self, path: str = ".") -> bytes | None:
        """The base 64 content at `path`. Raises EInvoiceUnreadable."""
        return self.parsed(path, _binary, "base 64")

    def unreadable(self, reason: str) -> EInvoiceUnreadable:
        """The error that names this element."""
        return EInvoiceUnreadable(reason, path=self.path, line=self._element.sourceline)

    def _lines(self, path: str) -> tuple[Any, list[str]]:
        found = self._element if path == "." else self._element.find(path, self._names)
        text = "" if found is None else (found.text or "").strip(_SPACE)
        return found, text.split("\n") if text else []

    def unread(self) -> list[str]:
        """Paths below here whose text or attribute nobody took, in the order of the file.

        Attributes of XML Schema (`xsi:schemaLocation`) say nothing of the invoice and are left out.
        Of a file that holds little else, the first UNREAD_MAX.
        """
        step = _step(self._element, self._names)
        found = _untaken(self._element, f"/{step}", self._names, self._taken or set())
        return list(itertools.islice(found, UNREAD_MAX))


def root_tag(data: bytes) -> str:
    """The qualified name of the outermost element, as `{namespace}local`; the rest is not read.

    A document type is refused: no e-invoice has one, and it is where entity expansion, outside
    entities and remote grammars begin. Raises EInvoiceUnreadable.
    """
    if len(data) > FILE_BYTES_MAX:
        raise EInvoiceUnreadable(f"it is larger than {FILE_BYTES_MAX} bytes")
    try:
        for _, root in etree.iterparse(io.BytesIO(data), events=("start",), **_PARSER):
            if root.getroottree().docinfo.doctype:
                raise EInvoiceUnreadable("it declares a document type, which is not read")
            return str(root.tag)
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error) from None
    raise EInvoiceUnreadable("it is empty")


def parse(
    data: bytes, names: Mapping[str, str], *, roots: Collection[str], remember: bool = False
) -> Node:
    """The root element, which is one of `roots` (`{namespace}local`). Raises EInvoiceUnreadable.

    With `remember`, `unread` of the root names what was not taken from then on.
    """
    tag = root_tag(data)
    if tag not in roots:
        raise EInvoiceUnreadable(f"its outermost element is {_short(tag)}, which is not read here")
    if data.count(b"<") > TAGS_MAX:
        raise EInvoiceUnreadable(f"it has more than {TAGS_MAX} tags")
    try:
        root = etree.fromstring(data, etree.XMLParser(**_PARSER))
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error) from None
    if root.xpath(f"boolean({'/*' * (DEPTH_MAX + 1)})"):
        raise EInvoiceUnreadable(f"its elements nest deeper than {DEPTH_MAX}")
    return Node(root, names, set() if remember else None)


class Branch:
    """An element that is written: children come in the order of the calls, prefixes from `names`.

    None and "" write nothing, and a branch that stays empty vanishes from the file.
    """

    __slots__ = ("_element", "_names")

    def __init__(self, element: Any, names: Mapping[str, str]) -> None:
        self._element = element
        self._names = names

    def add(self, name: str) -> "Branch":
        """A child to be filled."""
        return Branch(etree.SubElement(self._element, _tag(name, self._names)), self._names)

    def text(self, name: str, value: str | None, /, **attributes: str | None) -> None:
        """A child with text. Raises EInvoiceUnwritable for characters that XML does not have."""
        if not value:
            return
        child = etree.SubElement(self._element, _tag(name, self._names))
        try:
            child.text = value
            for key, attribute in attributes.items():
                if attribute:
                    child.set(key, attribute)
        except ValueError:
            raise EInvoiceUnwritable(f"{name} holds a character that XML cannot carry") from None

    def amount(self, name: str, value: Decimal | None, /, **attributes: str | None) -> None:
        """A child with an amount on two decimals (BR-DEC). Raises EInvoiceUnwritable."""
        if value is not None:
            self.text(name, amount_text(value, name), **attributes)

    def number(self, name: str, value: Decimal | None, /, **attributes: str | None) -> None:
        """A child with a price, quantity or rate. Raises EInvoiceUnwritable."""
        if value is not None:
            self.text(name, decimal_text(value, name), **attributes)

    def day(self, name: str, value: date | None) -> None:
        """A child with an ISO date."""
        if value is not None:
            self.text(name, value.isoformat())

    def binary(self, name: str, value: bytes | None, /, **attributes: str | None) -> None:
        """A child with base 64 content. Raises EInvoiceUnwritable when it is too large."""
        if value is None:
            return
        if len(value) > BINARY_BYTES_MAX:
            raise EInvoiceUnwritable(f"{name} is larger than {BINARY_BYTES_MAX} bytes")
        self.text(name, base64.b64encode(value).decode("ascii"), **attributes)

    def to_bytes(self) -> bytes:
        """The file, in UTF-8 with its declaration; the same content gives the same bytes."""
        for element in reversed(list(self._element.iter())):
            parent = element.getparent()
            if parent is not None and not len(element) and not element.text:
                parent.remove(element)
        return bytes(
            etree.tostring(self._element, xml_declaration=True, encoding="UTF-8", pretty_print=True)
        )


def document(name: str, names: Mapping[str, str], default: str | None = None) -> Branch:
    """A new file: its root, with the namespaces declared there; `default` takes no prefix."""
    declared: dict[str | None, str] = {None: default} if default is not None else {}
    declared.update(names)
    tag = _tag(name, names) if default is None else f"{{{default}}}{name}"
    return Branch(etree.Element(tag, nsmap=declared), names)


def amount_text(value: Decimal, name: str = "an amount") -> str:
    """An amount on two decimals, exactly: 12.5 is 12.50, and 12.345 raises EInvoiceUnwritable."""
    text = decimal_text(value, name)
    whole, _, decimals = text.partition(".")
    if len(decimals) > 2:  # noqa: PLR2004 - BR-DEC
        raise EInvoiceUnwritable(f"{name} is {text}, which has more than two decimals")
    return f"{whole}.{decimals:0<2}"


def decimal_text(value: Decimal, name: str = "a number") -> str:
    """A decimal without exponent, trailing zeros or a sign of zero. Raises EInvoiceUnwritable."""
    if not value.is_finite():
        raise EInvoiceUnwritable(f"{name} is {value}, which is not a number")
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if len(text) > NUMBER_CHARACTERS_MAX:
        raise EInvoiceUnwritable(f"{name} has more than {NUMBER_CHARACTERS_MAX} digits")
    return "0" if text == "-0" else text


def terms_text(text: str | None) -> str | None:
    """Payment terms (BT-20) as they are written; `prose` reads them back.

    XRechnung writes discounts as lines `#SKONTO#TAGE=7#PROZENT=2.00#`; a line break must follow
    also the last of them (BR-DE-18).
    """
    if text and text.rstrip(_SPACE).rpartition("\n")[2].startswith("#"):
        return text.rstrip(_SPACE) + "\n"
    return text


def _one_line(text: str) -> str:
    return " ".join(part for part in _SPACES.split(text) if part)


def _number(text: str) -> Decimal:
    if len(text) > NUMBER_CHARACTERS_MAX or not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _day(text: str) -> date:
    found = _DAY.fullmatch(text)
    if not found:
        raise ValueError(text)
    return date.fromisoformat(found[1])


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace(" ", ""), validate=True)
    except binascii.Error as error:
        raise ValueError(text) from error


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")  # noqa: PLR2004 - one line


def _not_well_formed(error: Any) -> EInvoiceUnreadable:
    return EInvoiceUnreadable(f"not well-formed XML: {error.msg or 'it is empty'}")


def _tag(name: str, names: Mapping[str, str]) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{names[prefix]}}}{local}"


def _step(element: Any, names: Mapping[str, str]) -> str:
    name = etree.QName(element)
    prefix = next((f"{one}:" for one, uri in names.items() if uri == name.namespace), "")
    return prefix + str(name.localname)


def _path(element: Any, names: Mapping[str, str]) -> str:
    steps = []
    while element is not None:
        parent = element.getparent()
        equals = [] if parent is None else list(parent.iterchildren(element.tag))
        place = f"[{equals.index(element) + 1}]" if len(equals) > 1 else ""
        steps.append(_step(element, names) + place)
        element = parent
    return "/" + "/".join(reversed(steps))


def _untaken(element: Any, path: str, names: Mapping[str, str], taken: set[Any]) -> Iterator[str]:
    """Paths of the texts and attributes at and below `element` that are not in `taken`.

    Children are counted once for all, so that a file of a million strange ones takes no longer.
    """
    if (element.text or "").strip(_SPACE) and element not in taken:
        yield path
    for name, value in element.attrib.items():
        is_schema = name.startswith(_INSTANCE)
        if value.strip(_SPACE) and not is_schema and (element, name) not in taken:
            yield f"{path}/@{name}"
    counts = Counter(child.tag for child in element)
    places: Counter[str] = Counter()
    for child in element:
        places[child.tag] += 1
        place = f"[{places[child.tag]}]" if counts[child.tag] > 1 else ""
        yield from _untaken(child, f"{path}/{_step(child, names)}{place}", names, taken)
        if (child.tail or "").strip(_SPACE):
            yield f"{path}/text()"
