"""A conversation that nears what a model can read is made shorter: what is old is summed up, what is new stays as it is.

The same for every runtime, below whatever the framework remembers: it gives the whole conversation each time, and the model
is shown a shorter one. The summary is an answer of the model like any other, so it is a step, and made once. Cutting happens
between turns: a call of a tool is never parted from its answer.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.messages import Answer, Ask, Message
from tenuto.sdk.agents.model import ModelError

LARGEST: Final = 400_000  # characters, about 100,000 tokens: what models with the smallest windows of today can read
_KEPT: Final = 100_000  # characters at the end that stay
_ORDER: Final = (
    "Sum up the conversation so far for yourself, so that you can go on with the task from your summary alone. Keep every "
    "fact, name, number, decision and open question that matters, and what each tool told you. Do not go on with the task."
)
_FULL: Final = re.compile(
    r"context.{0,9}(?:length|window)|(?:prompt|input) is too long|too many (?:input )?tokens", re.IGNORECASE
)


class Compaction:
    """Of one agent at work. `ask`: puts a question of our own to its model."""

    def __init__(self, agent: Agent, ask: Callable[[Ask], Awaitable[Answer]]) -> None:
        self._limit = _limit(agent)
        self._ask = ask
        self._begun = 0  # how many messages there were at first: the last of them is the task
        self._old: list[Message] = []  # what the summary stands for
        self._summary: Message | None = None

    async def of(self, messages: Sequence[Message]) -> list[Message]:
        """The same messages, or fewer: who the agent is and its task stay, word for word."""
        said = list(messages)
        self._begun = self._begun or len(said)
        if said[: len(self._old)] != self._old:  # it was written anew by whoever remembers it
            self._old, self._summary = [], None
        shown = self._shown(said)
        if _size(shown) <= self._limit:
            return shown
        head = self._begun if self._summary is None else len(shown) - len(said) + len(self._old)
        cut = _cut(shown, head, min(_KEPT, self._limit // 4))
        if cut is None:
            return shown
        answer = await self._ask({"messages": [*shown[:cut], {"role": "user", "content": _ORDER}], "tools": []})
        self._old = said[: len(said) - len(shown) + cut]
        self._summary = {"role": "user", "content": f"<so_far>\n{answer['text']}\n</so_far>"}
        return self._shown(said)

    def _shown(self, said: list[Message]) -> list[Message]:
        if self._summary is None:
            return said
        stays = dict.fromkeys((0, self._begun - 1))  # one and the same, where nobody says who the agent is
        return [*(said[place] for place in stays), self._summary, *said[len(self._old) :]]


def explained(error: ModelError) -> ModelError:
    """What to do where a conversation no longer fits the model."""
    if not _FULL.search(error.message):
        return error
    hint = (
        "the conversation no longer fits this model: `max_context: N` (characters) in the agent's file has older parts summed"
        " up sooner; an agent or a graph of your own has to remember less, or needs a model that can read more"
    )
    return ModelError(f"{error.message} ({hint})", retry=False)


def _limit(agent: Agent) -> int:
    said = agent.extra.get("max_context")  # characters, where a file knows its model better
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else LARGEST


def _size(messages: list[Message]) -> int:
    return sum(_length(message) for message in messages)


def _length(message: Message) -> int:
    content = message["content"]
    if not isinstance(content, str):
        return sum(len(cast("str", part.get("text", ""))) for part in content)
    return len(content)


def _cut(messages: list[Message], head: int, kept: int) -> int | None:
    """Where the end that is kept begins: at an answer of the model, as late as `kept` characters allow; None if nothing can go."""
    size, cut = 0, None
    for index in range(len(messages) - 1, head, -1):
        size += _length(messages[index])
        if cut is not None and size > kept:
            break
        if messages[index]["role"] == "assistant":
            cut = index
    return cut
