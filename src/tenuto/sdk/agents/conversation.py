"""A session: what was said before, remembered under a name, one message at a time.

Who has a message holds the session until it is answered; the next one waits its turn, at no cost if that takes long. What
was said is read in a step, so that an agent that goes on after a crash goes on with what it had read; and what it said is
added once, whatever happens in between.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

from tenuto.sdk.agents.messages import Message
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError, Suspended

HELD: Final = 60.0  # seconds for which a session is held, and held again before they are over
_WAITING: Final = (
    600.0  # seconds for which it stays held while its agent waits for a person; then the next message goes first
)
_PATIENCE: Final = 5.0  # seconds of looking again and again, before the run goes to wait
_LOOK: Final = 0.1
_FIRST_WAIT: Final = 5.0
_LONGEST_WAIT: Final = 300.0
READ: Final = 60_000  # characters of what was said before that an agent is given
_LONGEST_NAME: Final = 200


class Conversation(Protocol):
    """One session of one tenant."""

    async def hold(self, holder: str, seconds: float) -> bool:
        """Whether it is the holder's now, for so long. Again for the same holder: from now on."""
        ...

    async def release(self, holder: str) -> None:
        """Somebody else may hold it, if it is still the holder's."""
        ...

    async def read(self) -> list[Message]:
        """What was said, the oldest first; very old messages may be gone."""
        ...

    async def add(self, key: str, messages: Sequence[Message]) -> None:
        """Append them together, unless something was added under that key."""
        ...


@asynccontextmanager
async def held(ctx: Context, session: str) -> AsyncGenerator[tuple[Conversation, tuple[Message, ...]]]:
    """The session while this message is being answered, and what was said before."""
    if not 0 < len(session) <= _LONGEST_NAME or not session.isprintable():
        raise NodeError(f"{session[:40]!r} is no name for a session", type="input", retry=False)
    conversation, holder = ctx.agents.conversation(session), ctx.idempotency_key
    await _turn(ctx, conversation, holder)
    keeping = asyncio.create_task(_keep(conversation, holder))
    over = True
    try:

        async def read(_: str) -> list[Message]:
            return _newest(await conversation.read())

        yield conversation, tuple(await ctx.step("history", read, session))
    except Suspended:
        over = False  # it goes on later, and the next message waits for it
        raise
    finally:
        keeping.cancel()
        if over:
            await conversation.release(holder)
        else:
            await conversation.hold(holder, _WAITING)


async def _turn(ctx: Context, conversation: Conversation, holder: str) -> None:
    """Returns when the session is ours."""
    waits = 0
    while True:
        for _ in range(round(_PATIENCE / _LOOK)):
            if await conversation.hold(holder, HELD):
                return
            if ctx.recorded(f"session:{waits + 1}"):
                break
            await asyncio.sleep(_LOOK)
        waits += 1
        await ctx.suspend(f"session:{waits}", timeout=min(_FIRST_WAIT * 2 ** (waits - 1), _LONGEST_WAIT))


async def _keep(conversation: Conversation, holder: str) -> None:
    while True:
        await asyncio.sleep(HELD / 3)
        with suppress(NodeError):  # the store is away: it is tried again before the time is over
            await conversation.hold(holder, HELD)


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
