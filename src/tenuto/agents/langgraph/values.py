"""What stands in a graph's state, as JSON that a person can read in the journal, and back.

Plain JSON stays what it is and messages are written out. Anything else (tuples, models, dates, …) goes through LangGraph's own
serializer, which brings back known types only: its own, and those that the graph's schema names.
"""

import base64
import json
import math
from collections.abc import Callable
from typing import Any, Final, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
    messages_from_dict,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

Json = Any
kind_of: Callable[[object], type] = type

MESSAGE: Final = "$message"
PACKED: Final = "$packed"
MORE: Final = "$more"  # a list that only grew is written as what was added
_READABLE: Final = "readable"
_IN_MEMORY: Final = "in-memory"
_LARGEST: Final = 2**63 - 1
_MESSAGES: Final = frozenset({AIMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage})


class Readable(JsonPlusSerializer):
    """LangGraph's serializer, but for what JSON can say."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        return _READABLE, json.dumps(self.encoded(obj)).encode()

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        kind, content = data
        if kind == _IN_MEMORY:
            return self.decoded(content)
        return self.decoded(json.loads(content)) if kind == _READABLE else super().loads_typed(data)

    def encoded(self, value: Any) -> Json:
        """The value as JSON."""
        if _is_plain(value):
            return value
        kind = kind_of(value)
        if kind is list:
            return [self.encoded(member) for member in value]
        if kind is dict and _has_names(value):
            return {key: self.encoded(member) for key, member in value.items()}
        if kind in _MESSAGES:
            return _message(value) or self._packed(value)
        return self._packed(value)

    def decoded(self, value: Json) -> Any:
        """What `encoded` was given."""
        if kind_of(value) is list:
            return [self.decoded(member) for member in cast("list[Json]", value)]
        if kind_of(value) is not dict:
            return value
        said = cast("dict[str, Json]", value)
        if PACKED in said:
            kind, text = said[PACKED]
            return super().loads_typed((kind, base64.b64decode(text)))
        if MESSAGE in said:
            return messages_from_dict([said[MESSAGE]])[0]
        return {key: self.decoded(member) for key, member in said.items()}

    def _packed(self, value: Any) -> Json:
        kind, content = super().dumps_typed(value)
        return {PACKED: [kind, base64.b64encode(content).decode()]}


def kept(value: Json) -> Any:
    """What was encoded, as LangGraph keeps what it has serialized. It stays in memory, so no text is made of it."""
    return _IN_MEMORY, value


def grown(before: Json, now: Json) -> Json:
    """`now`, in short where it is a list that begins with `before`: a conversation is not written again with every turn."""
    if kind_of(before) is list and kind_of(now) is list:
        length = len(cast("list[Json]", before))
        if length > 0 and now[:length] == before:
            return {MORE: now[length:]}
    return now


def whole(before: Json, said: Json) -> Json:
    """What `grown` was given as `now`."""
    if kind_of(said) is dict and MORE in said:
        return [*before, *cast("dict[str, list[Json]]", said)[MORE]]
    return said


def _is_plain(value: Any) -> bool:
    kind = kind_of(value)
    if value is None or kind is bool or kind is str:
        return True
    if kind is int:
        return -_LARGEST <= value <= _LARGEST
    return kind is float and math.isfinite(value)


def _has_names(value: dict[Any, Any]) -> bool:
    return all(kind_of(key) is str and not key.startswith("$") for key in value)


def _message(message: BaseMessage) -> Json | None:
    """None where a part of it is no JSON, such as the artifact of a tool."""
    parts = {name: getattr(message, name) for name in type(message).model_fields}
    if not all(_is_json(part) for part in parts.values()):
        return None
    return {MESSAGE: {"type": message.type, "data": message.model_dump(exclude_defaults=True)}}


def _is_json(value: Any) -> bool:
    if kind_of(value) is list:
        return all(_is_json(member) for member in cast("list[Any]", value))
    if kind_of(value) is dict:
        named = cast("dict[Any, Any]", value)
        return all(kind_of(key) is str for key in named) and all(_is_json(member) for member in named.values())
    return _is_plain(value)
