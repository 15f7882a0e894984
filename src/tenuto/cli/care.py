"""`tenuto doctor` and `tenuto backup`: whether all is well, and a copy for the day when it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tenuto.cli.options import Data, Json


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)
    app.command("backup")(backup)


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
    """Copy the journal while it is in use: one file, with everything that was acknowledged before."""
    from tenuto.cli.house import backup_to, place_of
    from tenuto.cli.look import line, say, size

    backup_to(place_of(data), file)
    count = file.stat().st_size
    if json:
        say(line({"file": str(file), "bytes": count}))
    else:
        say(f"wrote {file} ({size(count)}); to restore it, put it into an empty data directory as journal.db")
    return 0


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


def _directory(place: Any) -> Iterator[Finding]:
    import asyncio

    from tenuto.cli.house import examine

    yield from (Finding(*finding) for finding in asyncio.run(examine(place)))
