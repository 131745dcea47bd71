"""Every contract by its name on the wire, and its JSON.

The JSON of a version never changes: amounts are decimal strings, times ISO 8601, ids UUIDs, and a
golden file per version holds us to it. A field may be added when it has a default; anything else is
a new version, with an upcaster that turns the older body into the newer one.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from invx.contracts import identity, invoicing
from invx.contracts.schemas import Schema, schema_of
from invx.contracts.shapes import MalformedBody, Shape
from invx.kernel.errors import violated
from invx.kernel.messages import Contract

Body = dict[str, Any]
# The wire name of the newer version, and the older body turned into the newer one.
Upcaster = tuple[str, Callable[[Body], Body]]


class UnknownContract(Exception):
    """Nobody here knows this name: the sender is newer than we are, or the message is not ours."""


class Registry:
    """The contracts that this program knows."""

    def __init__(
        self,
        contracts: Iterable[type[Contract]],
        upcasters: Mapping[str, Upcaster] | None = None,
    ) -> None:
        self._upcasters = dict(upcasters or {})
        self._shapes: dict[str, Shape[Contract]] = {}
        for contract in contracts:
            if contract.wire in self._shapes:
                violated(f"two contracts are called {contract.wire} on the wire")
            self._shapes[contract.wire] = Shape(contract)
        for older, (newer, _) in self._upcasters.items():
            if newer not in self._shapes and newer not in self._upcasters:
                violated(f"the upcaster of {older} leads to {newer}, which is unknown")

    def body(self, contract: Contract) -> Body:
        """The JSON object of a contract, its fields always in the same order."""
        shape = self._shapes.get(contract.wire)
        if shape is None:
            violated(f"{contract.wire} is not registered")
        return shape.write(contract)

    def decode(self, wire: str, text: str) -> Contract:
        """The contract behind a body, in its newest version; unknown fields are ignored.

        Raises UnknownContract, and MalformedBody naming the field but never its value.
        """
        if wire not in self:
            raise UnknownContract(wire)
        try:
            body = json.loads(text)
        except ValueError:
            raise MalformedBody("the body is not JSON") from None
        if not isinstance(body, dict):
            raise MalformedBody("the body is not a JSON object")
        newest = wire
        while newest in self._upcasters:
            newest, upcast = self._upcasters[newest]
            body = upcast(body)
        return self._shapes[newest].read(body)

    def wires(self, contract: type[Contract]) -> tuple[str, ...]:
        """The names that a context must subscribe to so that it receives `contract`.

        That is its own name and those of the older versions that are upcast to it.
        """
        names = [wire for wire in self._upcasters if self._newest(wire) == contract.wire]
        return (contract.wire, *names)

    def __contains__(self, wire: object) -> bool:
        return wire in self._shapes or wire in self._upcasters

    def names(self) -> tuple[str, ...]:
        """All names on the wire, of contracts that are published today."""
        return tuple(self._shapes)

    def schemas(self) -> dict[str, Schema]:
        """The JSON Schema of each of those, by its name."""
        return {wire: schema_of(shape.type) for wire, shape in self._shapes.items()}

    def _newest(self, wire: str) -> str:
        while wire in self._upcasters:
            wire = self._upcasters[wire][0]
        return wire


def published_by(module: Any) -> list[type[Contract]]:
    """The contracts that a module of this package defines, in the order of its text."""
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Contract)
        and value.__module__ == module.__name__
    ]


REGISTRY = Registry([*published_by(invoicing), *published_by(identity)])
