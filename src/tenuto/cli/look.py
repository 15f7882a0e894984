"""How things look in a terminal: marks, words for times and amounts, one-line previews. Pure text, no colours here.

A mark never stands for itself alone: a word or a position says the same, for those who cannot see it.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

Json = object

_LEAST: Final = 0.0001  # dollars that are shown
SPINNER: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

_FANCY: Final = {
    "pending": "·",
    "queued": "·",
    "running": "▸",
    "retrying": "↻",
    "waiting": "⏸",
    "interrupted": "▷",
    "unknown": "?",
    "succeeded": "✓",
    "failed": "✗",
    "skipped": "↷",
    "reused": "≡",
    "cancelled": "⊘",
    "start": "▶",
    "resumed": "↻",
    "arrow": "→",
    "dot": "·",
    "warning": "!",
}
_ASCII: Final = {
    "pending": ".",
    "queued": ".",
    "running": ">",
    "retrying": "~",
    "waiting": "=",
    "interrupted": "||",
    "unknown": "?",
    "succeeded": "ok",
    "failed": "FAILED",
    "skipped": "skip",
    "reused": "same",
    "cancelled": "stop",
    "start": ">>",
    "resumed": "->",
    "arrow": "->",
    "dot": "-",
    "warning": "!",
}

COLOURS: Final = {
    "pending": "bright_black",
    "queued": "bright_black",
    "running": "cyan",
    "retrying": "yellow",
    "waiting": "yellow",
    "interrupted": "yellow",
    "unknown": "bold yellow",
    "succeeded": "green",
    "failed": "red",
    "skipped": "bright_black",
    "reused": "magenta",
    "cancelled": "bright_black",
}


@dataclass(slots=True, frozen=True)
class Look:
    """What a stream can show. `fancy`: marks beyond ASCII. `rich`: colours, and lines that change after they were printed."""

    fancy: bool
    rich: bool

    def mark(self, status: str) -> str:
        return (_FANCY if self.fancy else _ASCII).get(status, status)


def look_of(stream: TextIO) -> Look:
    """Plain lines unless a person watches a terminal that can do more and did not say `NO_COLOR`."""
    fancy = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "").startswith("utf")
    terminal = stream.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    return Look(fancy, terminal and fancy)


def stand_in() -> None:
    """Put something in the place of streams that were closed before we began (`>&-`): what is read is empty, what is
    written goes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  as long as the process


def forgive(stream: TextIO) -> None:
    """Let a stream print `?` for what its encoding cannot say: a flow's output must not break its printing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def say(text: str = "") -> None:
    """A line on stdout. A reader that has gone (`| head`) is no error."""
    _write(sys.stdout, safe(text))


def note(text: str) -> None:
    """A line on stderr: what is not the answer."""
    _write(sys.stderr, safe(text))


def headline(text: str, more: str = "") -> None:
    """A note whose beginning stands out, where a person is asked."""
    _write(sys.stderr, f"  \x1b[1m{safe(text)}\x1b[0m{safe(more)}")


def say_as_it_is(text: str) -> None:
    """Word for word, unless it is a terminal that reads it."""
    _write(sys.stdout, safe(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text)


def _write(stream: TextIO, text: str) -> None:
    stream.write(text + "\n")
    stream.flush()


def duration(seconds: float) -> str:
    """`0.8s`, `12s`, `3m 04s`, `2h 05m`, `3d 4h`."""
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f}s"
    if seconds < 60:
        return f"{seconds:.0f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m" if hours < 24 else f"{hours // 24}d {hours % 24}h"


def ago(seconds: float) -> str:
    """How long ago something was, in one unit."""
    for limit, size, unit in ((60, 1, "s"), (3600, 60, "m"), (86400, 3600, "h")):
        if seconds < limit:
            return f"{max(int(seconds // size), 0)}{unit} ago"
    return f"{int(seconds // 86400)}d ago"


def clock(at: float) -> str:
    """A time of today or another day, as the person's own clock shows it."""
    from datetime import datetime

    then = datetime.fromtimestamp(at).astimezone()
    today = datetime.now().astimezone().date()
    return then.strftime("%H:%M:%S" if then.date() == today else "%Y-%m-%d %H:%M")


def size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 10 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def cost(spent: dict[str, float]) -> str:
    """`$0.004` and tokens, where any were spent."""
    said = [_dollars(spent["usd"])] if spent.get("usd") else []
    return " ".join([*said, f"{spent['tokens']:,.0f} tokens"] if spent.get("tokens") else said)


def _dollars(amount: float) -> str:
    """Four digits are enough, but no cost is none."""
    return f"${amount:.4f}".rstrip("0").rstrip(".") if amount >= _LEAST else f"under ${_LEAST}"


def compact(value: Json) -> str:
    """JSON on one line, as text of any alphabet."""
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def line(value: Json) -> str:
    """JSON for programs: one line of visible ASCII, so that no encoding and no terminal can hurt it."""
    return json.dumps(value, separators=(",", ":")).replace("\x7f", "\\u007f")


def preview(value: Json, limit: int = 60) -> str:
    """A value in a few words on one line."""
    text = value if isinstance(value, str) else _of_file(value) or compact(value)
    return shorten(" ".join(text.split()), limit)


def _of_file(value: Json) -> str:
    """`plan.md (5 B)`, of a value that refers to a file, and of what stands in the place of a large answer."""
    said: Any = value
    if not isinstance(value, dict):
        return ""
    if {"file", "size", "beginning"} == said.keys():
        return f"{_of_file(said['file'])}: {said['beginning']}"
    count = said.get("size")
    known = isinstance(said.get("$file"), str) and isinstance(count, int)
    return f"{said.get('name') or 'file'} ({size(count)})" if known else ""


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def safe(text: str) -> str:
    """Text of others, without what would move the cursor, ring the bell, or show it in another order. All that `say` and
    `note` write goes through it."""
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" or char.isprintable() else "�" for char in text)
