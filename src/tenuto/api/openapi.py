"""The description of the API: what FastAPI knows of the routes, and of each operation who may, an example, and every error.

What is added here is derived, so that a new route has it too: `x-permission` from the parameter that asks for it, an
example from the examples of its fields.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from tenuto.api.access import EVERYBODY, permission_of
from tenuto.api.errors import MEDIA_TYPE, PROBLEM_SCHEMA

_METHODS: Final = ("get", "put", "post", "delete", "patch")
_DEEP: Final = 6  # levels of an example
_SAMPLES: Final[Mapping[str, Any]] = {
    "string": "text", "integer": 1, "number": 1.5, "boolean": True, "null": None, "array": [], "object": {},
}  # fmt: skip
_PROBLEM_EXAMPLE: Final[Mapping[str, Any]] = {
    "type": "urn:tenuto:problem:not_found",
    "title": "Not Found",
    "status": 404,
    "code": "not_found",
    "detail": "there is no run `brave-otter`",
    "request_id": "5f0c6d1e9b3a47f28d11c0aa",
}

Schema = dict[str, Any]


def describe(app: FastAPI) -> Schema:
    """Made once, when it is first asked for."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            servers=[{"url": "/", "description": "this server"}],
        )
        _complete(schema, dict(_permissions(app)))
        app.openapi_schema = schema
    return app.openapi_schema


def operations(schema: Schema) -> Iterator[tuple[str, str, Schema]]:
    """Method, path, operation."""
    for path, item in schema["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method, path, item[method]


def _permissions(app: FastAPI) -> Iterator[tuple[tuple[str, str], str]]:
    for context in iter_route_contexts(app.routes):
        for method in context.methods or ():
            yield (method.lower(), context.path_format or ""), permission_of(context) or EVERYBODY


def _complete(schema: Schema, permissions: Mapping[tuple[str, str], str]) -> None:
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = {**PROBLEM_SCHEMA, "examples": [_PROBLEM_EXAMPLE]}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for method, path, operation in operations(schema):
        operation["x-permission"] = permissions.get((method, path), EVERYBODY)
        for parameter in operation.get("parameters", ()):
            if "example" not in parameter and "examples" not in parameter:
                parameter["example"] = _example(parameter.get("schema", {}), schemas, 0)
        for content in _contents(operation):
            if "example" not in content and "examples" not in content:
                content["example"] = _example(content.get("schema", {}), schemas, 0)


def _contents(operation: Schema) -> Iterator[Schema]:
    """Bodies in and out that are JSON; what a problem is like stands in its schema."""
    for holder in (operation.get("requestBody", {}), *operation["responses"].values()):
        for kind, content in holder.get("content", {}).items():
            if kind.endswith("json") and kind != MEDIA_TYPE:
                yield content


def _example(schema: Schema, schemas: Mapping[str, Schema], depth: int) -> Any:
    """The first example that there is on the way down; else the plainest value that fits."""
    if "$ref" in schema:
        return _example(schemas.get(schema["$ref"].rpartition("/")[2], {}), schemas, depth)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("example", "const", "default"):
        if schema.get(key) is not None:
            return schema[key]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return _example(schema[key][0], schemas, depth)
    if depth < _DEEP and "properties" in schema:
        return {name: _example(each, schemas, depth + 1) for name, each in schema["properties"].items()}
    if depth < _DEEP and schema.get("items"):
        return [_example(schema["items"], schemas, depth + 1)]
    kind = schema.get("type", "object")
    return _SAMPLES.get(kind if isinstance(kind, str) else kind[0], {})
