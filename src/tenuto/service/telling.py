"""Words to runs, from whoever a request comes from: signals, answers to approvals, decisions, cancels."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Final, cast

from tenuto.core.events import ChildStarted, SignalReceived
from tenuto.ports.journal import RunEntry
from tenuto.service import assignees, runs
from tenuto.service.archive import Archive
from tenuto.service.audit import audit
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.starting import check_labels, take_up_files

Json = object

_TOO_LATE: Final = frozenset({"answered", "conflict", "ended", "not_found"})


async def signal(
    platform: Platform, who: Principal, word: str, name: str, payload: Json, *, key: str | None = None
) -> RunEntry:
    """Send a signal. What answers an approval is for who may answer approvals, by whichever door it comes."""
    archive = platform.archive.within(who.tenant)
    entry = await named(platform.archive, who.tenant, word)
    answer = _answer_in(payload)
    answers = answer is not None or platform.live.inbox.waits(entry.id, name) is not None
    if answers:
        who.needs("approvals:write")
    async with _once(archive, entry, name, key):
        if answers:
            await assignees.check(platform, who, entry, name)
        await take_up_files(platform, payload, tenant=who.tenant, run=entry.id)
        await runs.signal(archive, platform.engine, entry.id, name, payload, by=who.by, key=key)
        if answer is not None:
            await _audit_answer(platform, who, entry, name, answer)
    return entry


async def answer(
    platform: Platform, who: Principal, word: str, path: str, payload: Mapping[str, Json], *, key: str | None = None
) -> RunEntry:
    """Approve or reject; refused if it was answered before, under another key."""
    archive = platform.archive.within(who.tenant)
    entry = await named(platform.archive, who.tenant, word)
    async with _once(archive, entry, path, key):
        await assignees.check(platform, who, entry, path)
        await take_up_files(platform, payload, tenant=who.tenant, run=entry.id)
        await runs.answer(archive, platform.engine, entry.id, path, payload, by=who.by, key=key)
        await _audit_answer(platform, who, entry, path, payload)
    return entry


@asynccontextmanager
async def _once(archive: Archive, entry: RunEntry, name: str, key: str | None) -> AsyncGenerator[None]:
    """Too late is not refused to who has said it in time, and did not hear that it was heard."""
    try:
        yield
    except Refused as refused:
        if key is None or refused.code not in _TOO_LATE or not await _told(archive, entry.id, name, key):
            raise


async def _told(archive: Archive, run: str, name: str, key: str) -> bool:
    """Whether the journal of the run, or of the one that it called there, holds the signal of that name and key."""
    for _, fact in await archive.facts(run):
        if isinstance(fact, SignalReceived) and (fact.name, fact.key) == (name, key):
            return True
        if isinstance(fact, ChildStarted) and name.startswith(f"{fact.path}/"):
            inner = name.removeprefix(f"{fact.path}/")
            if await _told(archive, fact.run, inner, key):
                return True
    return False


async def cancel(platform: Platform, who: Principal, word: str, reason: str | None = None) -> RunEntry:
    entry = await named(platform.archive, who.tenant, word)
    archive = platform.archive.within(who.tenant)
    cancelled = await runs.cancel(archive, platform.engine, entry.id, by=who.by, reason=reason)
    async with platform.store.write() as tx:
        await audit(tx, who, "runs.cancel", entry.name, {"run": entry.id}, at=platform.clock())
    return cancelled


async def pause(platform: Platform, who: Principal, word: str) -> RunEntry:
    entry = await named(platform.archive, who.tenant, word)
    return await runs.pause(platform.archive.within(who.tenant), platform.engine, entry.id, by=who.by)


async def resume(platform: Platform, who: Principal, word: str) -> RunEntry:
    entry = await named(platform.archive, who.tenant, word)
    return await runs.resume(platform.archive.within(who.tenant), platform.engine, entry.id, by=who.by)


async def label(platform: Platform, who: Principal, word: str, labels: Mapping[str, str | None]) -> RunEntry:
    """Those that are named; None takes one away."""
    entry = await named(platform.archive, who.tenant, word)
    after = {name: value for name, value in {**entry.labels, **labels}.items() if value is not None}
    check_labels(after)
    changed = await platform.labels.set_labels(entry.id, after)
    platform.live.views.forget(entry.id)
    return changed


def _answer_in(payload: Json) -> Mapping[str, Json] | None:
    """Only what answers an approval says `approved`."""
    said = cast("dict[str, Json]", payload) if isinstance(payload, dict) else {}
    return said if "approved" in said else None


async def _audit_answer(
    platform: Platform, who: Principal, entry: RunEntry, path: str, payload: Mapping[str, Json]
) -> None:
    """The run's own fact names who it was, too, so nothing is lost if this comes no more to pass."""
    details = {"run": entry.id, "path": path, "approved": payload.get("approved")}
    async with platform.store.write() as tx:
        await audit(tx, who, "approvals.answer", entry.name, details, at=platform.clock())
