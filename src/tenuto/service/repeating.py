"""Retry, fork, delete and many at once, for whoever a request comes from. What they do is in `origins` and `runs`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tenuto.core.flow import Flow
from tenuto.ports.journal import Conflict, RunEntry, RunQuery
from tenuto.service import origins, runs
from tenuto.service.archive import UNFINISHED
from tenuto.service.audit import audit
from tenuto.service.claiming import once
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.projection import ENDED
from tenuto.service.refusals import Refused
from tenuto.service.runs import STATUSES
from tenuto.service.startable import resolve
from tenuto.service.starting import Started, found
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
    platform: Platform,
    who: Principal,
    word: str,
    *,
    from_: str | None = None,
    version: str | int | None = None,
    key: str | None = None,
) -> Started:
    """`key`: the same key is the same new run."""
    entry = await named(platform.archive, who.tenant, word)
    archive = platform.archive.within(who.tenant)

    async def begin(run: str | None) -> str:
        flow = await _version(platform, entry, version)
        return await origins.retry(archive, platform.engine, entry.id, from_=from_, flow=flow, run=run)

    return await _begun(platform, who, key, {"retry": entry.id, "from": from_, "version": version}, begin)


async def fork(
    platform: Platform,
    who: Principal,
    word: str,
    *,
    at: str | int | None = None,
    edits: Mapping[str, Json] | None = None,
    version: str | int | None = None,
    name: str | None = None,
    key: str | None = None,
) -> Started:
    """`key`: the same key is the same new run."""
    entry = await named(platform.archive, who.tenant, word)
    archive = platform.archive.within(who.tenant)

    async def begin(run: str | None) -> str:
        flow = await _version(platform, entry, version)
        return await origins.fork(archive, platform.engine, entry.id, at=at, edits=edits, flow=flow, name=name, run=run)

    said = {"fork": entry.id, "at": at, "edits": edits, "version": version, "name": name}
    return await _begun(platform, who, key, said, begin)


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
    """Do it to each; what is refused of one holds up none. With a query: the newest `MOST` that it finds, and of them
    those alone to which it can be done: what has ended is not cancelled, what goes on neither retried nor deleted."""
    if (ids is None) == (query is None):
        raise Refused("invalid", "say which runs", "give either `ids` or `filter`")
    if ids is not None and len(ids) > MOST:
        raise Refused("invalid", f"at most {MOST:,} runs at once", "send the rest in another request")
    if query is not None:
        fitting = UNFINISHED if action == "cancel" else ENDED
        asked = query.statuses or STATUSES
        query = replace(query, statuses=asked & fitting | asked - STATUSES)  # what is no status is refused below
        like = await runs.listing(platform.archive.within(who.tenant), query) if query.statuses else []
        ids = [entry.id for entry in like]
    return [await _one(platform, who, action, word) for word in dict.fromkeys(ids or ())]


async def _one(platform: Platform, who: Principal, action: Action, word: str) -> Done:
    done = Done(word)
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
        done.refused = refused
    except Conflict:
        done.refused = Refused("conflict", "somebody else changed it at the same time")
    return done


async def _version(platform: Platform, entry: RunEntry, version: str | int | None) -> Flow | None:
    """Another version of the same flow, where the run had it."""
    return None if version is None else await resolve(platform, entry.tenant, entry.flow, version, entry.stage)


async def _begun(
    platform: Platform, who: Principal, key: str | None, said: Json, begin: Callable[[str | None], Awaitable[str]]
) -> Started:
    """What `begin` starts; with a key once, however often it is asked for."""
    if key is None:
        return await _started(platform, who, await begin(None))

    async def begin_once(run: str, new: bool) -> None:  # noqa: FBT001  as `once` calls it
        if new or await platform.archive.within(who.tenant).entry(run) is None:
            await begin(run)

    entry, again = await once(platform, who, key, said, begin_once)
    await platform.flows.published.numbers.fill([entry])
    return await found(platform, entry, again=again)


async def _started(platform: Platform, who: Principal, run: str) -> Started:
    entry = await platform.archive.within(who.tenant).entry(run)
    if entry is None:
        raise Refused("gone", "the new run was deleted at once")
    await platform.flows.published.numbers.fill([entry])
    return await found(platform, entry)
