"""What stands in a graph's state, as JSON that a person can read in the journal, and back.

Plain JSON stays what it is and messages are written out. Anything else (tuples, models, dates, …) goes through LangGraph's own
serializer, which brings back known types only.
"""

import base64
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
from langgraph.checkpoint.serde.base import SerializerProtocol

Json = Any
kind_of: Callable[[object], type] = type

MESSAGE: Final = "$message"
PACKED: Final = "$packed"
MORE: Final = "$more"  # a list that only grew is written as what was added
_LARGEST: Final = 2**63 - 1
_MESSAGES: Final = frozenset({AIMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage})


def encoded(value: Any, serde: SerializerProtocol) -> Json:
    """The value as JSON."""
    if _is_plain(value):
        return value
    kind = kind_of(value)
    if kind is list:
        return [encoded(member, serde) for member in value]
    if kind is dict and _has_names(value):
        return {key: encoded(member, serde) for key, member in value.items()}
    if kind in _MESSAGES:
        return _message(value) or _packed(value, serde)
    return _packed(value, serde)


def decoded(value: Json, serde: SerializerProtocol) -> Any:
    """What `encoded` was given."""
    if kind_of(value) is list:
        return [decoded(member, serde) for member in cast("list[Json]", value)]
    if kind_of(value) is not dict:
        return value
    said = cast("dict[str, Json]", value)
    if PACKED in said:
        kind, text = said[PACKED]
        return serde.loads_typed((kind, base64.b64decode(text)))
    if MESSAGE in said:
        return messages_from_dict([said[MESSAGE]])[0]
    return {key: decoded(member, serde) for key, member in said.items()}


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


def _packed(value: Any, serde: SerializerProtocol) -> Json:
    kind, content = serde.dumps_typed(value)
    return {PACKED: [kind, base64.b64encode(content).decode()]}
