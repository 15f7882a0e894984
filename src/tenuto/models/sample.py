"""A small value that fits a JSON Schema, always the same: what a scripted model says where an output is asked for."""

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

_DEEPEST: Final = 12
_FORMATS: Final = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "email": "demo@example.com",
    "time": "00:00:00Z",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def sample(schema: Any, words: str = "scripted demo", root: Any = None, depth: int = 0) -> Any:
    """`words`: what texts say."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return None
    given = cast("dict[str, Any]", schema)
    root = given if root is None else root
    for key in ("const", "default"):
        if key in given:
            return given[key]
    for key in ("enum", "examples"):
        if isinstance(given.get(key), list) and given[key]:
            return given[key][0]
    if "$ref" in given:
        return sample(_referred(str(given["$ref"]), root), words, root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(given.get(key), list) and given[key]:
            return sample(given[key][0], words, root, depth + 1)
    return _of_kind(given, words, root, depth)


def _of_kind(schema: Mapping[str, Any], words: str, root: Any, depth: int) -> Any:
    kind: Any = schema.get("type")
    if isinstance(kind, list):
        kind = cast("list[Any]", kind)[0] if kind else None
    if kind is None:
        kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
    makers: dict[str, Callable[[], Any]] = {
        "object": lambda: _object(schema, words, root, depth),
        "array": lambda: _array(schema, words, root, depth),
        "string": lambda: _string(schema, words),
        "integer": lambda: int(_number(schema)),
        "number": lambda: _number(schema),
        "boolean": lambda: True,
    }
    return makers[kind]() if kind in makers else None


def _object(schema: Mapping[str, Any], words: str, root: Any, depth: int) -> dict[str, Any]:
    properties: Any = schema.get("properties")
    members = cast("dict[str, Any]", properties) if isinstance(properties, dict) else {}
    required = [key for key in cast("list[Any]", schema.get("required", [])) if key not in members]
    made = {key: sample(member, words, root, depth + 1) for key, member in members.items()}
    return made | dict.fromkeys(required, words)


def _array(schema: Mapping[str, Any], words: str, root: Any, depth: int) -> list[Any]:
    count = max(1, min(int(schema.get("minItems", 1)), 20))
    return [sample(schema.get("items", {"type": "string"}), words, root, depth + 1) for _ in range(count)]


def _string(schema: Mapping[str, Any], words: str) -> str:
    text = _FORMATS.get(str(schema.get("format")), words)
    shortest, longest = int(schema.get("minLength", 0)), int(schema.get("maxLength", 10_000))
    return text.ljust(min(shortest, 10_000), ".")[:longest]


def _number(schema: Mapping[str, Any]) -> float:
    if "exclusiveMinimum" in schema:
        return float(schema["exclusiveMinimum"]) + 1
    low, high = schema.get("minimum"), schema.get("maximum")
    return float(low if low is not None else min(1, high) if high is not None else 1)


def _referred(reference: str, root: Any) -> Any:
    found = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = (
            cast("dict[str, Any]", found).get(step.replace("~1", "/").replace("~0", "~"))
            if isinstance(found, dict)
            else None
        )
    return found
