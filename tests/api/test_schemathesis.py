"""Every operation of the OpenAPI document, called with what it allows and with what it does not.

Checked on each answer: no 5xx, a documented status and content type, a body and headers that fit
their schemas, nothing accepted that the document forbids, and no field that it does not state.
The short run makes the same calls every time; the long one (`make soak`) new ones.
"""

import json
import os
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.api.stage import Stage
from tests.api.stated import unstated

schemathesis.serializer.alias("application/pdf", "application/octet-stream")
EXAMPLES_SHORT = 10
EXAMPLES_LONG = int(os.environ.get("INVX_EXAMPLES", "1000"))
GOLDEN = Path(__file__).parents[2] / "docs" / "openapi.json"
PREFIXES = {
    "invoice": "inv",
    "legal_entity": "le",
    "series": "ser",
    "transmission": "trm",
    "accounting_export": "axp",
}
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,  # last
]
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def operations() -> list[Any]:
    """The operations of the document in the repository, which is the served one (another test).

    Every call carries a good token and no version; `test_access` is about these. Left in, most of
    the bad requests would be bad in nothing else.
    """
    document = json.loads(GOLDEN.read_text())
    for methods in document["paths"].values():
        for described in methods.values():
            described["security"] = []
            described["parameters"] = [
                each for each in described["parameters"] if not each.get("$ref")
            ]
    config = schemathesis.Config.from_dict({"cache": {"enabled": False}})
    schema = schemathesis.openapi.from_dict(document, config=config)
    return [each.ok() for each in schema.get_all_operations()]


OPERATIONS = operations()


@pytest.fixture(params=OPERATIONS, ids=lambda operation: operation.label)
def operation(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_operation_keeps_its_word(stage: Stage, operation: Any, mode: GenerationMode) -> None:
    if operation.method != "get" and mode is GenerationMode.POSITIVE:
        stage.refresh()
    fuzz(stage, operation, mode, settings(derandomize=True, max_examples=EXAMPLES_SHORT))


@pytest.mark.soak
@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_operation_keeps_its_word_in_the_long_run(
    stage: Stage, operation: Any, mode: GenerationMode
) -> None:
    stage.refresh()
    fuzz(stage, operation, mode, settings(max_examples=EXAMPLES_LONG, print_blob=True))


def fuzz(stage: Stage, operation: Any, mode: GenerationMode, how: settings) -> None:
    @settings(
        how,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Case) -> None:
        put_real_ids(stage, case)
        response = stage.send(request_of(stage, case))
        answer = schemathesis.Response.from_any(response)
        case.validate_response(answer, checks=CHECKS[:-1] if is_text_anyway(case) else CHECKS)
        found = unstated(operation.schema.raw_schema, operation.definition.raw, response)
        assert not found, f"goes out unstated: {found}"

    try:
        call()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "no allowed request could be made"


def is_text_anyway(case: Case) -> bool:
    """A file's content is said to be a text: an array instead arrives as the text that it is."""
    body = case.operation.definition.raw.get("requestBody", {}).get("content", {})
    schema = body.get(case.media_type, {}).get("schema", {})
    return schema.get("type") == "string" and isinstance(
        case.body, list | dict | float | int | None
    )


def put_real_ids(stage: Stage, case: Case) -> None:
    """Three of four ids become those of things that exist: in the path and in the body."""
    parameters = dict(case.path_parameters or {})
    for name, made in parameters.items():
        choice = crc32(repr((made, case.body)).encode("utf-8", "surrogatepass"))
        if choice % 4 and name in PREFIXES:
            parameters[name] = stage.real(PREFIXES[name], choice // 4)
    case.path_parameters = parameters
    if isinstance(case.body, dict):
        for name, prefix in (("legal_entity", "le"), ("series", "ser"), ("entry", "sent")):
            if isinstance(case.body.get(name), str) and case.body[name].startswith(prefix):
                case.body[name] = stage.real(prefix, len(case.body))


def request_of(stage: Stage, case: Case) -> httpx.Request:
    """The request as the `requests` library would send it, headers and encodings included."""
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://invx.test")).prepare()
    headers = dict(prepared.headers)
    headers["Authorization"] = f"Bearer {stage.token()}"
    return httpx.Request(prepared.method, prepared.url, headers=headers, content=prepared.body)
