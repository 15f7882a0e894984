"""What `tenuto flows …` does, on the store of the data directory. A server that owns the directory sees it within seconds:
the store lets several processes in, and serialises what they write.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tenuto.cli.control import OwnerGone, RemoteEngine
from tenuto.cli.failures import BAD_INPUT, Quit
from tenuto.cli.files import ENDINGS, problem_line, source_of
from tenuto.cli.house import Place, place_of, user
from tenuto.cli.look import ago, line, note, plural, preview, say, say_as_it_is
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.service.principal import Principal, local
from tenuto.service.sources import SourceFile

Json = object
T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Where:
    """In which data directory, and whose flows."""

    data: Path | None
    tenant: str

    @property
    def place(self) -> Place:
        return place_of(self.data)


@dataclass(slots=True)
class Desk:
    """An open store, and who works on it."""

    store: Any
    shelf: Any
    who: Principal


def list_flows(where: Where, named: str, limit: int, *, json: bool) -> int:
    from tenuto.service import flows
    from tenuto.service.flow_json import listed_json

    async def act(desk: Desk) -> Any:
        async with desk.store.read() as tx:
            return await flows.listing(desk.shelf, tx, desk.who, q=named, limit=limit)

    place = where.place
    page = _do(where, act)
    if json:
        say(line({"items": [listed_json(each) for each in page.items], "next_cursor": page.next_cursor}))
    elif not page.items:
        note(f"no flows in {place.data}: `tenuto flows save FILE` saves one")
    else:
        Painter.for_stdout().table([_list_row(each) for each in page.items], heads=("name", "version", "published", ""))
    return 0


def _list_row(listed: Any) -> list[Cell]:
    stages = ", ".join(f"{stage} {number}" for stage, number in listed.stages.items())
    return [
        Cell(listed.entry.name, "bold"),
        Cell(f"version {listed.entry.number}"),
        Cell(stages, "green"),
        Cell(preview(listed.entry.description), "bright_black"),
    ]


def show(where: Where, name: str, version: str | None, *, json: bool) -> int:
    from tenuto.service import flows
    from tenuto.service.flow_json import draft_json, shown_json

    async def act(desk: Desk) -> Any:
        async with desk.store.read() as tx:
            return await flows.get(desk.shelf, tx, desk.who, name, version)

    shown = _do(where, act)
    if shown.version is None:
        note("this is a draft: it has no version yet")
    if json:
        say(line(draft_json(shown.draft, None, ()) if shown.version is None else shown_json(shown)))
    else:
        say_as_it_is((shown.version or shown.draft).source.rstrip("\n"))
    return 0


def history(where: Where, name: str, limit: int, *, json: bool) -> int:
    from tenuto.service import flows
    from tenuto.service.flow_json import version_json

    async def act(desk: Desk) -> Any:
        async with desk.store.read() as tx:
            page = await flows.history(tx, desk.who, name, limit=limit)
            return page, await tx.publications.list(desk.who.tenant, flow=name)

    page, published = _do(where, act)
    if json:
        say(line({"items": [version_json(each) for each in page.items], "next_cursor": page.next_cursor}))
        return 0
    stages: dict[int, list[str]] = {}
    for publication in published:
        stages.setdefault(publication.version, []).append(publication.stage)
    Painter.for_stdout().table([_history_row(each, stages) for each in page.items])
    return 0


def _history_row(entry: Any, stages: Mapping[int, list[str]]) -> list[Cell]:
    import time

    return [
        Cell(str(entry.number), "bold", right=True),
        Cell(entry.hash[:12], "bright_black"),
        Cell(ago(time.time() - entry.at)),
        Cell(f"by {entry.by}"),
        Cell(", ".join(stages.get(entry.number, [])), "green"),
    ]


def diff(where: Where, name: str, before: str | None, after: str | None, *, json: bool) -> int:
    from tenuto.service import flows
    from tenuto.service.flow_json import diff_json

    async def act(desk: Desk) -> Any:
        async with desk.store.read() as tx:
            return await flows.diff(tx, desk.who, name, before, after)

    found = _do(where, act)
    if json:
        say(line(diff_json(found)))
        return 0
    say(f"{name}: version {found.before} to {found.after}, {plural(len(found.changes), 'change')}")
    for change in found.changes:
        values = [preview(value) for value in (change.before, change.after) if value is not None]
        say(f"  {change}: {' → '.join(values)}")
    return 0


def save(where: Where, word: str, *, json: bool) -> int:
    from tenuto.service import flows
    from tenuto.service.flow_json import saved_json

    source = source_of(word)
    kind = flows.JSON if source.content.lstrip()[:1] == b"{" else flows.YAML

    async def act(desk: Desk) -> Any:
        checked = await flows.read(source.content, kind, desk.shelf.library)
        _say_problems(source.shown, checked.loaded)
        async with desk.store.write() as tx:
            return await flows.save(desk.shelf, tx, desk.who, checked)

    saved = _change(where, act, make=True)
    if json:
        say(line(saved_json(saved)))
    else:
        said = "is new" if saved.new else "said the same already"
        say(f"{saved.name}: version {saved.version} {said}")
    return 0


def _say_problems(shown: str, loaded: Any) -> None:
    for problem in loaded.problems:
        note(problem_line(shown, problem))
    if loaded.flow is None:
        raise Quit(BAD_INPUT)


def publish(where: Where, name: str, stage: str, version: str | None, *, json: bool) -> int:
    from tenuto.service import publications
    from tenuto.service.flow_json import publication_json

    async def act(desk: Desk) -> Any:
        async with desk.store.write() as tx:
            return await publications.publish(desk.shelf, tx, desk.who, name, stage, version)

    done = _change(where, act)
    say(line(publication_json(done)) if json else f"{name}: version {done.version} is published to {stage}")
    return 0


def unpublish(where: Where, name: str, stage: str, *, json: bool) -> int:
    from tenuto.service import publications

    async def act(desk: Desk) -> None:
        async with desk.store.write() as tx:
            await publications.unpublish(desk.shelf, tx, desk.who, name, stage)

    _change(where, act)
    say(line({"flow": name, "stage": stage, "version": None}) if json else f"{name} is taken back from {stage}")
    return 0


def export(where: Where, name: str, folder: Path, version: str | None, *, json: bool) -> int:
    from tenuto.bootstrap import open_registry
    from tenuto.service import transfer

    place = where.place

    async def act(desk: Desk) -> Mapping[str, bytes]:
        registry = open_registry(place.settings)
        async with desk.store.read() as tx:
            return await transfer.export(desk.shelf, tx, desk.who, name, version, registry)

    files = _do(where, act)
    _write(folder, files)
    if json:
        say(line({"files": sorted(files)}))
    else:
        say(f"{plural(len(files), 'file')} in {folder}: {', '.join(sorted(files))}")
    return 0


def import_(where: Where, folder: Path, *, json: bool) -> int:
    from tenuto.service import transfer
    from tenuto.service.agent_lines import saved_json as agent_json
    from tenuto.service.flow_json import problem_json, saved_json
    from tenuto.service.refusals import Invalid

    files = _files(folder)

    async def act(desk: Desk) -> Any:
        bundle, texts = await transfer.read(desk.shelf, files)
        async with desk.store.write() as tx:
            return await transfer.admit(desk.shelf, tx, desk.who, bundle, texts)

    try:
        done = _change(where, act, make=True)
    except Invalid as invalid:
        for problem in invalid.problems:
            note(_problem_line(folder, problem))
        raise Refused("invalid", "nothing was imported", "mend these, and import it again") from None
    for problem in done.problems:
        note(_problem_line(folder, problem))
    if json:
        problems = [problem_json(each) for each in done.problems]
        flows, agents = [saved_json(each) for each in done.saved], [agent_json(each) for each in done.agents]
        say(line({"flows": flows, "agents": agents, "problems": problems}))
    else:
        for name, version, new in done.lines():
            say(f"{name}: version {version} {'is new' if new else 'said the same already'}")
    return 0


def _problem_line(folder: Path, problem: Any) -> str:
    """With its file, as `tenuto check` says it."""
    file, _, path = problem.path.partition(": ")
    return problem_line(str(folder / file) if file else str(folder), replace(problem, path=path))


def delete(where: Where, name: str, *, json: bool) -> int:
    from tenuto.service import flows

    async def act(desk: Desk) -> None:
        async with desk.store.write() as tx:
            await flows.delete(desk.shelf, tx, desk.who, name)

    _change(where, act)
    say(line({"name": name, "deleted": True}) if json else f"deleted {name}")
    return 0


def _change(where: Where, act: Callable[[Desk], Awaitable[T]], *, make: bool = False) -> T:
    """What a folder owns is not changed here either: a server that watches one says what that is."""

    async def knowing(desk: Desk) -> T:
        owned = await _owned(where.place)
        for shelf, kind in ((desk.shelf, "flows"), (desk.shelf.agents, "agents")):
            shelf.sources.files.update({name: SourceFile(file) for name, file in owned.get(kind, {}).items()})
        return await act(desk)

    return _do(where, knowing, make=make)


async def _owned(place: Place) -> Mapping[str, Mapping[str, str]]:
    with contextlib.suppress(OwnerGone):
        return await RemoteEngine(place.data).sources()
    return {}


def _do(where: Where, act: Callable[[Desk], Awaitable[T]], *, make: bool = False) -> T:
    """`make`: the directory, if it is not there; who only looks leaves nothing behind."""
    place = where.place
    if make:
        place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    elif place.settings.address is None and not place.data.exists():
        hint = "see --data, or save one with `tenuto flows save FILE`"
        raise Refused("not_found", f"there are no flows in {place.data}", hint)

    async def work() -> T:
        async with _desk(where) as desk:
            return await act(desk)

    return asyncio.run(work())


@contextlib.asynccontextmanager
async def _desk(where: Where) -> AsyncGenerator[Desk]:
    from tenuto.bootstrap.flows import open_flows

    async with open_flows(where.place.settings) as (store, shelf):
        async with store.read() as tx:
            if await tx.tenants.get(where.tenant) is None:
                raise Refused("not_found", f"there is no tenant `{where.tenant}`", "see --tenant")
        yield Desk(store, shelf, replace(local(user()), tenant=where.tenant))


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """A `tenuto.toml` that is there already is the project's own: what the flow needs goes beside it."""
    if folder.exists() and not folder.is_dir():
        raise Refused("invalid", f"{folder} is not a directory", "name another")
    for name, content in files.items():
        file = folder / name
        if file.name == _MANIFEST and file.exists() and file.read_bytes() != content:
            file = file.with_name(f"needs.{_MANIFEST}")
            note(f"{folder / name} is there already: what the flow needs is in {file}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


_MANIFEST = "tenuto.toml"


def _files(folder: Path) -> dict[str, bytes]:
    """The flows in `flows/` and the agents in `agents/` of the folder, and its manifest; other files of a project are none of ours."""
    if not folder.is_dir():
        raise Refused("not_found", f"there is no directory {folder}", "name one that `tenuto flows export` wrote")
    inside = [file for file in sorted((folder / "flows").glob("*")) if file.suffix in ENDINGS and file.is_file()]
    inside += [file for file in sorted((folder / "agents").glob("*.md")) if file.is_file()]
    manifest = folder / _MANIFEST
    found = [*inside, *([manifest] if manifest.is_file() else [])]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in found}
