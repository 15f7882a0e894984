"""`tenuto runs show RUN --logs`: what the nodes of a run said with `ctx.log`. The lines stand in a file beside the journal,
so whoever owns the directory is not asked.
"""

import asyncio
from typing import Any

from tenuto.cli.house import Place, log_lines
from tenuto.cli.look import clock, compact, note, safe
from tenuto.cli.painting import Cell, Painter
from tenuto.service.runs import moment


def said_by(place: Place, run: str, under: str = "") -> list[dict[str, Any]]:
    """The last lines of a run, the oldest first; with `under` those of that node and of what is inside it."""
    lines = asyncio.run(log_lines(place, run))
    return [_line(each) for each in lines if _stands_under(str(each.get("path", "")), under)]


def lines_json(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As `--json` shows them: times as in the rest of a run."""
    return [{**each, "at": moment(each["at"])} for each in lines]


def show_lines(lines: list[dict[str, Any]], name: str) -> None:
    """Time, path, text, and the fields as `key=value`."""
    if not lines:
        note(f"nothing was logged in {name}")
        return
    painter = Painter.for_stdout()
    for each in lines:
        painter.line(
            Cell(clock(each["at"]), "bright_black"),
            Cell(each["path"], "cyan"),
            Cell(_on_one_line(each["text"])),
            Cell(_fields(each["fields"]), "bright_black"),
        )


def _line(said: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": said.get("at", 0.0),
        "path": str(said.get("path", "")),
        "text": str(said.get("text", "")),
        "fields": said.get("fields") or {},
    }


def _stands_under(path: str, under: str) -> bool:
    return not under or path == under or path.startswith((f"{under}[", f"{under}."))


def _fields(fields: dict[str, Any]) -> str:
    return " ".join(f"{key}={_on_one_line(compact(value))}" for key, value in fields.items())


def _on_one_line(text: str) -> str:
    return safe(" ".join(text.split()))
