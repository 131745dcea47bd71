"""Types of fields that every context's `api/schemas.py` shares: ids and exact numbers."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from invx.kernel.errors import DomainError
from invx.kernel.ids import MalformedId, parse_typeid, typeid

_EXAMPLE = UUID("0192d1f0-0000-7000-8000-000000000001")
_NUMBER = r"-?[0-9]{1,18}(\.[0-9]{1,12})?"
_number = re.compile(_NUMBER)


def typeid_pattern(prefix: str) -> str:
    """What the ids of a kind look like, for OpenAPI."""
    return f"{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}"


def in_path(prefix: str, what: str) -> Any:
    """An id in a path. What has another form is not found, so the pattern only documents it."""
    pattern = f"^{typeid_pattern(prefix)}$"
    return Annotated[str, Path(description=what, json_schema_extra={"pattern": pattern})]


def id_of(prefix: str, text: str, missing: type[DomainError]) -> UUID:
    """The id in a path. What cannot be an id names nothing, so it is simply not found."""
    try:
        return parse_typeid(prefix, text)
    except DomainError:
        raise missing from None


@dataclass(frozen=True, slots=True)
class TypeId:
    """A TypeID outside, a UUID inside: `InvoiceId = Annotated[UUID, TypeId("inv")]`.

    For path parameters and fields of bodies alike. Anything else is refused as `malformed_id`.
    """

    prefix: str

    def _parse(self, value: Any) -> UUID:
        try:
            return parse_typeid(self.prefix, value if isinstance(value, str) else "")
        except MalformedId:
            raise PydanticCustomError(
                "malformed_id", "Expected an id of the form {prefix}_….", {"prefix": self.prefix}
            ) from None

    def _text(self, value: UUID) -> str:
        return typeid(self.prefix, value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._parse,
            serialization=core_schema.plain_serializer_function_ser_schema(self._text),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": f"^{typeid_pattern(self.prefix)}$",
            "examples": [typeid(self.prefix, _EXAMPLE)],
        }


class _DecimalText:
    """Reads decimal strings. A JSON number has passed through a binary float, so it is refused."""

    @staticmethod
    def _parse(value: Any) -> Decimal:
        if isinstance(value, Decimal):
            return value
        if not isinstance(value, str) or not _number.fullmatch(value):
            raise PydanticCustomError(
                "decimal_string", 'Expected a decimal number as a string, such as "119.00".'
            )
        return Decimal(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^{_NUMBER}$", "examples": ["119.00"]}


# Amounts, prices, quantities, rates: exact, with the digits that were sent.
DecimalText = Annotated[Decimal, _DecimalText()]
