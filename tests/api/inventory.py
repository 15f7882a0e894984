"""All routes of an application, and requests to them made from what they say of themselves: what others add is found too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from tenuto.api.access import permission_of

PARAM = re.compile(r"\{(\w+)(?::\w+)?\}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Spot(NamedTuple):
    """One method of one route. `permission`: "" where it says nothing. `noun`: the file that it stands in."""

    method: str
    path: str
    permission: str
    endpoint: Any

    @property
    def noun(self) -> str:
        return self.endpoint.__module__.rpartition(".")[2]

    @property
    def params(self) -> list[str]:
        return PARAM.findall(self.path)

    def at(self, values: Mapping[str, str]) -> str:
        return PARAM.sub(lambda found: values[found[1]], self.path)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def spots(app: FastAPI) -> list[Spot]:
    """Every HTTP method of every route but HEAD and OPTIONS, which follow the others."""
    return [
        Spot(method, context.path or "", permission_of(context) or "", context.endpoint)
        for context in iter_route_contexts(app.routes)
        for method in sorted(context.methods or ())
        if method in METHODS
    ]


def undeclared(app: FastAPI) -> list[str]:
    """Routes, WebSockets too, that do not say who may."""
    return [str(context.path) for context in iter_route_contexts(app.routes) if permission_of(context) is None]


def body_schema(app: FastAPI, spot: Spot) -> dict[str, Any] | None:
    """Of the JSON body, with what it refers to put in."""
    schema = app.openapi()
    operation = schema["paths"].get(PARAM.sub(lambda found: f"{{{found[1]}}}", spot.path), {}).get(spot.method.lower())
    content = (operation or {}).get("requestBody", {}).get("content", {})
    found = content.get("application/json", {}).get("schema")
    return None if found is None else _whole(found, schema["components"]["schemas"])


def query_params(app: FastAPI, spot: Spot) -> list[str]:
    """Those that take text."""
    paths = app.openapi()["paths"]
    operation = paths.get(PARAM.sub(lambda found: f"{{{found[1]}}}", spot.path), {}).get(spot.method.lower(), {})
    return [
        each["name"]
        for each in operation.get("parameters", ())
        if each["in"] == "query" and "string" in str(each["schema"]) and "format" not in str(each["schema"])
    ]


def sample(schema: Mapping[str, Any]) -> Any:
    """A value that fits: an example where there is one, else the least."""
    if schema.get("examples"):
        return schema["examples"][0]
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return sample(schema[key][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("type") == "object" or "properties" in schema:
        required = schema.get("required", ())
        return {name: sample(inner) for name, inner in schema.get("properties", {}).items() if name in required}
    return {"array": [], "string": "text", "integer": 1, "number": 1, "boolean": False}.get(schema.get("type", ""))


def text_fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Names of fields at the top that take a text, or a list of them (True)."""
    for name, inner in schema.get("properties", {}).items():
        kinds = [inner, *inner.get("anyOf", ())]
        if any(kind.get("type") == "string" and "enum" not in kind and "format" not in kind for kind in kinds):
            yield name, False
        elif any(kind.get("type") == "array" and kind.get("items", {}).get("type") == "string" for kind in kinds):
            yield name, True


def _whole(schema: Any, named: Mapping[str, Any], depth: int = 0) -> Any:
    if depth > 12:
        return {}
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _whole(named[schema["$ref"].rpartition("/")[2]], named, depth + 1)
        return {key: _whole(inner, named, depth + 1) for key, inner in schema.items()}
    if isinstance(schema, list):
        return [_whole(inner, named, depth + 1) for inner in schema]
    return schema
