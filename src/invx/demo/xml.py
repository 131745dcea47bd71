"""Untrusted XML, read without entities and without the network."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from lxml import etree


class Unreadable(Exception):
    """The file is not an e-invoice that can be read; the message says why."""


class Node:
    """An element with the namespace prefixes of its syntax. Empty text counts as absent."""

    def __init__(self, element: Any, names: Mapping[str, str]) -> None:
        self._element = element
        self._names = dict(names)

    @property
    def tag(self) -> str:
        """The qualified name, as `{namespace}local`."""
        return str(self._element.tag)

    def all(self, path: str) -> list["Node"]:
        """Every element at `path`, in document order."""
        return [Node(one, self._names) for one in self._element.iterfind(path, self._names)]

    def first(self, path: str) -> "Node | None":
        """The first element at `path`."""
        found = self._element.find(path, self._names)
        return None if found is None else Node(found, self._names)

    def prose(self, path: str = ".") -> str | None:
        """The text at `path` with its line breaks."""
        text = self._element.findtext(path, None, self._names) or ""
        return "\n".join(line.strip() for line in text.strip().splitlines()) or None

    def text(self, path: str = ".") -> str | None:
        """The text at `path`, runs of white space as one space."""
        return " ".join((self.prose(path) or "").split()) or None

    def attribute(self, name: str) -> str | None:
        """An attribute of this element."""
        return (self._element.get(name) or "").strip() or None

    def number(self, path: str = ".") -> Decimal | None:
        """The decimal at `path`. Raises Unreadable when it is something else."""
        text = self.text(path)
        if text is None:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            raise Unreadable(f"{path} holds {text!r}, which is not a number") from None
        if not value.is_finite():
            raise Unreadable(f"{path} holds {text!r}, which is not a number")
        return value


def parse(data: bytes, names: Mapping[str, str]) -> Node:
    """The root of a document.

    A document type declaration is refused as a whole: no e-invoice has one, and it is where entity
    expansion, outside entities and remote grammars begin. Raises Unreadable.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise Unreadable(f"not well-formed XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("it declares a document type; entities are not read")
    return Node(root, names)
