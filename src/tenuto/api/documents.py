"""A flow document as the body of a request: JSON or YAML by content type, checked before a transaction is opened."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Depends
from fastapi.requests import Request

from tenuto.api.platform import ThePlatform
from tenuto.service import flows
from tenuto.service.flows import JSON, MEDIA_TYPES, YAML, Checked
from tenuto.service.refusals import Refused

_EXAMPLE_YAML: Final = """\
flow: hello
input:
  name: {type: string, default: world}
nodes:
  greet: {use: set, with: {value: "Hello ${input.name}"}}
output: ${greet}
"""
_EXAMPLE_JSON: Final = {
    "flow": "hello",
    "nodes": {"greet": {"use": "set", "with": {"value": "Hello"}}},
    "output": "${greet}",
}

# For `openapi_extra=` of a route that takes a document.
DOCUMENT_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The flow document, at most 1 MB.",
        "content": {
            JSON: {"schema": {"type": "object"}, "example": _EXAMPLE_JSON},
            YAML: {"schema": {"type": "string"}, "example": _EXAMPLE_YAML},
            "text/yaml": {"schema": {"type": "string"}},
        },
    }
}

# For `responses=` of a route that can answer with the text as it was written.
AS_YAML: Final[dict[str, Any]] = {"content": {YAML: {"schema": {"type": "string"}, "example": _EXAMPLE_YAML}}}


async def _document(request: Request, platform: ThePlatform) -> Checked:
    content = await request.body()
    return await flows.read(content, _media_type(request), platform.flows.library)


Document = Annotated[Checked, Depends(_document)]


def wants_yaml(request: Request) -> bool:
    return wants(request, YAML, MEDIA_TYPES)


def wants(request: Request, text: str, known: Mapping[str, str]) -> bool:
    """Whether the first type of `Accept` that we have is this one, not JSON. `known`: the names that types go by."""
    for accepted in request.headers.get("accept", "").split(","):
        kind = accepted.partition(";")[0].strip().lower()
        if known.get(kind) == text:
            return True
        if kind in {JSON, "application/*", "*/*"}:
            return False
    return False


def _media_type(request: Request) -> str:
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not said:
        raise Refused(
            "unsupported_media_type", "the body has no content type", f"send `Content-Type: {YAML}`, or {JSON}"
        )
    return said
