"""What somebody is offered: the flows that are published in the stage, agents and nodes, as far as they may be used."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tenuto.sdk.agents import Tool, wire_name
from tenuto.service import tool_calls
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.tools.toolbox import Workshop

# Tools of others are not handed on: whoever wants them connects to their servers.
KINDS: Final = ("flow", "agent", "node")
RUN_STATUS: Final = "run_status"
SEES_RUNS: Final = "runs:read"


class NoSuchTool(Refused):
    """Not there, or not for who asks: both look alike."""

    def __init__(self, name: str) -> None:
        super().__init__("not_found", f"there is no tool `{name[:80]}`", "list the tools again")


@dataclass(slots=True, frozen=True)
class Asker:
    """Who asks, and in which stage."""

    who: Principal
    stage: str | None = None


async def offered(shop: Workshop, asker: Asker) -> dict[str, Tool]:
    """By the name that a client is told. Of two that would be told alike, the first."""
    found: dict[str, Tool] = {}
    for kind in KINDS:
        if asker.who.may(tool_calls.NEEDS[kind]):
            page, _ = await tool_calls.listing(shop, asker.who, stage=asker.stage, kind=kind, limit=100_000)
            for tool in page:
                found.setdefault(wire_name(tool.name), tool)
    return found


async def meant(shop: Workshop, asker: Asker, name: str) -> Tool:
    tool = (await offered(shop, asker)).get(name)
    if tool is None:
        raise NoSuchTool(name)
    return tool


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_object(value: Any) -> Mapping[str, Any]:
    """Structured output is an object, as all versions of the protocol want it."""
    return value if isinstance(value, dict) else {"result": value}  # pyright: ignore[reportUnknownVariableType]  JSON
