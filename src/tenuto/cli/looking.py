"""The commands that only look: lists, one run, its facts, two runs side by side, a run that goes on elsewhere."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tenuto.cli import describe
from tenuto.cli.house import Place, driver, place_of, reading, user
from tenuto.cli.logs import lines_json, said_by, show_lines
from tenuto.cli.look import COLOURS, Look, ago, compact, duration, line, note, plural, preview, safe, say, shorten
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service import pages, runs
from tenuto.service.archive import Archive
from tenuto.service.projection import NodeView, RunView
from tenuto.service.refusals import did_you_mean

Json = object
T = TypeVar("T")


def list_runs(
    data: Path | None, statuses: list[str], flow: str | None, limit: int, cursor: str | None, *, json: bool
) -> int:
    place = place_of(data)
    query = RunQuery(statuses=frozenset(statuses) or None, flow=flow, cursor=pages.age_of(cursor), limit=limit + 1)
    found, next_cursor = pages.split(_look(place, lambda archive: runs.listing(archive, query)), limit)
    if json:
        say(line({"items": [runs.entry_json(entry) for entry in found], "next_cursor": next_cursor}))
        return 0
    if not found:
        note("no runs" + (" like that" if statuses or flow else f" in {place.data}"))
        return 0
    painter, now = Painter.for_stdout(), time.time()
    shown = [(entry, entry.status) for entry in found]
    interrupted = sum(entry.status == "running" for entry in found)
    if interrupted and asyncio.run(driver(place)) is None:
        shown = [(entry, "interrupted" if entry.status == "running" else entry.status) for entry in found]
    else:
        interrupted = 0
    painter.table(
        [_list_row(entry, status, painter.look, now) for entry, status in shown],
        heads=("", "name", "flow", "status", "started", "took"),
    )
    if interrupted:
        verb = "goes" if interrupted == 1 else "go"
        note(f"nobody drives {plural(interrupted, 'interrupted run')} now: `tenuto resume{place.words}` {verb} on")
    return 0


def _list_row(entry: RunEntry, status: str, look: Look, now: float) -> list[Cell]:
    colour = COLOURS.get(status, "")
    took = duration(entry.ended_at - entry.created_at) if entry.ended_at else ""
    return [
        Cell(look.mark(status), colour),
        Cell(entry.name, "bold"),
        Cell(entry.flow),
        Cell(status, colour),
        Cell(ago(now - entry.created_at), "bright_black"),
        Cell(took, "bright_black"),
    ]


def show(data: Path | None, word: str, under: str, *, logs: bool, json: bool) -> int:
    place = place_of(data)
    follower = _look(place, lambda archive: _follower(archive, word))
    view: RunView = follower.view()
    if under and under not in view.nodes and not view.level(under):
        near = did_you_mean(under, view.nodes)
        raise Refused("not_found", f"{view.name} has nothing under `{under}`", near)
    lines = said_by(place, view.id, under) if logs else []
    if json:
        say(line({**runs.run_json(view, under), **({"logs": lines_json(lines)} if logs else {})}))
    elif logs:
        show_lines(lines, view.name)
    else:
        interrupted = view.status == "running" and asyncio.run(driver(place)) is None
        _show(view, under, place, follower.names, "interrupted" if interrupted else "")
        if interrupted:
            note(f"nobody drives it now: `tenuto resume {place.named(view.name)}` goes on")
    return 0


def _todo(node: NodeView, run: str, painter: Painter, names: Mapping[str, str]) -> None:
    """What a person can do about a node: one thing after the other, where it waits for several."""
    waits = (node.wait.waits or (node.wait,)) if node.wait and not node.settled else ()
    for wait in waits:
        if len(waits) > 1:
            painter.line(Cell(f"     {describe.wait_text(wait, time.time())}", "yellow"))
        for argument in describe.argument_lines(wait):
            painter.line(Cell(f"     {argument}", "yellow"))
        _arrow(describe.wait_todo(wait, run), painter)
    if not waits:
        _arrow(describe.detail(node, run, time.time(), names).todo, painter)


def _arrow(todo: str, painter: Painter) -> None:
    if todo:
        painter.line(Cell(f"     {painter.look.mark('arrow')} {todo}", "cyan"))


def _show(view: RunView, under: str, place: Place, names: Mapping[str, str], status: str = "") -> None:
    """`status`: a better word for how it stands."""
    painter, status = Painter.for_stdout(), status or view.status
    look, named = painter.look, view.name + place.words
    took = duration((view.ended_at or time.time()) - view.started_at) if view.started_at else ""
    painter.line(
        Cell(f"{look.mark(status)} {status}", COLOURS[status]),
        Cell(view.name, "bold"),
        Cell(view.flow),
        Cell(took, "bright_black"),
    )
    for label, value in (("id", view.id), ("from", view.forked_from), ("parent", view.parent)):
        if value:
            painter.line(Cell(f"  {label} {names.get(value, value)}", "bright_black"))
    say()
    painter.table([_node_row(node, named, look, names) for node in view.level(under).values()])
    for node in view.level(under).values():
        _todo(node, named, painter, names)
    for label, value in (("input", view.input), ("output", view.output)):
        if value not in (None, {}) and not under:
            say()
            painter.line(Cell(f"  {label}", "bright_black"))
            painter.value(value)
    if view.error:
        say()
        painter.line(Cell(f"  {describe.error_text(view.error)} {describe.place_text(view.error)}".rstrip(), "red"))


def _node_row(node: NodeView, named: str, look: Look, names: Mapping[str, str]) -> list[Cell]:
    said = describe.detail(node, named, time.time(), names)
    took = duration(node.ended_at - node.started_at) if node.ended_at and node.started_at else ""
    return [
        Cell(f"  {look.mark(node.status)}", COLOURS.get(node.status, "")),
        Cell(_tail(node.path)),
        Cell(node.use, "bright_black"),
        Cell(said.text, "bright_black" if said.tone == "dim" else said.tone),
        Cell(took, "bright_black"),
    ]


def _tail(path: str) -> str:
    return path if "[" not in path else path[path.index("[") :] if path.count("[") == 1 else path


def events(data: Path | None, word: str, after: int, *, json: bool) -> int:
    found: list[dict[str, Any]] = _look(place_of(data), lambda archive: runs.events(archive, word, after))  # pyright: ignore[reportAssignmentType] # JSON
    if json:
        for fact in found:
            say(line(fact))
        return 0
    first = found[0]["at"] if found else 0.0
    painter = Painter.for_stdout()
    painter.table([_event_row(fact, first) for fact in found])
    return 0


def _event_row(fact: dict[str, Any], first: float) -> list[Cell]:
    said = {
        key: value
        for key, value in fact.items()
        if key not in ("seq", "type", "at", "path") and value not in (None, {}, [])
    }
    kind = fact["type"]
    tone = (
        "green"
        if kind.endswith("succeeded")
        else "red"
        if kind.endswith("failed")
        else "yellow"
        if "signal" in kind
        else ""
    )
    return [
        Cell(str(fact["seq"]), "bright_black", right=True),
        Cell(f"+{duration(fact['at'] - first)}", "bright_black", right=True),
        Cell(kind, tone),
        Cell(str(fact.get("path", ""))),
        Cell(safe(preview(compact(said), 100)) if said else "", "bright_black"),
    ]


def diff(data: Path | None, a: str, b: str, *, json: bool) -> int:
    from tenuto.service.compare import compare, comparison_json

    place = place_of(data)
    one, other = _look(place, lambda archive: _two(archive, a, b))
    found = compare(one, other)
    if json:
        say(line(comparison_json(found)))
        return 0
    painter = Painter.for_stdout()
    painter.line(Cell("a", "cyan"), Cell(f"{one.name} ({one.status})"))
    painter.line(Cell("b", "magenta"), Cell(f"{other.name} ({other.status})"))
    say()
    if found.equal:
        say(f"they tell the same, at {plural(found.same, 'node')}")
        return 0
    if found.input:
        _pair(painter, "input", *found.input)
    for each in found.nodes:
        first = "  (they part here)" if each.path == found.parts_at else ""
        only = f"  only in {each.only}" if each.only else ""
        painter.line(Cell(each.path, "bold"), Cell(first + only, "yellow"))
        for aspect, pair in each.aspects.items():
            _pair(painter, aspect, *pair)
    for aspect, pair in found.outcome.items():
        _pair(painter, f"run {aspect}", *pair)
    say(f"{plural(found.same, 'node')} the same")
    return 0


def _pair(painter: Painter, label: str, a: Json, b: Json) -> None:
    painter.line(Cell(f"  {label}", "bright_black"))
    for name, value, colour in (("a", a, "cyan"), ("b", b, "magenta")):
        painter.line(Cell(f"    {name}", colour), Cell(safe(shorten(compact(value), 400))))


async def _two(archive: Archive, a: str, b: str) -> tuple[RunView, RunView]:
    return await runs.view(archive, a), await runs.view(archive, b)


async def _follower(archive: Archive, word: str) -> Any:
    return await archive.follower(await archive.find(word))


def watch(data: Path | None, word: str, *, json: bool) -> int:
    from tenuto.cli.following import Manner, run_to_the_end

    place = place_of(data)
    manner = Manner(json, words=place.words, by=user())
    return run_to_the_end(_watch(place, word, manner), manner)


async def _watch(place: Place, word: str, manner: Any) -> int:
    """Follow where the owner is; a run that nobody drives is shown as it stands."""
    from tenuto.cli.control import OwnerGone
    from tenuto.cli.driving import Seen, code_of, follow, report_json
    from tenuto.cli.house import visiting

    async with reading(place) as archive:
        entry = await archive.find(word)
        if entry.status not in ("succeeded", "failed", "cancelled"):
            try:
                return await follow(visiting(place, archive), entry.id, manner)
            except OwnerGone:
                note(f"nobody drives {entry.name} now: `tenuto resume {place.named(entry.name)}` goes on")
        follower = await archive.follower(await archive.find(entry.id))
    seen = Seen(follower.view(), follower)
    if manner.json:
        report_json(seen, manner)
    else:
        _show(seen.view, "", place, follower.names)
    return code_of(seen.view.status)


def _look(place: Place, question: Callable[[Archive], Awaitable[T]]) -> T:
    async def ask() -> T:
        async with reading(place) as archive:
            return await question(archive)

    return asyncio.run(ask())
