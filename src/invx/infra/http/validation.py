"""From Pydantic's error list to problems: where, by JSON Pointer (RFC 6901), and why.

Pydantic's locations contain names that are not in the request (union branches, validators). The
request body itself tells which parts are real: a part that does not lead anywhere is left out.
"""

from typing import Any

from fastapi.exceptions import RequestValidationError

from invx.kernel.errors import Problem

_CODES = {"missing": "required", "extra_forbidden": "unknown_field"}
_WORDS = {
    "missing": "This field is missing.",
    "extra_forbidden": "There is no field of this name here.",
}
_PROBLEMS_MAX = 100  # a body with ten thousand bad lines is answered with the first hundred


def malformed_json(error: RequestValidationError) -> str | None:
    """What is wrong, if the body is not JSON at all; None if it is."""
    for each in error.errors():
        if each["type"] == "json_invalid":
            position = each["loc"][-1]
            return f"The body is not JSON: {each['ctx']['error']} at character {position}."
    return None


def unsupported_body(error: RequestValidationError) -> bool:
    """Whether FastAPI handed on raw bytes: the body was sent, but not as JSON."""
    return isinstance(error.body, bytes)


def field_problems(error: RequestValidationError) -> list[Problem]:
    """One problem per field, in the order found; at most a hundred."""
    found: dict[str, Problem] = {}
    for each in error.errors():
        place, *path = each["loc"]
        if place == "body":
            pointer = _pointer(path, error.body, missing=each["type"] == "missing")
        else:
            pointer = f"{place}:{'.'.join(str(part) for part in path)}"
        if pointer not in found:
            code = _CODES.get(each["type"], each["type"])
            found[pointer] = Problem(
                pointer, code, _WORDS.get(each["type"]) or _sentence(each["msg"])
            )
        if len(found) == _PROBLEMS_MAX:
            break
    return list(found.values())


def _pointer(path: list[Any], body: Any, *, missing: bool) -> str:
    pointer, here = "", body
    for index, part in enumerate(path):
        last = index == len(path) - 1
        if _leads_on(here, part):
            here = here[part]
        elif not (missing and last):
            continue
        pointer += "/" + str(part).replace("~", "~0").replace("/", "~1")
    return pointer


def _leads_on(here: Any, part: Any) -> bool:
    if isinstance(here, list):
        return isinstance(part, int) and part < len(here)
    return isinstance(here, dict) and part in here


def _sentence(message: str) -> str:
    text = message.removeprefix("Value error, ")
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
