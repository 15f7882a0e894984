"""What a server says, in our words and within bounds. All of it is text of strangers."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import mcp_types as types

from tenuto.ports.mcp import Blob, McpAnswer, McpTool
from tenuto.tools.mcp.seen import LONGEST, seen, seen_in

MOST: Final = 500  # tools of one server
# As the protocol recommends names, so that no two look alike and none is taken for a path.
NAME: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./:-]{0,127}")
LARGEST: Final = 64 * 1024  # characters of a schema; whoever approves it has to read it, and a model, too
_HINTS: Final = ("read_only_hint", "destructive_hint", "idempotent_hint", "open_world_hint")


def tools_of(found: Iterable[types.Tool], say: Callable[[str], None]) -> list[McpTool]:
    """Each name once: a name that comes twice is nobody's. Nor is one that no tool can have, or a schema that nobody could
    read. `say` is told what is left out."""
    read: dict[str, McpTool | None] = {}
    for tool in found:
        wrong = "its name comes twice" if tool.name in read else _wrong(tool)
        if wrong:
            say(f"the tool {tool.name[:80]!a} is left out: {wrong}")
        read[tool.name] = None if wrong else _tool(tool)
    return [tool for tool in read.values() if tool is not None]


def _wrong(tool: types.Tool) -> str:
    if NAME.fullmatch(tool.name) is None:
        return "a name has up to 128 letters, digits and `_-./:`"
    schemas = (tool.input_schema, tool.output_schema)
    return "its schema is too large" if any(len(json.dumps(each)) > LARGEST for each in schemas) else ""


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
