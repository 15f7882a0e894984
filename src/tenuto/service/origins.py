"""Starting again: a retry or a fork is a new run that reuses what another recorded. The other is never touched."""

from collections.abc import Mapping, Sequence
from typing import cast

from tenuto.core.events import Fact, ItemDone, RunQueued
from tenuto.core.flow.model import Flow
from tenuto.core.machine import node_at
from tenuto.core.problems import Problem, did_you_mean
from tenuto.ports.engine import Engine, StartRequest
from tenuto.ports.journal import RunEntry
from tenuto.service.archive import Archive
from tenuto.service.inputs import read_as
from tenuto.service.projection import ENDED
from tenuto.service.refusals import Invalid, Refused

Json = object


async def retry(
    archive: Archive,
    engine: Engine,
    word: str,
    *,
    from_: str | None = None,
    flow: Flow | None = None,
    run: str | None = None,
) -> str:
    """Run again what failed or was cancelled, or `from_` and all that follows; the new run's id (SEMANTICS 38). `run`:
    that id, where the caller has made it.

    A success is retried only `from_` somewhere, or for the items of its maps that were collected as failed (SEMANTICS 17).
    """
    entry = await archive.find(word)
    if entry.status not in ENDED:
        raise Refused(
            "running",
            f"{entry.name} has not ended ({entry.status})",
            f"cancel it first: tenuto runs cancel {entry.name}",
        )
    facts = await archive.facts(entry.id)
    edited, flow = flow is not None, flow or await _flow_of(archive, entry)
    if entry.status == "succeeded" and from_ is None and not edited and not _collected(facts, flow):
        raise Refused(
            "invalid",
            f"{entry.name} succeeded: there is nothing to retry",
            "`from` (`--from NODE`) runs that node and what follows again",
        )
    if from_ is not None:
        _known(flow, from_)
    request = _request(facts, entry, flow, {"kind": "retry", "redo": from_, "before": None, "edits": {}})
    request.run = run
    return await engine.start(request)


async def fork(
    archive: Archive,
    engine: Engine,
    word: str,
    *,
    at: str | int | None = None,
    edits: Mapping[str, Json] | None = None,
    flow: Flow | None = None,
    name: str | None = None,
    run: str | None = None,
) -> str:
    """A new run as the other was at a fact (a seq) or before a node (a path), with edits; the new run's id."""
    entry = await archive.find(word)
    if name is not None:
        await archive.check_free(name)
    facts = await archive.facts(entry.id)
    flow = flow or await _flow_of(archive, entry)
    edits = dict(edits or {})
    _check_edits(flow, edits)
    before = _seq(entry, facts, at)
    if isinstance(at, str):
        _known(flow, at)
    if before is None and entry.status not in ENDED:
        before = len(facts)  # it goes on meanwhile; the fork is of what it was now
    origin: dict[str, Json] = {
        "kind": "fork",
        "redo": at if isinstance(at, str) else None,
        "before": before,
        "edits": edits,
    }
    request = _request(facts, entry, flow, origin)
    request.name, request.run = name, run
    return await engine.start(request)


def read_edits(flow: Flow | None, pairs: Sequence[str]) -> dict[str, Json]:
    """`input.x=…`, `vars.X=…`, `NODE.input.key=…`, `NODE.output=…`: texts as edits, each value JSON or else text."""
    edits: dict[str, Json] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign:
            raise Invalid("--set", [Problem("", "pairs", f"`{pair[:60]}` is not `path=value`")])
        head, within, field = key.partition(".input.")
        value = read_as(_declared(flow, key), text, key)
        if within:
            members = edits.setdefault(f"{head}.input", {})
            if not isinstance(members, dict):
                raise Invalid("--set", [Problem(key, "pairs", f"`{head}.input` was given as a whole already")])
            cast("dict[str, Json]", members)[field] = value
        else:
            edits[key] = value
    return edits


def _declared(flow: Flow | None, key: str) -> Mapping[str, Json]:
    properties = (flow.input_schema or {}).get("properties") if flow and key.startswith("input.") else None
    declared = (
        cast("dict[str, Json]", properties).get(key.removeprefix("input.")) if isinstance(properties, dict) else None
    )
    return cast("dict[str, Json]", declared) if isinstance(declared, dict) else {}


def _collected(facts: list[tuple[int, Fact]], flow: Flow) -> bool:
    """Whether a map under `on_error: collect` has items that failed."""
    failed = {fact.path for _, fact in facts if isinstance(fact, ItemDone) and fact.error is not None}
    return any((node := node_at(flow, path)) is not None and node.on_error == "collect" for path in failed)


def _check_edits(flow: Flow, edits: Mapping[str, Json]) -> None:
    for key, value in edits.items():
        path, dot, last = key.rpartition(".")
        if not dot:
            raise Refused(
                "invalid", f"`{key}` cannot be edited", "edit input.NAME, vars.NAME, NODE.input or NODE.output"
            )
        if path in ("input", "vars"):
            continue
        if last not in ("input", "output"):
            raise Refused("invalid", f"`{key}` cannot be edited", "of a node, edit NODE.input or NODE.output")
        _known(flow, path)
        if last == "input" and not isinstance(value, dict):
            raise Refused("invalid", f"`{key}` must be an object of the keys of `with`")


def _known(flow: Flow, path: str) -> None:
    if node_at(flow, path) is None:
        names = [*flow.body.nodes, *(flow.finally_.nodes if flow.finally_ else ())]
        hint = did_you_mean(path, names) or f"its nodes are {', '.join(names[:8])}"
        raise Refused("not_found", f"the flow `{flow.name}` has no node `{path}`", hint)


def _seq(entry: RunEntry, facts: list[tuple[int, Fact]], at: str | int | None) -> int | None:
    if not isinstance(at, int):
        return None
    if not 1 <= at <= len(facts):
        raise Refused("invalid", f"{entry.name} has no event {at}", f"its events are 1 to {len(facts)}")
    return at


async def _flow_of(archive: Archive, entry: RunEntry) -> Flow:
    flow = await archive.flow(entry.document)
    if flow is None:
        raise Refused(
            "invalid",
            f"the document of {entry.name} cannot be used here",
            "a node type that it names is not installed; `tenuto nodes` lists those that are",
        )
    return flow


def _request(facts: list[tuple[int, Fact]], entry: RunEntry, flow: Flow, origin: dict[str, Json]) -> StartRequest:
    begun = next((fact for _, fact in facts if isinstance(fact, RunQueued)), None)
    if begun is None:
        raise Refused("not_found", f"nothing is recorded of {entry.name}")
    return StartRequest(
        flow,
        begun.input,  # as it was: the host applies the edits that stand in `origin`
        stage=begun.stage,
        tenant=begun.tenant,
        trigger=begun.trigger,
        labels=entry.labels,
        origin={"run": entry.id, **origin},
    )
