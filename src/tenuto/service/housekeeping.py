"""What has expired is forgotten: claims, ids of messages that were seen, sessions. A worker of the server."""

import asyncio
import logging
from typing import Final

from tenuto.service import events, hooks
from tenuto.service.platform import Platform

EVERY: Final = 3_600.0  # seconds
# How much longer than it counts each of them is kept: nobody is told late that something was seen before.
SPARE: Final = 3_600.0
SESSIONS: Final = 7 * 86_400.0  # after their end: a refresh token that is used again is still noticed

SENT: Final = 14 * 86_400.0  # after the last attempt: what webhooks were sent can be looked at, and sent again

_log = logging.getLogger("tenuto.housekeeping")


async def drive(platform: Platform, stop: asyncio.Event) -> None:
    """Until `stop` is set, every hour; a first time after one: what a start needs is looked at before."""
    while not await _stopped(stop, EVERY):
        try:
            await tidy(platform)
        except Exception as error:  # noqa: BLE001  the next hour is as good as this one
            _log.warning("nothing was tidied up: %s", error or type(error).__name__)


async def tidy(platform: Platform) -> int:
    """How many went."""
    now = platform.clock()
    seen = now - max(hooks.HOLDS, events.HOLDS) - SPARE
    async with platform.store.write() as tx:
        sent = await tx.webhook_queue.forget(now - SENT)
        gone = await tx.housekeeping.forget_expired(now, deliveries_before=seen, sessions_before=now - SESSIONS)
    return sent + gone


async def _stopped(stop: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return False
    return True
