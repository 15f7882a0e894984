"""At most one run for each `Idempotency-Key` of somebody's, whatever it is that begins the run.

The id of the run is made and claimed first, durably, and then the run is begun with it. Beginning twice with one id is
harmless, so whoever asks again repairs what a crash left between the two.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from tenuto.core.values import NotJson, digest
from tenuto.ports.claims import Claim
from tenuto.ports.journal import RunEntry
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

Json = object

# Begins the run of that id; whether nobody has asked for it before.
Begin = Callable[[str, bool], Awaitable[None]]

KEY_HOLDS: Final = 86_400.0  # seconds
LONGEST_KEY: Final = 255


async def once(platform: Platform, who: Principal, key: str, said: Json, begin: Begin) -> tuple[RunEntry, bool]:
    """The run, and whether it was asked for before. `said`: what was asked; another body under the same key is refused."""
    mine = _claim(platform, who, said, key)
    first = await _claimed(platform, mine)
    if first is not None and first.digest != mine.digest:
        refused = "this Idempotency-Key came with another body before"
        raise Refused("conflict", refused, "use a new key for another run")
    run = mine.run if first is None else first.run
    archive = platform.archive.within(who.tenant)
    try:
        await begin(run, first is None)
    except Refused:
        if first is None and await archive.entry(run) is None:
            await _give_up(platform, mine)  # nothing came of it: the key is free again
        raise
    if first is not None:
        await _claimed(platform, replace(mine, run=run))  # whoever held it may have given it up meanwhile
    entry = await archive.entry(run)
    if entry is None:
        raise Refused("gone", "the run of this Idempotency-Key was deleted", "use a new key to run it again")
    return entry, first is not None


def _claim(platform: Platform, who: Principal, said: Json, key: str) -> Claim:
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise Refused("malformed", f"an Idempotency-Key is 1 to {LONGEST_KEY} characters that can be printed")
    try:
        digested = digest(said)
    except NotJson as error:
        raise Refused("invalid", str(error)) from None
    now = platform.clock()
    return Claim(who.tenant, key, digested, platform.names.run_id(), now, now + KEY_HOLDS)


async def _claimed(platform: Platform, claim: Claim) -> Claim | None:
    async with platform.store.write() as tx:
        return await tx.claims.claim(claim)


async def _give_up(platform: Platform, claim: Claim) -> None:
    async with platform.store.write() as tx:
        await tx.claims.release(claim.tenant, claim.key, claim.run)
