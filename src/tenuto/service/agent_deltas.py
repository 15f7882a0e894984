"""What an agent shows while it works, read: words of its answer, and tools that it calls. Nothing of it is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tenuto.core.flow.findings import mapping

Json = object
Standing = Literal["called", "answered", "failed", "waiting"]

_STANDINGS: Final[Mapping[str, Standing]] = {
    "called": "called",
    "answered": "answered",
    "failed": "failed",
    "waiting": "waiting",
}


@dataclass(slots=True, frozen=True)
class SaidWords:
    """`agent`: who says it, where that is not the agent itself but one that it has called. `again`: what was said since the
    last answer broke off, and is said anew."""

    text: str
    agent: str = ""
    again: bool = False


@dataclass(slots=True, frozen=True, kw_only=True)
class ToolNews:
    """`call`: which call of that agent it is. `seconds`: how long it took, once it has answered; none where it was not made.
    `error`: why it failed."""

    tool: str
    call: int
    status: Standing
    agent: str = ""
    arguments: Mapping[str, Json] = field(default_factory=dict[str, Json])
    seconds: float | None = None
    error: str = ""


def delta_of(data: Json) -> SaidWords | ToolNews | None:
    """None for what no agent streams."""
    said = mapping(data) or {}
    agent = str(said.get("agent") or "")
    text, tool = said.get("text"), said.get("tool")
    if isinstance(text, str):
        return SaidWords(text, agent, said.get("again") is True)
    if isinstance(tool, str):
        return _news(tool, agent, said)
    return None


def log_text(data: Json) -> str:
    """Of a line that a node has logged; "" for what its deltas say too, that a tool was called."""
    said = mapping(data) or {}
    return "" if "ms" in (mapping(said.get("fields")) or {}) else str(said.get("text", ""))


def _news(tool: str, agent: str, said: Mapping[str, Json]) -> ToolNews:
    call, ms = said.get("call"), said.get("ms")
    return ToolNews(
        tool=tool,
        call=call if isinstance(call, int) else 0,
        status=_STANDINGS.get(str(said.get("status")), "called"),
        agent=agent,
        arguments=mapping(said.get("arguments")) or {},
        seconds=ms / 1000 if isinstance(ms, int | float) else None,
        error=str(said.get("error") or ""),
    )
