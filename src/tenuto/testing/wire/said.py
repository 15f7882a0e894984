"""What goes over every wire alike: the question in our own words, and the answer that a script gives to it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from tenuto.models.sample import sample
from tenuto.models.scripted import filled, usage_of
from tenuto.models.scripts import said
from tenuto.sdk.agents import Ask, Message, ToolCall, Usage, wire_name

Json = dict[str, Any]


@dataclass(slots=True, frozen=True)
class Asked:
    """A request of some wire. `wire`: chat, responses, messages, converse."""

    wire: str
    model: str
    ask: Ask
    stream: bool
    usage: bool = True  # whether a stream ends with it

    @property
    def turn(self) -> int:
        return sum(1 for message in self.ask["messages"] if message["role"] == "assistant")

    @property
    def digest(self) -> str:
        """Of the conversation, whatever order its keys have."""
        said = json.dumps([self.ask["messages"], self.ask.get("output")], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


@dataclass(slots=True)
class Speech:
    """An answer before it has the form of a wire. `arguments` of calls as text, for some are no JSON."""

    text: str
    calls: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])  # id, name, arguments
    usage: Usage = field(default_factory=Usage)
    stop: str = "end"


def speech_of(answer: Mapping[str, Any], asked: Asked) -> Speech:
    text = filled(said(answer, sample(asked.ask.get("output"))), asked.ask, f"scripted:{asked.model}")
    calls = [
        (str(call.get("id") or f"call_{asked.turn + 1}_{number}"), wire_name(call["tool"]), _arguments(call))
        for number, call in enumerate(cast("list[Json]", answer.get("calls", [])), 1)
    ]
    known: list[ToolCall] = [{"id": i, "name": n, "arguments": {"": a}} for i, n, a in calls]
    return Speech(
        text, calls, usage_of(answer, asked.ask, text, known), str(answer.get("stop") or ("tools" if calls else "end"))
    )


def message(role: Any, content: Any, **more: Any) -> Message:
    made: Json = {"role": role if role in {"system", "user", "assistant", "tool"} else "user", "content": content}
    return cast("Message", made | more)


def call(identity: Any, name: Any, arguments: Any) -> ToolCall:
    """As a wire repeats a call that was made."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {"": arguments}
    return {"id": str(identity), "name": str(name), "arguments": arguments if isinstance(arguments, dict) else {}}


def flat(content: Any) -> str:
    """Text of whatever parts a wire has; other parts by their kind."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return "" if content is None else json.dumps(content)
    parts = cast("list[Any]", content)
    return "\n".join(
        str(cast("Json", part).get("text", f"[{cast('Json', part).get('type', 'part')}]"))
        if isinstance(part, dict)
        else str(part)
        for part in parts
    )


def inside(value: Any, *path: str) -> Json:
    """The object that stands there, or an empty one."""
    for key in path:
        value = cast("Json", value).get(key) if isinstance(value, dict) else None
    return cast("Json", value) if isinstance(value, dict) else {}


def listed(value: Any) -> list[Json]:
    return (
        [cast("Json", each) for each in cast("list[Any]", value) if isinstance(each, dict)]
        if isinstance(value, list)
        else []
    )


def _arguments(given: Json) -> str:
    arguments = given.get("arguments", {})
    return arguments if isinstance(arguments, str) else json.dumps(arguments)
