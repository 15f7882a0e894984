"""An answer as it is heard, piece by piece, from any provider: bounded, and strict about what a piece may be.

Types are looked at although the libraries promise them: what comes over a wire is whatever the other side sends.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

from tenuto.sdk.agents import Answer, Ask, ModelError, ToolCall, Usage
from tenuto.sdk.agents.messages import Stop
from tenuto.sdk.agents.model import Tell

LONGEST_TEXT: Final = 4_000_000  # characters
LONGEST_ARGUMENTS: Final = 1_000_000  # characters of one call
MOST_CALLS: Final = 128
_SHOWN: Final = 200
_TOKEN: Final = 4  # characters, about


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    pieces: list[str] = field(default_factory=list[str])
    size: int = 0


class Hearing:
    """`name`: of the model, for the answer and for errors."""

    def __init__(self, name: str, tell: Tell) -> None:
        self._name = name
        self._tell = tell
        self._text: list[str] = []
        self._size = 0
        self._spoken = 0
        self._calls: dict[Any, _Call] = {}

    def say(self, piece: Any) -> None:
        """A piece of text; nothing else is told on."""
        if not isinstance(piece, str) or not piece:
            return
        self.weigh(piece)
        self._spoken += len(piece)
        self._text.append(piece)
        self._tell(piece)

    def weigh(self, piece: str) -> None:
        """Count something that is kept: it must end somewhere."""
        self._size += len(piece)
        if self._size > LONGEST_TEXT:
            raise ModelError(f"{self._name} speaks on and on: more than {LONGEST_TEXT} characters", retry=False)

    def call(self, key: Any, identity: Any, name: Any) -> None:
        """A call begins. `key`: what the pieces of its arguments are told with."""
        if not isinstance(name, str) or not name:
            raise ModelError(f"{self._name} calls a tool without a name")
        if len(self._calls) >= MOST_CALLS:
            raise ModelError(f"{self._name} calls more than {MOST_CALLS} tools at once", retry=False)
        self._calls[key] = _Call(
            identity if isinstance(identity, str) and identity else f"call_{len(self._calls) + 1}", name
        )

    def shelve(self, key: Any) -> None:
        """The call of that key is whole; another one begins with the same."""
        if key in self._calls:
            self._calls[(key, len(self._calls))] = self._calls.pop(key)

    def argue(self, key: Any, piece: Any) -> None:
        """A piece of the arguments of a call that has begun."""
        call = self._calls.get(key)
        if call is None or not isinstance(piece, str):
            return
        call.size += len(piece)
        if call.size > LONGEST_ARGUMENTS:
            message = (
                f"{self._name} calls `{call.name[:60]}` with more than {LONGEST_ARGUMENTS} characters of arguments"
            )
            raise ModelError(message, retry=False)
        call.pieces.append(piece)

    def calls(self) -> list[ToolCall]:
        return [_read(call) for call in self._calls.values()]

    def called(self, key: Any) -> str | None:
        """The id of the call of that key."""
        return self._calls[key].id if key in self._calls else None

    def answer(self, ask: Ask, usage: Usage, stop: Stop | None, thinking: Any = None) -> Answer:
        """The whole. `stop` of None: it broke off before it was said how it ended."""
        if stop is None:
            raise ModelError(f"{self._name} broke off in the middle of its answer")
        text, calls = "".join(self._text), self.calls()
        answer: Answer = {
            "text": text,
            "tool_calls": calls,
            "usage": _counted(usage) if usage else self._estimated(ask),
            "model": self._name,
            "stop": "tools" if calls and stop == "end" else stop,
        }
        if thinking is not None:
            answer["thinking"] = thinking
        return answer

    def _estimated(self, ask: Ask) -> Usage:
        """Some servers count nothing, and a budget must hold all the same."""
        given = len(json.dumps(ask["messages"], default=str)) // _TOKEN
        taken = (self._spoken + sum(call.size for call in self._calls.values())) // _TOKEN
        return _counted({"input_tokens": given, "output_tokens": taken, "estimated": True})


def count(value: Any) -> int:
    """A number of tokens that a server tells; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _counted(usage: Usage) -> Usage:
    return {**usage, "tokens": usage.get("input_tokens", 0) + usage.get("output_tokens", 0)}


def _read(call: _Call) -> ToolCall:
    text = "".join(call.pieces).strip()
    made: ToolCall = {"id": call.id, "name": call.name, "arguments": {}}
    try:
        value: Any = json.loads(text or "{}")
    except (ValueError, RecursionError):
        made["wrong"] = f"the arguments are no JSON: {text[:_SHOWN]}"
        return made
    if isinstance(value, Mapping):
        made["arguments"] = cast("dict[str, Any]", value)
    else:
        made["wrong"] = f"the arguments are no object: {text[:_SHOWN]}"
    return made
