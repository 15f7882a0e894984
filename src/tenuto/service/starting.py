"""Starting a run for somebody: a flow that was saved, or a document of their own; at most once for each key of theirs.

How a key keeps it to once is in `service.claiming`.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final, cast

import msgspec

from tenuto.core.events import TERMINAL, Fact, RunCancelled, RunFailed, RunSucceeded
from tenuto.core.flow import Flow
from tenuto.core.problems import Problem, did_you_mean
from tenuto.ports.engine import Live, StartRequest
from tenuto.ports.files import NoSuchFile
from tenuto.ports.journal import Closed, RunEntry
from tenuto.service import hops, trace_ids
from tenuto.service.claiming import once
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.published import DEFAULT_STAGE
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.startable import resolve, validate_inline

Json = object

# Told the id of a new run before anything happens in it: for who wants to miss nothing.
Before = Callable[[str], None]

LONGEST_WAIT: Final = 58.0  # seconds: an answer that has not begun in a minute is cut off
LONGEST_NAME: Final = 200
_LABELS: Final = 64
_LONGEST_LABEL: Final = 256


@dataclass(slots=True, kw_only=True)
class Asked:
    """What somebody wants to be started: `flow` by name, or a `document`."""

    flow: str | None = None
    document: Mapping[str, Json] | None = None
    version: str | int | None = None
    stage: str | None = None
    input: Json = None
    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


_FIELDS: Final = tuple(Asked.__slots__)


def asked_of(said: Json) -> Asked:
    """Out of the JSON of a request; a field that nobody knows is refused, and so is a tenant."""
    if not isinstance(said, dict):
        raise Refused("invalid", "the request is a JSON object", 'such as {"flow": "hello", "input": {}}')
    fields = cast("dict[str, Json]", said)
    for name in fields:
        if name not in _FIELDS:
            hint = did_you_mean(name[:40], _FIELDS) or f"it takes {', '.join(_FIELDS)}"
            raise Invalid("the request", [Problem(name[:40], "unknown", "there is no such field")], hint)
    try:
        return msgspec.convert({key: value for key, value in fields.items() if value is not None}, Asked)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        raise Invalid("the request", [Problem(path.strip("`").removeprefix("$."), "type", what)]) from None


@dataclass(slots=True)
class Started:
    """A run that is durably there. `again`: it was, before this. `output`, `error`: where it has ended already."""

    entry: RunEntry
    output: Json = None
    error: Mapping[str, Json] | None = None
    again: bool = False


async def start(
    platform: Platform, who: Principal, asked: Asked, *, key: str | None = None, led: int = 0, trace: str | None = None
) -> Started:
    """Start it, for `who`, where `who` acts. `led`: how many runs led to this (`service.hops`). `trace`: the header
    `traceparent` of who asks."""
    return await start_flow(platform, who, await _flow(platform, who, asked), asked, key=key, led=led, trace=trace)


async def start_flow(
    platform: Platform,
    who: Principal,
    flow: Flow,
    asked: Asked,
    *,
    key: str | None = None,
    led: int = 0,
    trace: str | None = None,
    before: Before | None = None,
) -> Started:
    """As `start`, of a flow that the caller has made out of what was asked, and that `who` may start."""
    hops.check(led)
    check_labels(asked.labels)
    known = {} if trace_ids.read(trace) is None else {trace_ids.HEADER: trace}
    trigger = {**(hops.carried({"hops": led}) or {}), **known} or None
    request = _request(platform, who, flow, asked)
    request.trigger = trigger
    if key is not None:
        return await _start_once(platform, who, asked, request, key, before)
    if asked.name is None:  # the usual case, and the short way: the name that is made up is free
        return await _start_new(platform, request, before)
    async with _free_name(platform, who, asked.name):
        return await _start_new(platform, request, before)


async def ended(platform: Platform, run: str, seconds: float, *, until: frozenset[str] = frozenset()) -> None:
    """Wait until the run has ended (or has come to one of the statuses), but no longer than so many seconds, nor when the
    server stops: the run is durable, and who has started it is told which it is."""
    try:
        async with asyncio.timeout(min(seconds, LONGEST_WAIT)):
            await platform.engine.outcome(run, until=until)
    except (TimeoutError, Closed):
        return


async def take_up_files(platform: Platform, value: Json, *, tenant: str, run: str) -> None:
    """Files that a value mentions live as long as the run does; refused if one is not the tenant's."""
    try:
        await platform.files.take_up(value, tenant=tenant, run=run)
    except NoSuchFile as error:
        raise Refused("invalid", f"{error}", "upload it with POST /v1/files, and send what that answers") from None


def check_labels(labels: Mapping[str, str]) -> None:
    if len(labels) > _LABELS:
        raise Refused("invalid", f"a run takes at most {_LABELS} labels")
    for name, value in labels.items():
        if not name or len(name) > _LONGEST_LABEL or len(value) > _LONGEST_LABEL or ":" in name:
            said = (
                f"the label `{name[:40]}` has a colon in its name, has no name, or is over {_LONGEST_LABEL} characters"
            )
            raise Refused("invalid", said)
        if not (name + value).isprintable():
            raise Refused("invalid", f"the label `{name[:40]!r}` holds what cannot be printed")


def _request(platform: Platform, who: Principal, flow: Flow, asked: Asked) -> StartRequest:
    name = asked.name
    if name is not None and (not name or len(name) > LONGEST_NAME or not name.isprintable() or "/" in name):
        raise Refused("invalid", f"a run's name is 1 to {LONGEST_NAME} characters that can be printed, without `/`")
    return StartRequest(
        flow,
        asked.input,
        name=name or platform.names.run_name(),
        stage=asked.stage or DEFAULT_STAGE,
        tenant=who.tenant,
        labels=dict(asked.labels),
    )


async def _flow(platform: Platform, who: Principal, asked: Asked) -> Flow:
    if (asked.flow is None) == (asked.document is None):
        raise Refused("invalid", "say what to start", "give either `flow`, a name, or `document`")
    if asked.document is not None:
        if asked.version is not None:
            raise Refused("invalid", "a `document` has no `version`", "leave one of them away")
        return await validate_inline(platform, who, asked.document, asked.stage)
    return await resolve(platform, who.tenant, cast("str", asked.flow), asked.version, asked.stage)


@asynccontextmanager
async def _free_name(platform: Platform, who: Principal, name: str | None) -> AsyncGenerator[None]:
    """Nobody else may take the name meanwhile. None: we make one up, and that is free."""
    if name is None:
        yield
        return
    taken, naming = (who.tenant, name), platform.live.naming
    if taken in naming:
        raise Refused("exists", f"there is a run `{name}` already", "choose another name")
    naming.add(taken)
    try:
        await platform.archive.within(who.tenant).check_free(name)
        yield
    finally:
        naming.discard(taken)


async def _start_new(platform: Platform, request: StartRequest, before: Before | None) -> Started:
    """An id that nobody knows: what the run's first facts say is heard, so that nothing has to be read."""
    run = platform.names.run_id()
    if before is not None:
        before(run)
    heard = _Heard()
    leave = platform.live.feed.listen(run, heard)
    try:
        await take_up_files(platform, request.input, tenant=request.tenant, run=run)
        request.run, request.new = run, True
        await platform.engine.start(request)
    finally:
        leave()
    entry = _entry(run, request, heard)
    return Started(platform.flows.published.numbers.say(entry), heard.output, heard.error)


class _Heard:
    """What the first facts of a run say."""

    def __init__(self) -> None:
        self.status = "running"
        self.created_at = 0.0
        self.ended_at: float | None = None
        self.output: Json = None
        self.error: Mapping[str, Json] | None = None

    def __call__(self, live: Live) -> None:
        fact = live.fact
        if live.kind == "status":
            self.status = str(live.data)
        if fact is None:
            return
        if live.seq == 1:
            self.created_at = fact.at
            self.status = "queued" if fact.type == "run.queued" else "running"
        if fact.type in TERMINAL:
            self._ended(fact)

    def _ended(self, fact: Fact) -> None:
        self.status, self.ended_at = fact.type.removeprefix("run."), fact.at
        if isinstance(fact, RunSucceeded):
            self.output = fact.output
        elif isinstance(fact, RunFailed | RunCancelled):
            self.error = fact.error


def _entry(run: str, request: StartRequest, heard: _Heard) -> RunEntry:
    return RunEntry(
        run,
        cast("str", request.name),
        request.flow.name,
        request.flow.hash,
        heard.status,
        heard.created_at,
        heard.ended_at,
        request.tenant,
        request.stage,
        labels=request.labels,
    )


# --- at most once for each key


async def _start_once(
    platform: Platform, who: Principal, asked: Asked, request: StartRequest, key: str, before: Before | None
) -> Started:
    said = {name: getattr(asked, name) for name in Asked.__slots__}

    async def begin(run: str, new: bool) -> None:  # noqa: FBT001  as `once` calls it
        if new and before is not None:
            before(run)
        async with _free_name(platform, who, asked.name if new else None):  # otherwise it is the run's own
            await _start_claimed(platform, who, replace(request, run=run), new=new)

    entry, again = await once(platform, who, key, {**said, "labels": dict(asked.labels)}, begin)
    return await found(platform, platform.flows.published.numbers.say(entry), again=again)


async def found(platform: Platform, entry: RunEntry, *, again: bool = False) -> Started:
    """A run that nobody listened to as it began: how it ended, if it has, is read."""
    if entry.ended_at is None:
        return Started(entry, again=again)
    outcome = await platform.engine.outcome(entry.id)
    return Started(entry, outcome.output, outcome.error, again)


async def _start_claimed(platform: Platform, who: Principal, request: StartRequest, *, new: bool) -> None:
    run = cast("str", request.run)
    known = None if new else await platform.archive.within(who.tenant).entry(run)
    if known is not None and known.ended_at is not None:
        return
    if known is None:
        await take_up_files(platform, request.input, tenant=who.tenant, run=run)
    await platform.engine.start(request)
