"""What a call of a tool came to: how it is recorded, and how the model is told of it."""

from typing import Any, Final, Literal, NotRequired, TypedDict, cast

from tenuto.sdk.agents.delegating import Delegated
from tenuto.sdk.agents.large import kept, text_of
from tenuto.sdk.agents.messages import Usage
from tenuto.sdk.agents.taint import Taint, as_data
from tenuto.sdk.agents.tool import Tool
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError

REFUSED: Final = "refused"

Status = Literal["answered", "failed"]


class Outcome(TypedDict):
    """What is recorded of a call: all that is needed to go on from it, whatever has become of the tool since.

    `usage`: what the tool says that it cost. `spent`: what an agent that was called has spent, which its own steps have told
    already. `strangers`, `private`: what was read by it (`taint`). An error of type `refused` is our own: the call was not made.
    """

    tool: str
    status: Status
    ms: int
    answer: NotRequired[Any]
    error: NotRequired[dict[str, Any]]
    usage: NotRequired[dict[str, Any]]
    spent: NotRequired[Usage]
    strangers: NotRequired[list[str]]
    private: NotRequired[list[str]]


async def answered(tool: Tool, made: Any, ctx: Context, key: str, ms: int) -> Outcome:
    if isinstance(made, Delegated):
        answer = await kept(tool, made.answer, ctx, key)
        outcome: Outcome = {"tool": tool.name, "status": "answered", "ms": ms, "answer": answer, "spent": made.spent}
        return {**outcome, "strangers": made.taint.strangers, "private": made.taint.private}
    answer = await kept(tool, made, ctx, key)
    outcome = cast("Outcome", {"tool": tool.name, "status": "answered", "ms": ms, "answer": answer, **_read(tool)})
    cost = cast("dict[str, Any]", answer).get("usage") if isinstance(answer, dict) and not tool.durable else None
    return {**outcome, "usage": cast("dict[str, Any]", cost)} if isinstance(cost, dict) else outcome


def failed(tool: Tool, error: NodeError, ms: int) -> Outcome:
    """What an error says may be a stranger's, too."""
    said = {"type": error.type, "message": error.message}
    return cast("Outcome", {"tool": tool.name, "status": "failed", "ms": ms, "error": said, **_read(tool)})


def refused(tool: str, why: str) -> Outcome:
    return {"tool": tool, "status": "failed", "ms": 0, "error": {"type": REFUSED, "message": why}}


def _read(tool: Tool) -> dict[str, list[str]]:
    """What has been read with an answer of the tool; nothing where that is of no matter."""
    taint = Taint()
    taint.read(tool)
    read = {"strangers": taint.strangers, "private": taint.private}
    return {name: value for name, value in read.items() if value}


def outcome_of(tool: str, recorded: Any) -> Outcome:
    """What is on record. Of a call in doubt, a person may have said what came of it in their own words."""
    if isinstance(recorded, dict):
        known = cast("dict[str, Any]", recorded)
        if {"tool", "ms"} <= known.keys() and known.get("status") in ("answered", "failed"):
            return cast("Outcome", recorded)
    return {
        "tool": tool,
        "status": "answered",
        "ms": 0,
        "answer": recorded,
    }  # by a person, whom nobody calls a stranger


def content_of(outcome: Outcome, notes: list[str]) -> str:
    """What the model reads. `notes`: what we have to say of it ourselves."""
    error = outcome.get("error")
    said = text_of(outcome.get("answer")) if error is None else f"Error: {error.get('message', 'the tool failed')}"
    if said and outcome.get("strangers"):
        said = as_data(said, outcome["tool"])
    return "\n\n".join([*notes, said])
