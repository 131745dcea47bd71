import json
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from invx.infra.http.edge import add_router
from invx.infra.http.permissions import requires
from invx.kernel.context import Caller
from tests.unit.infra.http.example import NEW, OLD, client_of


@pytest.fixture
def document(app: FastAPI) -> dict:
    return app.openapi()


def parameters(operation: dict) -> dict[str, dict]:
    return {each.get("name", each.get("$ref")): each for each in operation["parameters"]}


async def test_it_is_served_without_a_token(app: FastAPI, document: dict) -> None:
    async with client_of(app) as client:
        answered: httpx.Response = await client.get("/openapi.json")
    assert answered.json() == json.loads(json.dumps(document))
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "Notes", "version": "1.0"}


def test_only_the_api_is_in_it(document: dict) -> None:
    assert set(document["paths"]) == {
        "/v1/notes", "/v1/notes/{id}", "/fail/{how}", "/echo", "/stream",
    }  # fmt: skip


def test_operations_are_named_by_tag_and_function(document: dict) -> None:
    assert document["paths"]["/v1/notes"]["post"]["operationId"] == "notes_create"
    assert document["paths"]["/v1/notes"]["get"]["operationId"] == "notes_search"


def test_each_operation_says_what_it_needs(document: dict) -> None:
    read = document["paths"]["/v1/notes/{id}"]["get"]
    assert read["x-permission"] == "notes:read"
    assert read["description"] == "One note.\n\nNeeds the permission `notes:read`."
    assert read["security"] == [{"accessToken": []}]
    echo = document["paths"]["/echo"]["post"]
    assert echo["security"] == []
    assert "x-permission" not in echo
    scheme = document["components"]["securitySchemes"]["accessToken"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")


def test_every_error_has_the_problem_schema(document: dict) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            assert "default" in operation["responses"]
            for status, answer in operation["responses"].items():
                if not status.startswith("2"):
                    schema = answer["content"]["application/problem+json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/Problem"}
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_an_operation_names_the_problems_that_it_may_answer(document: dict) -> None:
    create = document["paths"]["/v1/notes"]["post"]["responses"]
    assert {"201", "400", "401", "403", "409", "413", "415", "422", "503"} <= set(create)
    replace = document["paths"]["/v1/notes/{id}"]["put"]["responses"]
    assert {"204", "404", "412", "428"} <= set(replace)
    assert "413" not in document["paths"]["/v1/notes"]["get"]["responses"]


def test_declared_parameters_are_shown_where_they_are_taken(document: dict) -> None:
    create = parameters(document["paths"]["/v1/notes"]["post"])
    assert create["Idempotency-Key"]["schema"]["maxLength"] == 255
    replace = parameters(document["paths"]["/v1/notes/{id}"]["put"])
    assert replace["If-Match"]["required"] is True
    assert "Idempotency-Key" not in replace
    search = parameters(document["paths"]["/v1/notes"]["get"])
    assert {"limit", "after", "sort", "expand", "created[gte]", "metadata"} <= set(search)
    assert search["sort"]["schema"]["enum"] == ["created", "-created", "title", "-title"]


def test_every_operation_takes_a_version(document: dict) -> None:
    for path in document["paths"].values():
        for operation in path.values():
            assert {"$ref": "#/components/parameters/InvxVersion"} in operation["parameters"]
    assert document["components"]["parameters"]["InvxVersion"]["schema"] == {
        "type": "string",
        "enum": [NEW, OLD],
        "default": NEW,
    }


def test_answers_show_their_headers(document: dict) -> None:
    answers = document["paths"]["/v1/notes/{id}"]["put"]["responses"]
    assert set(answers["204"]["headers"]) == {"ETag", "Invx-Version", "X-Request-Id"}
    assert set(answers["404"]["headers"]) == {"Invx-Version", "X-Request-Id"}


def test_every_reference_leads_somewhere(document: dict) -> None:
    def references(value):
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "$ref":
                    yield item
                else:
                    yield from references(item)
        elif isinstance(value, list):
            for item in value:
                yield from references(item)

    seen = set(references(document))
    assert seen
    for reference in seen:
        here = document
        for part in reference.removeprefix("#/").split("/"):
            here = here[part]


def test_it_is_made_once_and_after_all_routes(app: FastAPI) -> None:
    class Late(BaseModel):
        value: str

    router = APIRouter(prefix="/v1/late", tags=["late"])

    @router.post("")
    async def late(body: Late, caller: Annotated[Caller, requires("late:write")]) -> Late:
        return body

    add_router(app, router)
    document = app.openapi()
    assert document["paths"]["/v1/late"]["post"]["x-permission"] == "late:write"
    assert app.openapi() is document
