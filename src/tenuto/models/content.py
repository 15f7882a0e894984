"""Parts of messages as providers want them: texts, images, and the schema of an answer where a provider has no word for it."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from tenuto.sdk.agents import Ask, Message, ModelError

LARGEST_IMAGE: Final = 20_000_000  # characters of a data: URL
_DATA: Final = re.compile(r"data:(image/[a-z0-9.+-]+);base64,(.*)", re.IGNORECASE | re.DOTALL)
_STRICT: Final = frozenset(
    {
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "enum",
        "const",
        "anyOf",
        "$ref",
        "$defs",
        "description",
        "title",
    }
)


@dataclass(slots=True, frozen=True)
class Image:
    """Either its address or what it holds."""

    url: str = ""
    media_type: str = ""
    encoded: str = ""

    @property
    def address(self) -> str:
        """As a URL in any case."""
        return self.url or f"data:{self.media_type};base64,{self.encoded}"

    @property
    def content(self) -> bytes:
        try:
            return base64.b64decode(self.encoded, validate=True)
        except ValueError:
            raise ModelError("an image of the conversation is no base64", retry=False) from None


def image_of(part: Mapping[str, Any]) -> Image:
    """`https://…` or `data:image/…`. File references are resolved by whoever asks."""
    given: Any = part.get("image")
    if isinstance(given, str) and given.startswith(("https://", "http://")):
        return Image(url=given)
    match = _DATA.fullmatch(given) if isinstance(given, str) and len(given) <= LARGEST_IMAGE else None
    if match is None:
        raise ModelError("an image is neither an address, nor `data:image/…;base64,…` of at most 20 MB", retry=False)
    return Image(media_type=match[1].lower(), encoded=match[2])


def parts_of(message: Message) -> list[Mapping[str, Any]]:
    """Texts and images; a plain text is one part. Empty texts are left out: some providers refuse them."""
    content = message["content"]
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [cast("Mapping[str, Any]", part) for part in content if part["type"] != "text" or part["text"]]


def text_of(message: Message) -> str:
    return "\n".join(str(part["text"]) for part in parts_of(message) if part["type"] == "text")


def system_of(ask: Ask) -> str:
    return "\n\n".join(text_of(message) for message in ask["messages"] if message["role"] == "system")


def options_of(spec: Mapping[str, Any], ask: Ask) -> dict[str, Any]:
    """Of the model and, over them, of the question; without ours."""
    given = {**spec, **(ask.get("options") or {})}
    return {
        key: value for key, value in given.items() if key not in {"timeout", "region", "cache"} and value is not None
    }


def in_words(schema: Mapping[str, Any]) -> str:
    """What is said to a model whose provider takes no schema."""
    return (
        "Answer with one JSON value that fits this JSON Schema, and with nothing else, not even a fence:\n"
        + json.dumps(schema, ensure_ascii=False)
    )


def is_strict(schema: Any) -> bool:
    """Whether a provider can hold its model to the schema word by word: objects are closed and whole, no rarer keywords."""
    if isinstance(schema, list):
        return all(is_strict(each) for each in cast("list[Any]", schema))
    if not isinstance(schema, dict):
        return True
    given = cast("dict[str, Any]", schema)
    if given.keys() - _STRICT:
        return False
    properties: Any = given.get("properties", {})
    if "properties" in given or given.get("type") == "object":
        whole = set(properties) == set(cast("list[str]", given.get("required", [])))
        if given.get("additionalProperties") is not False or not whole:
            return False
    inner = [
        *properties.values(),
        *cast("dict[str, Any]", given.get("$defs", {})).values(),
        given.get("items"),
        given.get("anyOf"),
    ]
    return all(is_strict(each) for each in inner)


def merged(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers of several tools are one message of the user's; some providers refuse two in a row."""
    joined: list[dict[str, Any]] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1]["content"] = [*joined[-1]["content"], *message["content"]]
        else:
            joined.append(message)
    return joined
