"""The commands that change something: each says what it did in a line, or answers with the run as JSON."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from tenuto.cli.following import Manner, run_to_the_end
from tenuto.cli.house import House, Place, place_of, user, write
from tenuto.cli.look import line, note, say
from tenuto.ports.engine import Refused
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service import origins, runs
from tenuto.service.inputs import read_json
from tenuto.service.projection import ENDED

Json = object


def signal(
    data: Sequence[str] | None,
    run: str,
    name: str,
    *,
    approve: bool,
    reject: bool,
    comment: str | None,
    form: str | None,
    payload: str | None,
    json: bool,
) -> int:
    directory, payload = _data_or_payload(data or [], payload)
    place = place_of(directory)
    if approve and reject:
        raise Refused("invalid", "--approve and --reject are two answers", "give one of them")
    if approve or reject:
        if payload is not None:
            raise Refused("invalid", "an approval has no payload", "--comment and --form go with --approve")
        return _answer(place, run, name, _approval(approve, comment, form), json=json)
    if comment is not None or form is not None:
        raise Refused("invalid", "--comment and --form go with --approve or --reject")
    value = None if payload is None else read_json(payload, "--payload")
    return _signal(place, run, name, value, json=json)


def _approval(approved: bool, comment: str | None, form: str | None) -> dict[str, Json]:
    answer: dict[str, Json] = {"approved": approved}
    if comment is not None:
        answer["comment"] = comment
    if form is not None:
        answer["form"] = read_json(form, "--form")
    return answer


def _answer(place: Place, run: str, path: str, answer: dict[str, Json], *, json: bool) -> int:
    async def act(house: House) -> RunEntry:
        return await runs.answer(house.archive, house.engine, run, path, answer, by=user())

    said = "approved" if answer["approved"] else "rejected"
    return _do(place, act, lambda entry: f"{said} `{path}` of {entry.name}", json=json)


def _signal(place: Place, run: str, name: str, value: Json, *, json: bool) -> int:
    import secrets

    key = secrets.token_hex(16)  # so that saying it again to an owner that was leaving does not say it twice

    async def act(house: House) -> RunEntry:
        return await runs.signal(house.archive, house.engine, run, name, value, by=user(), key=key)

    return _do(place, act, lambda entry: f"sent `{name}` to {entry.name}", json=json)


def decide(data: Path | None, run: str, path: str, decision: str, output: str | None, *, json: bool) -> int:
    value = None if output is None else read_json(output, "--output")

    async def act(house: House) -> RunEntry:
        return await runs.decide(house.archive, house.engine, run, path, decision, value, by=user())

    return _do(place_of(data), act, lambda entry: f"decided `{path}` of {entry.name}: {decision}", json=json)


def cancel(data: Path | None, run: str, reason: str | None, *, json: bool) -> int:
    async def act(house: House) -> RunEntry:
        return await runs.cancel(house.archive, house.engine, run, by=user(), reason=reason)

    return _do(place_of(data), act, lambda entry: f"cancelled {entry.name}", json=json)


def pause(data: Path | None, run: str, *, json: bool) -> int:
    async def act(house: House) -> RunEntry:
        return await runs.pause(house.archive, house.engine, run, by=user())

    return _do(place_of(data), act, lambda entry: f"paused {entry.name}", json=json)


def unpause(data: Path | None, run: str, *, json: bool) -> int:
    async def act(house: House) -> RunEntry:
        return await runs.resume(house.archive, house.engine, run, by=user())

    return _do(place_of(data), act, lambda entry: f"{entry.name} is no longer paused", json=json)


def delete(data: Path | None, run: str, *, json: bool) -> int:
    async def act(house: House) -> RunEntry:
        return await runs.delete(house.archive, house.keeper, run)

    place = place_of(data)
    entry, _ = asyncio.run(write(place, lambda house: _with_owner(house, act)))
    say(line({"id": entry.id, "name": entry.name, "deleted": True}) if json else f"deleted {entry.name}")
    return 0


def retry(data: Path | None, run: str, from_: str | None, flow: Path | None, *, wait: bool, json: bool) -> int:
    place = place_of(data)
    document = _edited(place, flow)

    async def begin(house: House) -> str:
        return await origins.retry(house.archive, house.engine, run, from_=from_, flow=document)

    return _drive(place, run, begin, flow, wait=wait, json=json)


def fork(
    data: Path | None,
    run: str,
    at: str | None,
    edits: list[str],
    flow: Path | None,
    name: str | None,
    *,
    wait: bool,
    json: bool,
) -> int:
    place = place_of(data)
    document = _edited(place, flow)
    point: str | int | None = int(at) if at is not None and at.isdecimal() and len(at) < 12 else at

    async def begin(house: House) -> str:
        known = document or await house.archive.flow((await house.archive.find(run)).document)
        changes = origins.read_edits(known, edits)
        return await origins.fork(house.archive, house.engine, run, at=point, edits=changes, flow=document, name=name)

    return _drive(place, run, begin, flow, wait=wait, json=json)


def _drive(
    place: Place, run: str, begin: Callable[[House], Awaitable[str]], flow: Path | None, *, wait: bool, json: bool
) -> int:
    from tenuto.cli.driving import beside, drive
    from tenuto.cli.house import reading

    manner = Manner(json, wait, ask=wait, words=place.words, by=user())

    async def work() -> int:
        async with reading(place) as archive:  # a directory without runs is refused, and not made
            file = flow or beside([await archive.find(run)])
        return await drive(place, begin, manner, file)

    return run_to_the_end(work(), manner)


def _edited(place: Place, flow: Path | None) -> Any:
    """The document to go on with, where one was given."""
    if flow is None:
        return None
    from tenuto.bootstrap import open_registry
    from tenuto.cli.files import flow_of, source_of

    return flow_of(source_of(str(flow)), open_registry(place.settings, flow.parent))


def _do(
    place: Place, act: Callable[[House], Awaitable[RunEntry]], said: Callable[[RunEntry], str], *, json: bool
) -> int:
    entry, owned = asyncio.run(write(place, lambda house: _with_owner(house, act)))
    if json:
        say(line({"id": entry.id, "name": entry.name}))
    else:
        say(said(entry))
    if entry.status in ENDED:
        note(f"{entry.name} has ended: {entry.status}")
    elif not owned:
        note(f"nobody drives it now: `tenuto resume {place.named(entry.name)}` goes on")
    return 0


async def _with_owner(house: House, act: Callable[[House], Awaitable[RunEntry]]) -> tuple[RunEntry, bool]:
    """The run after the act, and whether another process drives it."""
    entry = await act(house)
    after = await house.archive.journal.runs(RunQuery(name=entry.id))
    return (after[0] if after else entry), not house.mine


def _data_or_payload(given: Sequence[str], payload: str | None) -> tuple[Path | None, str | None]:
    """`--data` of a signal means its payload; but where it names a directory, it is what it is everywhere else."""
    directory: Path | None = None
    for text in given:
        if Path(text).is_dir() or not _looks_like_json(text):
            directory = Path(text)
        elif payload is not None:
            raise Refused("invalid", "two payloads were given", "give one of --data and --payload")
        else:
            payload = text
    return directory, payload


def _looks_like_json(text: str) -> bool:
    return text[:1] in '{["-0123456789' or text in ("true", "false", "null")
