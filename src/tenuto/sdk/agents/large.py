"""Answers of tools that are too large to be handed on whole: to a model, to who calls a tool over the API or the command line.

Here alone is said how large that is, for tools of every kind. What is larger is kept as a file, and its beginning stands in
its place.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypedDict

from tenuto.sdk.agents.tool import Tool, wire_name
from tenuto.sdk.context import Context, FileRef
from tenuto.sdk.values import to_json

LARGEST: Final = 65_536  # bytes of an answer that is handed on whole, as JSON
BEGINNING: Final = 2_000  # characters of a larger one

# Keeps content under a name and a media type.
Keep = Callable[[bytes, str, str], Awaitable[FileRef]]


class Large(TypedDict):
    """What stands in the place of a large answer. `file`: all of it. `size`: in bytes. `beginning`: of its text."""

    file: FileRef
    size: int
    beginning: str


async def kept(tool: Tool, answer: Any, ctx: Context, key: str) -> Any:
    """The answer to a call as JSON; a large one as a file of the run."""

    async def keep(content: bytes, name: str, media_type: str) -> FileRef:
        return await ctx.files.put(content, name=name, media_type=media_type)

    named = f"{wire_name(tool.name)}-{key.rpartition(':')[2]}"
    return await shortened(to_json(answer, f"the answer of {tool.name}"), named, keep)


async def shortened(value: Any, named: str, keep: Keep) -> Any:
    """The JSON value itself, or what stands in its place. `named`: the file, without its ending."""
    text = text_of(value)
    content = text.encode("utf-8", "replace")  # half a pair of surrogates is JSON, and no text
    if len(content) <= LARGEST:
        return value
    ending, media_type = (".txt", "text/plain") if isinstance(value, str) else (".json", "application/json")
    file = await keep(content, named + ending, media_type)
    return Large(file=file, size=len(content), beginning=text[:BEGINNING])


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
