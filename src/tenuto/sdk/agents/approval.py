"""A person's word on one call of a tool: what they are shown, and what they may answer.

The request shows the exact arguments and their hash, and expires. The answer approves, changes the arguments (which are
checked as the agent's own were), or refuses with a comment that the agent reads. An agent cannot approve: nothing that it
may call gives an answer to a question of its own run.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from tenuto.core.durations import format_timestamp
from tenuto.core.values import digest
from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.tool import Tool
from tenuto.sdk.context import Context

SECONDS: Final = 7 * 86_400.0  # until a request expires


@dataclass(slots=True, frozen=True)
class Verdict:
    """`refused`: what the agent is told instead of an answer. `changed`: by the person."""

    arguments: dict[str, Any]
    refused: str = ""
    changed: bool = False


def hash_of(tool: str, arguments: Mapping[str, Any]) -> str:
    """What an approval holds for, and nothing else."""
    return digest([tool, dict(arguments)])


async def approved(ctx: Context, key: str, tool: Tool, arguments: dict[str, Any], *, agent: str, why: str) -> Verdict:
    """Wait for a person's word."""
    bound = hash_of(tool.name, arguments)
    ask = {
        "kind": "approval",
        "question": f"{agent} wants to call {tool.name}: {why}",
        "tool": tool.name,
        "arguments": arguments,
        "schema": dict(tool.parameters),
        "hash": bound,
        "agent": agent,
        "why": why,
        "expires": format_timestamp(round(time.time() + SECONDS)),
    }
    answer = await ctx.suspend(key, timeout=SECONDS, ask=ask)
    return verdict(answer, tool, arguments, bound)


def verdict(answer: Any, tool: Tool, arguments: dict[str, Any], bound: str) -> Verdict:
    """What the answer of a wait means. Whatever is not clearly a yes is a no."""
    if not isinstance(answer, dict) or "signal" not in answer:
        return Verdict(arguments, "nobody approved this call in time, so it was not made")
    said = cast("dict[str, Any]", answer)["signal"]
    word = cast("dict[str, Any]", said) if isinstance(said, dict) else {"approved": said is True}
    if word.get("approved") is not True:
        comment = word.get("comment")
        return Verdict(arguments, f"a person refused this call{f': {comment}' if comment else ''}")
    if word.get("hash") not in (None, bound):
        return Verdict(arguments, "this call was approved with other arguments than these, so it was not made")
    edited = _edited(word)
    if edited is None or edited == arguments:
        return Verdict(arguments)
    wrong = unfit(tool.parameters, edited)
    if wrong:
        return Verdict(arguments, f"a person changed the arguments, but they do not fit the tool: {'; '.join(wrong)}")
    return Verdict(edited, changed=True)


def _edited(word: Mapping[str, Any]) -> dict[str, Any] | None:
    form = word.get("form")
    given = cast("Mapping[str, Any]", form).get("arguments") if isinstance(form, dict) else word.get("arguments")
    return cast("dict[str, Any]", given) if isinstance(given, dict) else None
