"""What a server says, in our words and within bounds. All of it is text of strangers."""

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import mcp_types as types

from tenuto.ports.mcp import Blob, McpAnswer, McpTool

MOST: Final = 500  # tools of one server
LONGEST: Final = 4_000  # characters of a description
LARGEST: Final = 64 * 1024  # characters of a schema; whoever approves it has to read it, and a model, too
_HINTS: Final = ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint")
_UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"


def tools_of(found: Iterable[types.Tool]) -> list[McpTool]:
    """Each name once: a name that comes twice is nobody's. One whose schema nobody could read is no tool."""
    read: dict[str, McpTool | None] = {}
    for tool in found:
        read[tool.name] = None if tool.name in read or _is_too_large(tool) else _tool(tool)
    return [tool for tool in read.values() if tool is not None]


def _is_too_large(tool: types.Tool) -> bool:
    return any(len(json.dumps(schema)) > LARGEST for schema in (tool.input_schema, tool.output_schema))


def _tool(tool: types.Tool) -> McpTool:
    said = tool.annotations
    hints = {name: getattr(said, name) for name in _HINTS if said is not None and getattr(said, name) is not None}
    return McpTool(
        tool.name,
        seen(tool.description or tool.title or "")[:LONGEST],
        seen_in(tool.input_schema),
        seen_in(tool.output_schema) if tool.output_schema is not None else None,
        hints,
    )


def answer_of(result: types.CallToolResult) -> McpAnswer:
    """Text together, structure as it is, the rest as content of files and as places."""
    texts: list[str] = []
    blobs: list[Blob] = []
    links: list[Mapping[str, str]] = []
    for block in result.content:
        if isinstance(block, types.TextContent):
            texts.append(block.text)
        elif isinstance(block, types.ImageContent | types.AudioContent):
            blobs.append(_blob(block.data, block.mime_type, block.type))
        elif isinstance(block, types.ResourceLink):
            links.append({"uri": str(block.uri), "name": block.name})
        else:
            _resource(block, texts, blobs)
    return McpAnswer("\n".join(texts), result.structured_content, blobs, links, failed=result.is_error)


def _resource(block: types.EmbeddedResource, texts: list[str], blobs: list[Blob]) -> None:
    resource = block.resource
    if isinstance(resource, types.TextResourceContents):
        texts.append(resource.text)
    else:
        name = str(resource.uri).rstrip("/").rpartition("/")[2] or "resource"
        blobs.append(_blob(resource.blob, resource.mime_type or "application/octet-stream", name))


def _blob(data: str, media_type: str, name: str) -> Blob:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        content = data.encode("utf-8", "replace")  # what it is, whatever it was called
    return Blob(content, seen(name)[:200], seen(media_type)[:100])


def seen(text: str) -> str:
    """Text without characters that a person would not see and a model would: they are replaced, not left out."""
    return "".join(each if each.isprintable() or each in "\n\t" else _UNSEEN for each in text)


def seen_in(value: Any) -> Any:
    """The same for all texts in a schema."""
    if isinstance(value, str):
        return seen(value)[:LONGEST]
    if isinstance(value, list):
        return [seen_in(each) for each in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {seen(key): seen_in(each) for key, each in cast("dict[str, Any]", value).items()}
    return value
