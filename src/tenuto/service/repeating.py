"""Retry, fork, delete and many at once, for whoever a request comes from. What they do is in `origins` and `runs`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tenuto.core.flow import Flow
from tenuto.ports.journal import Conflict, RunEntry, RunQuery
from tenuto.service import origins, runs
from tenuto.service.audit import audit
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.startable import resolve
from tenuto.service.starting import Started
from tenuto.service.telling import cancel

Json = object
Action = Literal["cancel", "retry", "delete"]

MOST: Final = 1_000  # runs at once


@dataclass(slots=True)
class Done:
    """What came of one run of many: the run that `retry` made, or why not."""

    id: str
    name: str | None = None
    run: str | None = None
    refused: Refused | None = None


async def retry(
    platform: Platform, who: Principal, word: str, *, from_: str | None = None, version: str | int | None = None
) -> Started:
    entry = await named(platform.archive, who.tenant, word)
    archive = platform.archive.within(who.tenant)
    flow = await _version(platform, entry, version)
    return await _started(
        platform, who, await origins.retry(archive, platform.engine, entry.id, from_=from_, flow=flow)
    )


async def fork(
    platform: Platform,
    who: Principal,
    word: str,
    *,
    at: str | int | None = None,
    edits: Mapping[str, Json] | None = None,
    version: str | int | None = None,
    name: str | None = None,
) -> Started:
    entry = await named(platform.archive, who.tenant, word)
    archive = platform.archive.within(who.tenant)
    flow = await _version(platform, entry, version)
    run = await origins.fork(archive, platform.engine, entry.id, at=at, edits=edits, flow=flow, name=name)
    return await _started(platform, who, run)


async def delete(platform: Platform, who: Principal, word: str) -> RunEntry:
    """Forget a run that has ended, with its notes."""
    entry = await named(platform.archive, who.tenant, word)
    await runs.delete(platform.archive.within(who.tenant), platform.journal, entry.id)
    platform.live.views.forget(entry.id)
    async with platform.store.write() as tx:
        await tx.notes.forget(who.tenant, entry.id)
        await audit(tx, who, "runs.delete", entry.name, {"run": entry.id}, at=platform.clock())
    return entry


async def bulk(
    platform: Platform,
    who: Principal,
    action: Action,
    *,
    ids: Sequence[str] | None = None,
    query: RunQuery | None = None,
) -> list[Done]:
    """Do it to each; what is refused of one holds up none. With a query: the newest `MOST` that it finds."""
    if (ids is None) == (query is None):
        raise Refused("invalid", "say which runs", "give either `ids` or `filter`")
    if ids is not None and len(ids) > MOST:
        raise Refused("invalid", f"at most {MOST:,} runs at once", "send the rest in another request")
    if query is not None:
        found = await runs.listing(platform.archive.within(who.tenant), query)
        ids = [entry.id for entry in found]
    return [await _one(platform, who, action, word) for word in dict.fromkeys(ids or ())]


async def _one(platform: Platform, who: Principal, action: Action, word: str) -> Done:
    try:
        entry = await named(platform.archive, who.tenant, word)
        done = Done(entry.id, entry.name)
        if action == "cancel":
            await cancel(platform, who, entry.id)
        elif action == "delete":
            await delete(platform, who, entry.id)
        else:
            done.run = (await retry(platform, who, entry.id)).entry.id
    except Refused as refused:
        return Done(word, refused=refused)
    except Conflict:
        return Done(word, refused=Refused("conflict", "somebody else changed it at the same time"))
    return done


async def _version(platform: Platform, entry: RunEntry, version: str | int | None) -> Flow | None:
    """Another version of the same flow, where the run had it."""
    return None if version is None else await resolve(platform, entry.tenant, entry.flow, version, entry.stage)


async def _started(platform: Platform, who: Principal, run: str) -> Started:
    entry = await platform.archive.within(who.tenant).entry(run)
    if entry is None:
        raise Refused("gone", "the new run was deleted at once")
    return Started(entry)
