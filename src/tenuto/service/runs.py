"""Runs: looking at them, and what can be done to one from outside. Starting again is in `service.origins`."""

from collections.abc import Mapping
from typing import Protocol, cast

from tenuto.core.durations import format_second, whole_and_micros
from tenuto.core.flow import Flow, apply_defaults
from tenuto.core.machine import PAUSE, RESUME
from tenuto.core.problems import did_you_mean
from tenuto.ports.codec import plain
from tenuto.ports.engine import Engine, StartRequest
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service.archive import Archive
from tenuto.service.aside import FACT, aside
from tenuto.service.follow import Follower
from tenuto.service.inputs import prepare
from tenuto.service.projection import ENDED, NodeView, RunView, Wait
from tenuto.service.refusals import Refused

Json = object

DECISIONS = ("retry", "done", "fail")
LONGEST_PAGE = 500
STATUSES = frozenset({"queued", "running", "waiting", *ENDED})


class Deleter(Protocol):
    """What can forget a run: the journal of an owner, or the way to it."""

    async def delete(self, run: str) -> bool: ...


async def start(
    engine: Engine,
    flow: Flow,
    given: Json,
    *,
    name: str | None = None,
    stage: str = "dev",
    tenant: str = "default",
    labels: Mapping[str, str] | None = None,
    run: str | None = None,
) -> str:
    """Start a run of the flow; its id. The input gets its defaults and must fit the flow. `run`: an id that nobody knows yet."""
    prepared = prepare(flow.input_schema, given)
    request = StartRequest(flow, prepared, name=name, stage=stage, tenant=tenant, labels=labels or {})
    request.run, request.new = run, run is not None
    return await engine.start(request)


async def view(archive: Archive, word: str) -> RunView:
    entry = await archive.find(word)
    return (await archive.follower(entry)).view()


async def listing(archive: Archive, query: RunQuery) -> list[RunEntry]:
    unknown = (query.statuses or frozenset()) - STATUSES
    if unknown:
        status = min(unknown)
        hint = did_you_mean(status, STATUSES) or f"one of {', '.join(sorted(STATUSES))}"
        raise Refused("invalid", f"`{status}` is no status of a run", hint)
    return await archive.runs(query)


async def events(archive: Archive, word: str, after: int = 0) -> list[dict[str, Json]]:
    """The run's facts as JSON, each with its `seq` and `type`."""
    entry = await archive.find(word)
    return [{"seq": seq, "type": fact.type, **plain(fact)} for seq, fact in await archive.facts(entry.id, after)]


async def cancel(
    archive: Archive, engine: Engine, word: str, *, by: str | None = None, reason: str | None = None
) -> RunEntry:
    entry = await _open_run(archive, word)
    await engine.cancel(entry.id, by=by, reason=reason)
    return entry


async def signal(
    archive: Archive,
    engine: Engine,
    word: str,
    name: str,
    payload: Json,
    *,
    by: str | None = None,
    key: str | None = None,
) -> RunEntry:
    """Send a signal. One to an approval must say `approved`; a name that nothing waits for is kept.

    `sub/ok` is for the run that the node `sub` called; the answer is the run that was named all the same.
    """
    entry = await _open_run(archive, word)
    run = entry.id
    if "/" in name:
        reached, name = _reach(entry, await archive.follower(entry), name)
        run = reached.run
    await engine.signal(run, name, payload, by=by, key=key)
    return entry


async def answer(
    archive: Archive,
    engine: Engine,
    word: str,
    path: str,
    payload: Mapping[str, Json],
    *,
    by: str | None = None,
    key: str | None = None,
) -> RunEntry:
    """Approve or reject: `path` must be something that waits for that, or will. A form left out is its defaults."""
    entry = await _open_run(archive, word)
    follower = await archive.follower(entry)
    asked = {wait.signal or wait.path: wait for wait in follower.waits() if wait.kind == "approval"}
    reached, name = _reach(entry, follower, path)
    nodes = reached.view().nodes
    node = nodes.get(name) or nodes.get(name.partition("/")[0])  # what a node inside asks, the host knows
    if path not in asked and (node is None or (name in nodes and node.use not in ("approval", "agent", ""))):
        raise _not_asked(entry, path, list(asked))
    if not isinstance(payload.get("approved"), bool) and not _asks_in_words(asked.get(path), name):
        raise Refused("invalid", f"`{path}` asks for a yes or a no", 'send {"approved": true} or {"approved": false}')
    form = asked[path].ask.get("form") if path in asked else None
    if payload.get("approved") is True and "form" not in payload and isinstance(form, dict):
        payload = {**payload, "form": apply_defaults(cast("Mapping[str, Json]", form), {})}
    await engine.signal(reached.run, name, dict(payload), by=by, key=key)
    return entry


def _asks_in_words(wait: Wait | None, name: str) -> bool:
    """Whether something else than yes or no can answer: what a node asks within itself is looked at by the host."""
    return "/" in name and (wait is None or wait.ask.get("kind") != "approval")


async def decide(
    archive: Archive, engine: Engine, word: str, path: str, decision: str, output: Json = None, *, by: str | None = None
) -> RunEntry:
    """Settle a node of which nobody knows whether its effect happened (SEMANTICS 23)."""
    if decision not in DECISIONS:
        raise Refused(
            "invalid", f"`{decision}` is no decision", did_you_mean(decision, DECISIONS) or "one of retry, done, fail"
        )
    entry = await _open_run(archive, word)
    follower = await archive.follower(entry)
    doubtful = [wait.path for wait in follower.waits() if wait.kind == "decision"]
    if path not in doubtful:
        raise Refused(
            "not_found", f"nothing is in doubt at `{path}` of {entry.name}", _names(path, doubtful, "in doubt")
        )
    payload: dict[str, Json] = {"decision": decision}
    if decision == "done":
        payload["output"] = output
    reached, name = _reach(entry, follower, path)
    await engine.signal(reached.run, name, payload, by=by)
    return entry


async def pause(archive: Archive, engine: Engine, word: str, *, by: str | None = None) -> RunEntry:
    """Nothing new of the run starts, nor of those that it called; what runs goes on to its end and is recorded.

    It stands in the journal as the signal `run.pause`, so it outlives a restart. Times go on: a timeout that comes in a
    pause is recorded, and so is an answer; what depends on them starts after `resume`. `cancel` works as ever.
    """
    return await _pause(archive, engine, word, paused=True, by=by)


async def resume(archive: Archive, engine: Engine, word: str, *, by: str | None = None) -> RunEntry:
    """The end of a pause: what was held back starts (the signal `run.resume`)."""
    return await _pause(archive, engine, word, paused=False, by=by)


async def _pause(archive: Archive, engine: Engine, word: str, *, paused: bool, by: str | None) -> RunEntry:
    """Harmless where it is so already: nothing is recorded of that."""
    entry = await _open_run(archive, word)
    if (await archive.follower(entry)).paused != paused:
        await engine.signal(entry.id, PAUSE if paused else RESUME, None, by=by)
    return entry


async def delete(archive: Archive, deleter: Deleter, word: str) -> RunEntry:
    entry = await archive.find(word)
    if entry.status not in ENDED:
        raise Refused(
            "running",
            f"{entry.name} has not ended ({entry.status})",
            f"cancel it first: tenuto runs cancel {entry.name}",
        )
    await deleter.delete(entry.id)
    return entry


async def nodes_page(follower: Follower, under: str, *, limit: str | None, cursor: str | None) -> dict[str, Json]:
    """The run with one page of the nodes that stand directly under a path. The cursor is the last path of the page before."""
    return await aside(follower.breadth * FACT, _nodes_page, follower, under, limit, cursor)


def _nodes_page(follower: Follower, under: str, limit: str | None, cursor: str | None) -> dict[str, Json]:
    view = follower.view()
    if limit is not None and not (limit.isdecimal() and 1 <= int(limit) <= LONGEST_PAGE):
        raise Refused("invalid", f"`limit` is a whole number, 1 to {LONGEST_PAGE}")
    nodes = view.level(under)
    if under and not nodes and under not in view.nodes:
        raise Refused("not_found", f"{view.name} has nothing under `{under[:80]}`")
    paths = list(nodes)
    if cursor is not None and cursor not in nodes:
        raise Refused("malformed", "this `cursor` was not given by a page of this list", "begin again without it")
    first = 0 if cursor is None else paths.index(cursor) + 1
    shown = paths[first : first + int(limit or 50)]
    more = first + len(shown) < len(paths)
    return {
        **_run_json(view, {path: nodes[path] for path in shown}),
        "next_cursor": shown[-1] if more else None,
    }


def run_json(view: RunView, under: str = "") -> dict[str, Json]:
    """A run as the API and `--json` show it; `nodes` is one level of it."""
    return _run_json(view, view.level(under))


def _run_json(view: RunView, nodes: Mapping[str, NodeView]) -> dict[str, Json]:
    return {
        "id": view.id,
        "name": view.name,
        "flow": view.flow,
        "version": view.version,
        "version_hash": view.document[:12],
        "status": view.status,
        "paused": view.paused and not view.ended,
        "stage": view.stage,
        "input": view.input,
        "output": view.output,
        "error": view.error,
        "nodes": {path: node_json(node) for path, node in nodes.items()},
        "parent": view.parent,
        "forked_from": view.forked_from,
        "cost": view.cost,
        "created_at": moment(view.created_at),
        "started_at": moment(view.started_at),
        "ended_at": moment(view.ended_at),
    }


def node_json(node: NodeView) -> dict[str, Json]:
    said: dict[str, Json] = {
        "use": node.use,
        "status": node.status,
        "port": node.port,
        "input": node.input,
        "output": node.output,
        "error": node.error,
        "attempts": node.attempts,
        "started_at": moment(node.started_at),
        "ended_at": moment(node.ended_at),
    }
    optional: dict[str, Json] = {
        "waits_for": wait_json(node.wait) if node.wait and not node.settled else None,
        "child": node.child,
        "reused_from": node.reused_from,
        "items": node.items,
        "items_done": node.items_done or None,
    }
    return said | {key: value for key, value in optional.items() if value is not None}


def wait_json(wait: Wait) -> dict[str, Json]:
    said: dict[str, Json] = {
        "kind": wait.kind,
        "path": wait.path,
        "signal": wait.signal,
        "due": moment(wait.due),
        **wait.ask,
        "run": wait.run,
        "waits": [wait_json(each) for each in wait.waits] or None,
    }
    return {key: value for key, value in said.items() if value is not None}


def entry_json(entry: RunEntry) -> dict[str, Json]:
    """A run's line in a list."""
    return {
        "id": entry.id,
        "name": entry.name,
        "flow": entry.flow,
        "version": entry.version,
        "version_hash": entry.document[:12],
        "status": entry.status,
        "stage": entry.stage,
        "parent": entry.parent,
        "forked_from": entry.origin,
        "created_at": moment(entry.created_at),
        "ended_at": moment(entry.ended_at),
        "labels": dict(entry.labels),
    }


def moment(at: float | None) -> str | None:
    """A time as RFC 3339 in UTC, to the millisecond."""
    if at is None:
        return None
    seconds, micros = whole_and_micros(at)
    return f"{format_second(seconds)}.{micros // 1_000:03d}Z"


async def _open_run(archive: Archive, word: str) -> RunEntry:
    entry = await archive.find(word)
    if entry.status in ENDED:
        raise Refused("ended", f"{entry.name} has ended ({entry.status})")
    return entry


def _reach(entry: RunEntry, follower: Follower, name: str) -> tuple[Follower, str]:
    """The run that a name with slashes leads to, and the name there."""
    reached, inner = follower.addressee(name)
    call = reached.caller(inner)
    if call is not None:
        path = name.removesuffix(inner) + call
        raise Refused("not_found", f"`{path}` of {entry.name} has no open run", "it has not begun, or has ended")
    return reached, inner


def _not_asked(entry: RunEntry, path: str, asked: list[str]) -> Refused:
    return Refused("not_found", f"{entry.name} has no approval `{path}`", _names(path, asked, "waiting for an answer"))


def _names(word: str, names: list[str], what: str) -> str:
    if not names:
        return f"nothing of it is {what} now"
    return did_you_mean(word, names) or f"{what}: {', '.join(names[:5])}"
