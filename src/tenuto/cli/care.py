"""`tenuto doctor`, `tenuto backup`, `tenuto restore`: whether all is well, and a copy for the day when it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto.cli.options import Data, Json


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("backup")(backup)
    app.command("restore")(restore)


@dataclass(slots=True)
class Finding:
    """`well`: True, False, or None for what is neither. `hint`: what to do."""

    topic: str
    text: str
    well: bool | None = None
    hint: str = ""


def doctor(data: Data = None, json: Json = False) -> int:
    """Say what is installed, which settings hold, how the data directory is, and what to do about problems.

    Exit code: 0 if all is well, 1 if something is not.
    """
    from tenuto.cli.look import line, say
    from tenuto.cli.painting import Cell, Painter

    findings = list(_findings(data))
    ill = any(finding.well is False for finding in findings)
    if json:
        say(
            line(
                {
                    "ok": not ill,
                    "findings": [{"topic": f.topic, "text": f.text, "ok": f.well, "hint": f.hint} for f in findings],
                }
            )
        )
        return int(ill)
    painter = Painter.for_stdout()
    marks = {True: ("succeeded", "green"), False: ("failed", "red"), None: ("dot", "bright_black")}
    for finding in findings:
        mark, colour = marks[finding.well]
        painter.line(Cell(painter.look.mark(mark), colour), Cell(f"{finding.topic:<10}", "bold"), Cell(finding.text))
        if finding.hint:
            painter.line(Cell(f"  {painter.look.mark('arrow')} {finding.hint}", "cyan"))
    return int(ill)


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the copy goes; it must not exist", show_default=False)
    ],
    data: Data = None,
    json: Json = False,
) -> int:
    """Copy everything while it is in use: one file, with all that was acknowledged before.

    Keys are not in it: keep a copy of `*.key` of the data directory somewhere else, or no secret can be read again.
    """
    from tenuto.cli.house import backup_to, place_of
    from tenuto.cli.look import line, say, size

    backup_to(place_of(data), file)
    count = file.stat().st_size
    if json:
        say(line({"file": str(file), "bytes": count}))
    else:
        say(f"wrote {file} ({size(count)}); `tenuto restore {file} --data DIR` makes a data directory of it")
    return 0


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `tenuto backup` wrote", show_default=False)],
    data: Data = None,
    keys: Annotated[
        Path | None,
        typer.Option("--keys", metavar="DIR", help="Where the keys (`*.key`) of the old directory are kept"),
    ] = None,
    json: Json = False,
) -> int:
    """Make a new data directory of a backup. Its runs go on with the next `tenuto up` or `tenuto resume`.

    Stop the old one first: both would go on with the same runs.
    """
    from tenuto.cli.house import place_of
    from tenuto.cli.look import clock, line, note, say
    from tenuto.service.copies import restore as unpack

    place = place_of(data)
    restored = unpack(file, place.data, keys)
    if json:
        say(line({"data": str(place.data), "made_at": restored.made_at, "lacking": list(restored.lacking)}))
    else:
        say(f"restored {place.data} as it was at {clock(restored.made_at)}")
    for name in restored.lacking:
        note(f"{name} is lacking: {_WITHOUT[name]}; put it into {place.data} before the first start")
    return 0


_WITHOUT = {
    "secret.key": "secrets cannot be read",
    "files.key": "references to files are worth nothing",
    "keys.key": "API keys are worth nothing",
    "jwt.key": "people log in again",
}


def _findings(data: Path | None) -> Iterator[Finding]:
    import platform
    import sys

    from tenuto import __version__

    well = sys.version_info >= (3, 11)
    yield Finding(
        "python", f"{platform.python_version()} ({sys.executable})", well, "" if well else "use Python 3.11 or newer"
    )
    yield Finding("tenuto", __version__, True)
    yield Finding("with", ", ".join(_versions()))
    yield from _settings(data)


def _versions() -> Iterator[str]:
    from importlib.metadata import PackageNotFoundError, version

    for name in ("apsw", "pydantic", "msgspec", "PyYAML", "httpx2", "uvloop"):
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


def _settings(data: Path | None) -> Iterator[Finding]:
    from tenuto.cli.house import place_of
    from tenuto.ports.engine import Refused

    try:
        place = place_of(data)
    except Refused as refused:
        yield Finding("settings", str(refused), False, "mend tenuto.toml, or the TENUTO_* variables")
        return
    yield Finding("settings", _in_force(place.settings), True)
    yield from _nodes(place.settings)
    yield from _models(place.settings)
    yield from _directory(place)


def _in_force(settings: Any) -> str:
    """What is not as it is by default."""
    from dataclasses import fields

    plain = type(settings)()
    changed = [
        f"{each.name} = {getattr(settings, each.name)}"
        for each in fields(settings)
        if getattr(settings, each.name) != getattr(plain, each.name)
    ]
    return ", ".join(changed) or "all as by default"


def _nodes(settings: Any) -> Iterator[Finding]:
    from tenuto.bootstrap import open_registry
    from tenuto.sdk.errors import BrokenNode

    try:
        registry = open_registry(settings)
        yield Finding("nodes", f"{len(registry)} can be used", True)
        troubles = registry.broken
    except BrokenNode as error:
        troubles = [error]
    for error in troubles:
        yield Finding("nodes", str(error), False, error.hint or "mend the file, or move it away")


def _models(settings: Any) -> Iterator[Finding]:
    """Which one agents ask, and why; what is wrong with those that have a name."""
    import asyncio

    from tenuto.bootstrap.models import cards_here
    from tenuto.ports.engine import Refused

    try:
        cards = asyncio.run(cards_here(settings))
    except Refused as refused:
        yield Finding("models", str(refused), False, refused.hint)
        return
    for card in cards:
        if card.trouble:
            yield Finding("models", f"{card.name} is {card.model}: {card.trouble}", False, "")
        elif card.default:
            demo = card.model == "scripted:demo"
            hint = "set OPENAI_API_KEY or ANTHROPIC_API_KEY, start Ollama, or set TENUTO_MODEL" if demo else ""
            yield Finding("models", f"agents ask {card.model}: {card.chosen}", None if demo else True, hint)


def _directory(place: Any) -> Iterator[Finding]:
    import asyncio

    from tenuto.cli.condition import server_findings
    from tenuto.cli.house import examine

    yield from (Finding(*finding) for finding in asyncio.run(examine(place)))
    yield from (Finding(*finding) for finding in server_findings(place))
