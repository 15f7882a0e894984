"""A conversation that nears what a model can read is made shorter: what is old is summed up, what is new stays as it is.

The summary is an answer of the model like any other, so it is a step, and made once. Cutting happens between turns: a call
of a tool is never parted from its answer.
"""

from typing import Final, cast

from tenuto.sdk.agents import Message
from tenuto.sdk.agents.desk import Desk

LARGEST: Final = 400_000  # characters, about 100,000 tokens: what models with the smallest windows of today can read
_KEPT: Final = 100_000  # characters at the end that stay
_ORDER: Final = (
    "Sum up the conversation so far for yourself, so that you can go on with the task from your summary alone. Keep every "
    "fact, name, number, decision and open question that matters, and what each tool told you. Do not go on with the task."
)


async def shortened(desk: Desk, messages: list[Message], begun: int) -> list[Message]:
    """The same messages, or fewer. `begun`: how many there were at first; who the agent is and its task stay, word for word."""
    limit = _limit(desk)
    if _size(messages) <= limit:
        return messages
    cut = _cut(messages, begun, min(_KEPT, limit // 4))
    if cut is None:
        return messages
    answer = await desk.asker.ask({"messages": [*messages[:cut], {"role": "user", "content": _ORDER}], "tools": []})
    summary: Message = {"role": "user", "content": f"<so_far>\n{answer['text']}\n</so_far>"}
    return [messages[0], messages[begun - 1], summary, *messages[cut:]]


def _limit(desk: Desk) -> int:
    said = desk.work.agent.extra.get("max_context")  # characters, where a file knows its model better
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else LARGEST


def _size(messages: list[Message]) -> int:
    return sum(_length(message) for message in messages)


def _length(message: Message) -> int:
    content = message["content"]
    if not isinstance(content, str):
        return sum(len(cast("str", part.get("text", ""))) for part in content)
    return len(content)


def _cut(messages: list[Message], begun: int, kept: int) -> int | None:
    """Where the end that is kept begins: at an answer of the model, as late as `kept` characters allow; None if nothing can go."""
    size, cut = 0, None
    for index in range(len(messages) - 1, begun, -1):
        size += _length(messages[index])
        if cut is not None and size > kept:
            break
        if messages[index]["role"] == "assistant":
            cut = index
    return cut
