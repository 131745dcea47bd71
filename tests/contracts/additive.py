"""What a new schema of a contract takes away from who has the old one, in either direction.

Old and new processes run side by side while one replaces the other, and hear each other.
Writers state every field of their schema, readers ignore what they do not know.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_SAID = ("description", "title")


def breaking(old: Schema, new: Schema) -> list[str]:
    """A sentence for each change that one of the two cannot read; nothing when all is well."""
    return [*_changed(old, new, "")]


def _changed(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "properties" in old and "properties" in new:
        yield from _fields(old, new, at)
    elif "items" in old and "items" in new:
        yield from _changed(old["items"], new["items"], f"{at}[]")
    elif _bare(old) != _bare(new):
        yield f"{at or 'the body'} is of another type"


def _fields(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for name, before in old["properties"].items():
        where = f"{at}.{name}".lstrip(".")
        after = new["properties"].get(name)
        if after is None:
            yield f"{where} is gone"
        else:
            yield from _changed(before, after, where)
    for name in new["required"]:
        if name not in old["properties"]:
            where = f"{at}.{name}".lstrip(".")
            yield f"{where} is needed, and the last release does not tell it"


def _bare(schema: Schema) -> Schema:
    return {name: said for name, said in schema.items() if name not in _SAID}
