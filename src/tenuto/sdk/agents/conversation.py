"""A session: what was said before, remembered under a name, one message at a time.

Messages stand in line in the order in which they were accepted. Who has the turn keeps it until its node has an outcome,
over restarts, attempts and days in which it waits for a person; the next one waits at no cost, and is told when it is its
turn. What was said is read in a step, so that an agent that goes on after a crash goes on with what it had read; and what
it said is added once, whatever happens in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from tenuto.sdk.agents.messages import Message
from tenuto.sdk.context import Context
from tenuto.sdk.errors import IN_TURN, NodeError

READ: Final = 60_000  # characters of what was said before that an agent is given
_LONGEST_NAME: Final = 200
_FIRST_LOOK: Final = 60.0  # seconds; who waits is told when it is its turn, and looks now and then, lest that was lost
_LONGEST_LOOK: Final = 3_600.0


@dataclass(slots=True, frozen=True)
class Ahead:
    """The run whose turn it is."""

    run: str
    name: str


class Conversation(Protocol):
    """One session of one tenant."""

    async def turn(self, run: str, path: str) -> Ahead | None:
        """Take a place in the line, or keep it. None once it is this node's turn; then it stays so until it has an outcome.

        Else who has it. The signal `turn_signal(path)` tells when to look again.
        """
        ...

    async def read(self) -> list[Message]:
        """What was said, the oldest first; very old messages may be gone."""
        ...

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        """Append them together, unless something was added under that key."""
        ...


def turn_signal(path: str) -> str:
    return f"{path}/session"


async def entered(ctx: Context, session: str) -> tuple[Conversation, tuple[Message, ...]]:
    """The session, once it is this message's turn, and what was said before."""
    if not 0 < len(session) <= _LONGEST_NAME or not session.isprintable():
        raise NodeError(f"{session[:40]!r} is no name for a session", type="input", retry=False)
    conversation = ctx.agents.conversation(session)
    await _turn(ctx, conversation, session)

    async def read(_: str) -> list[Message]:
        return _newest(await conversation.read())

    return conversation, tuple(await ctx.step("history", read, session))


async def _turn(ctx: Context, conversation: Conversation, session: str) -> None:
    """Returns when it is ours."""
    looks = 0
    while (ahead := await conversation.turn(ctx.run, ctx.path)) is not None:
        looks += 1
        seconds = min(_FIRST_LOOK * 2 ** (looks - 1), _LONGEST_LOOK)
        key, signal = f"session:{looks}", turn_signal(ctx.path)
        await ctx.suspend(key, signal=signal, timeout=seconds, ask=_why(session, ahead))


def _why(session: str, ahead: Ahead) -> dict[str, Any]:
    return {"kind": IN_TURN, "session": session, "run": ahead.run, "name": ahead.name}


def _newest(messages: Sequence[Message]) -> list[Message]:
    """As many as an agent can be given."""
    kept: list[Message] = []
    size = 0
    for message in reversed(messages):
        size += len(str(message["content"]))
        if size > READ and kept:
            break
        kept.append(message)
    return kept[::-1]
