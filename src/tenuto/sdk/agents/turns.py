"""The calls of one answer of a model, on their way: which there are, and what came of each."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenuto.sdk.agents.asking_person import NAME as ASK_PERSON
from tenuto.sdk.agents.messages import Message, ToolCall
from tenuto.sdk.agents.results import Outcome
from tenuto.sdk.agents.tool import Effects, Tool
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError


@dataclass(slots=True)
class Place:
    """One call in its turn. `wrong`: what the model is told in place of an answer. `why`: it needs a person."""

    number: int
    call: ToolCall
    tool: Tool | None = None
    wrong: str = ""
    why: str | None = None

    @property
    def personal(self) -> bool:
        return self.why is not None or (self.tool is not None and self.tool.name == ASK_PERSON)


@dataclass(slots=True)
class Turn:
    """The calls of one answer of the model."""

    places: list[Place]
    made: asyncio.Lock = field(default_factory=asyncio.Lock)
    answers: dict[int, Message] = field(default_factory=dict[int, Message])
    ended: BaseException | None = None


@dataclass(slots=True, frozen=True)
class Reply:
    """What came of a call. `arguments`: those that it was made with. `known`: it was on record. `text`: a person's own words."""

    outcome: Outcome | None = None
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    known: bool = False
    changed: bool = False
    text: str = ""


class Gone:
    """Stands for a tool that was called and is no longer there: its answer is on record."""

    description = ""
    parameters: Mapping[str, Any] = {}
    effects: Effects = "idempotent"
    durable = False
    timeout = None
    trusted = True
    sends = False

    def __init__(self, name: str) -> None:
        self.name = name

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        del arguments, ctx, key
        raise NodeError(f"there is no tool `{self.name}` any more", type="tool", retry=False)
