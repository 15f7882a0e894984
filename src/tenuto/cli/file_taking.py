"""What `tenuto files list` and `get` do: files that values refer to, found in a run and written to disk."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenuto.cli.house import Place, open_kept_files, place_of, reading
from tenuto.cli.look import line, note, say, size
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.ports.files import File, NoSuchFile, mentioned
from tenuto.service.file_names import plain_name
from tenuto.service.projection import RunView
from tenuto.service.refusals import did_you_mean


@dataclass(slots=True, frozen=True)
class Found:
    """`at`: where in the run it was mentioned first."""

    id: str
    name: str
    media_type: str
    size: int
    at: str


def list_files(data: Path | None, word: str, *, json: bool) -> int:
    view, _ = asyncio.run(_seen(place_of(data), word))
    found = _files_of(view)
    if json:
        items = [
            {"$file": each.id, "name": each.name, "media_type": each.media_type, "size": each.size, "at": each.at}
            for each in found
        ]
        say(line({"items": items, "next_cursor": None}))
    elif not found:
        note(f"{view.name} mentions no files")
    else:
        Painter.for_stdout().table([_row(each) for each in found], heads=("name", "size", "type", "in", "id"))
    return 0


def _row(file: Found) -> list[Cell]:
    return [
        Cell(plain_name(file.name), "bold"),
        Cell(size(file.size), right=True),
        Cell(file.media_type, "bright_black"),
        Cell(file.at),
        Cell(file.id, "bright_black"),
    ]


def get(data: Path | None, tenant: str, what: str, name: str | None, to: Path | None, *, json: bool) -> int:
    file = asyncio.run(_taken(place_of(data), tenant, what, name))
    if to is not None and str(to) == "-":
        sys.stdout.buffer.write(file.content)
        sys.stdout.buffer.flush()
        return 0
    target = _target(to, plain_name(file.name))
    try:
        with target.open("xb") as opened:
            opened.write(file.content)
    except FileExistsError:
        raise Refused("invalid", f"{target} exists already", "name another file with --to") from None
    if json:
        say(line({"path": str(target), "name": file.name, "media_type": file.media_type, "size": len(file.content)}))
    else:
        say(f"{target}  {size(len(file.content))}  {file.media_type}")
    return 0


def _target(to: Path | None, name: str) -> Path:
    if to is None:
        return Path(name)
    return to / name if to.is_dir() else to


async def _taken(place: Place, tenant: str, what: str, name: str | None) -> File:
    """By its id; else the one file, or the one of that name, of a run."""
    async with open_kept_files(place) as files:
        if name is None:
            try:
                return await files.open(what, tenant=tenant)
            except NoSuchFile:
                pass  # then it names a run
        view, owner = await _seen(place, what)
        try:
            return await files.open(_meant(view, name).id, tenant=owner)
        except NoSuchFile:
            raise Refused("not_found", f"the file is not there any more, though {view.name} mentions it") from None


async def _seen(place: Place, word: str) -> tuple[RunView, str]:
    """A run, and whose it is."""
    async with reading(place) as archive:
        entry = await archive.find(word)
        return (await archive.follower(entry)).view(), entry.tenant


def _meant(view: RunView, name: str | None) -> Found:
    found = [each for each in _files_of(view) if name in {None, each.name, each.id}]
    if len(found) == 1:
        return found[0]
    known = {each.name: each.id for each in _files_of(view)}
    if not known:
        raise Refused("not_found", f"{view.name} mentions no files")
    if not found:
        near = did_you_mean(name or "", known) or f"it has: {', '.join([*known][:6])}"
        raise Refused("not_found", f"{view.name} mentions no file `{(name or '')[:80]}`", near)
    hint = f"`tenuto files list {view.name}` shows them with their ids"
    raise Refused("invalid", f"{view.name} mentions {len(found)} files" + (f" `{name}`" if name else ""), hint)


def _files_of(view: RunView) -> list[Found]:
    """Each once, what it answers first."""
    places = [("output", view.output), ("input", view.input)]
    places += [(path, node.output) for path, node in view.nodes.items()]
    found: dict[str, Found] = {}
    for at, value in places:
        for said in mentioned(value):
            found.setdefault(said["$file"], _found(said, at))
    return list(found.values())


def _found(said: dict[str, Any], at: str) -> Found:
    count = said.get("size")
    return Found(
        said["$file"],
        str(said.get("name", "")),
        str(said.get("media_type", "")),
        count if isinstance(count, int) else 0,
        at,
    )
