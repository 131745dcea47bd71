"""The AsyncAPI document is that of this code, valid, and says who hears what."""

import copy
import json
from typing import Any

import jsonschema_rs
import pytest

from invx.contracts.registry import REGISTRY
from invx.host import CONTEXTS, subscribers
from invx.infra.rabbit.wire import message_of
from invx.infra.rotation import INTERACTIVE
from tests.contracts.asyncapi import DOCUMENT, HERE, document, golden, text_of
from tests.unit.infra.rabbit.test_wire import envelope

# AsyncAPI's own, of release 6.11.1 (Apache-2.0), without descriptions and examples.
SPECIFICATION = HERE / "asyncapi-3.0.0.schema.json"
WIRES = REGISTRY.names()


@pytest.fixture(scope="module")
def valid() -> Any:
    return jsonschema_rs.validator_for(json.loads(SPECIFICATION.read_text()))


def resolved(schema: Any) -> Any:
    """What messages are checked with: the schema, with the components that it refers to."""
    return jsonschema_rs.Draft7Validator(
        {**schema, "components": document()["components"]}, validate_formats=True
    )


def payload(wire: str) -> Any:
    return resolved(document()["components"]["messages"][wire]["payload"])


def test_the_document_in_the_repository_is_that_of_this_code() -> None:
    assert DOCUMENT.read_text() == text_of(document()), (
        "run `.venv/bin/python -m tests.contracts.asyncapi`"
    )


def test_it_is_valid_by_the_rules_of_asyncapi(valid: Any) -> None:
    assert [str(error) for error in valid.iter_errors(document())] == []


@pytest.mark.parametrize(
    "part,key", [("operations", "action"), ("channels", "messages"), ("info", "title")]
)
def test_those_rules_object_to_what_is_none(valid: Any, part: str, key: str) -> None:
    spoilt = copy.deepcopy(document())
    place = spoilt[part] if part == "info" else next(iter(spoilt[part].values()))
    place[key] = 7
    assert not valid.is_valid(spoilt)


def test_each_reference_leads_somewhere() -> None:
    made = document()

    def follow(value: Any) -> int:
        if isinstance(value, list):
            return sum(map(follow, value))
        if not isinstance(value, dict):
            return 0
        if "$ref" in value:
            at: Any = made
            for step in value["$ref"].removeprefix("#/").split("/"):
                at = at[step]
        return sum(map(follow, value.values())) + ("$ref" in value)

    assert follow(made) >= 3 * len(WIRES)


def test_it_names_who_tells_and_who_hears() -> None:
    acts = document()["operations"]
    heard = {
        (name.partition(".")[0], act["channel"]["$ref"].rpartition("/")[2])
        for name, act in acts.items()
        if act["action"] == "receive"
    }
    assert heard == {(name, wire) for wire, names in subscribers().items() for name in names}
    assert {name for name, _ in heard} == set(CONTEXTS)
    assert len([act for act in acts.values() if act["action"] == "send"]) == len(WIRES)


@pytest.mark.parametrize("wire", WIRES)
def test_a_message_of_the_broker_is_what_the_document_says(wire: str) -> None:
    told = envelope(contract=wire, body=json.dumps(golden(wire)))
    message = json.loads(message_of(told, INTERACTIVE).body)
    assert payload(wire).is_valid(message)
    del message["order_key"]
    assert not payload(wire).is_valid(message)


@pytest.mark.parametrize("wire", WIRES)
def test_the_golden_example_of_each_version_fits_its_schema_and_no_other_shape_does(
    wire: str,
) -> None:
    schema = resolved(document()["components"]["schemas"][wire])
    example = golden(wire)
    assert schema.is_valid(example)
    for name in example:
        assert not schema.is_valid({**example, name: [7]}), name
        assert not schema.is_valid({key: v for key, v in example.items() if key != name}), name
    assert schema.is_valid({**example, "said_later": 1})
