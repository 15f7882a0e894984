"""An agent at work: what it says as it says it, and each tool that it calls as one quiet line.

On a terminal the answer is set in lines and what goes on now stands below it. Elsewhere the lines about its work go to
stderr and nothing of the answer is shown before it is whole, so that `> answer.md` holds the answer alone.
"""

import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TextIO

from tenuto.cli import describe
from tenuto.cli.ask import can_ask
from tenuto.cli.look import SPINNER, compact, duration, look_of, preview, safe, shorten
from tenuto.cli.wrapping import Wrapping
from tenuto.ports.engine import Live
from tenuto.service.agent_deltas import SaidWords, ToolNews, delta_of, log_text
from tenuto.service.agent_efforts import text_of
from tenuto.service.follow import Follower
from tenuto.service.projection import RunView, Wait

Json = object

_QUIET: Final = 0.4  # seconds after which it is said that something goes on
_ONE_LINE: Final = str.maketrans("\n\t", "  ")
_WIDEST: Final = 100  # columns that lines of prose take
_CODES: Final = {"bright_black": "90", "cyan": "36", "green": "32", "red": "31", "yellow": "33"}


@dataclass(slots=True)
class Call:
    """A tool that is being called. `agent`: who calls it, if that is not the agent itself."""

    tool: str
    agent: str = ""
    arguments: Mapping[str, Json] = field(default_factory=dict[str, Json])
    since: float = field(default_factory=time.monotonic)

    @property
    def text(self) -> str:
        who = f"{self.agent} → " if self.agent else ""
        return safe(f"{who}{self.tool}{_arguments(self.arguments)}")


class AgentDisplay:
    def __init__(self, stream: TextIO, follower: Follower, words: str = "") -> None:
        self._follower = follower
        self._words = words
        self._look = look_of(stream)
        self._speaks = stream.isatty()
        self._stream = stream if self._speaks else sys.stderr
        width = min(shutil.get_terminal_size().columns, _WIDEST) if self._look.rich else 10_000
        self._width = width
        self._lines = Wrapping(width, "  " if self._look.rich else "")
        self._calls: dict[tuple[str, int], Call] = {}
        self._waits: set[str] = set()
        self._said = ""  # since the last call of the model
        self._whisper = ""  # of an agent that it has called
        self._busy = time.monotonic()
        self._ended = False  # the model has ended what it said
        self._below = False  # a line of what goes on stands there, to be wiped
        self._turn = 0

    # --- what is seen

    def see(self, live: Live) -> None:
        self._busy = time.monotonic()
        if live.kind == "delta":
            self._delta(delta_of(live.data))
        elif live.kind == "log" and (text := log_text(live.data)):
            self._line("dot", text, "bright_black")
        elif live.fact is not None and live.fact.type == "step.recorded":
            self._ended = True
        elif live.fact is not None and live.fact.type == "node.retrying":
            self._said = ""
            node = self._follower.view().nodes[live.path]
            self._line("retrying", describe.error_text(node.error), "yellow")

    def _delta(self, delta: SaidWords | ToolNews | None) -> None:
        if isinstance(delta, ToolNews):
            self._tool(delta)
        elif delta is not None and delta.agent:
            self._whisper = f"{self._whisper}{delta.text}"[-400:]
        elif delta is not None:
            self._ended = self._ended or (delta.again and bool(self._said))
            self._text(delta.text)

    def _text(self, text: str) -> None:
        if not text:
            return
        if self._ended:
            self._paragraph()
        self._said += text
        if self._speaks:
            self._wipe()
            self._write(self._lines.add(safe(text)))

    def _tool(self, news: ToolNews) -> None:
        key = news.agent, news.call
        call = self._calls.setdefault(key, Call(news.tool, news.agent))
        call.arguments = news.arguments or call.arguments
        if news.status not in ("answered", "failed"):
            return
        del self._calls[key]
        self._whisper = ""
        took = [] if news.seconds is None else [duration(news.seconds)]
        if news.status == "answered":
            self._line("succeeded", "  ".join([call.text, *took]), "bright_black")
        else:  # the agent reads why, and so does who watches
            self._line("failed", "  ".join([call.text, *took, " ".join(news.error.split())]).rstrip(), "red")

    # --- as the terminal is asked to show it

    def tick(self) -> None:
        self._tell_waits(asked=can_ask())
        if self._look.rich and not self._lines.open and time.monotonic() - self._busy > _QUIET:
            self._turn += 1
            mark = SPINNER[self._turn % len(SPINNER)]
            self._wipe()
            self._below = True
            self._write(self._coloured(shorten(f"  {mark} {self._now()}", self._width - 1), "bright_black"))

    def pause(self) -> None:
        self._wipe()
        self._write(self._lines.end())
        self._waits |= {_place(wait) for wait in self._follower.waits()}  # asked, so there is nothing to be told

    def go_on(self) -> None:
        self._busy = time.monotonic()

    def close(self, view: RunView) -> None:
        self._wipe()
        self._write(self._lines.end())
        self._tell_waits(asked=False)
        answer = text_of(view.output)
        if self._speaks and answer and answer.strip() != self._said.strip():
            self._paragraph()
            self._write(self._lines.add(safe(answer)) + self._lines.end())

    def _tell_waits(self, *, asked: bool) -> None:
        """`asked`: what waits for an answer is about to be asked here."""
        for wait in self._follower.waits():
            if _place(wait) not in self._waits and not (asked and wait.kind == "approval"):
                self._waits.add(_place(wait))
                self._tell_wait(wait)

    def _tell_wait(self, wait: Wait) -> None:
        self._line("waiting", describe.wait_text(wait, time.time()), "yellow")
        for line in describe.argument_lines(wait):
            self._write(self._coloured(f"    {line}", "yellow") + "\n")
        todo = describe.wait_todo(wait, self._follower.view().name + self._words)
        if todo:
            self._line("arrow", todo, "cyan")

    def _now(self) -> str:
        """What goes on."""
        waited = duration(time.monotonic() - self._busy)
        if self._follower.view().status == "waiting":
            return "waiting"
        if self._whisper:
            return f"…{safe(' '.join(self._whisper.split()))[-self._width + 8 :]}"
        return f"{', '.join(call.text for call in self._calls.values()) or 'thinking'}  {waited}"

    # --- lines

    def _line(self, mark: str, text: str, colour: str) -> None:
        self._wipe()
        self._write(self._lines.end())
        said = f"  {self._look.mark(mark)} {safe(text).translate(_ONE_LINE)}"
        if self._look.rich:
            said = self._coloured(shorten(said, self._width - 1), colour)
        self._write(f"{said}\n")

    def _paragraph(self) -> None:
        """What the model says next stands by itself."""
        gap = "\n" if self._said else ""
        self._ended, self._said = False, ""
        if self._speaks:
            self._wipe()
            self._write(self._lines.end() + gap)

    def _wipe(self) -> None:
        if self._below:
            self._below = False
            self._write("\r\x1b[2K")

    def _coloured(self, text: str, colour: str) -> str:
        code = _CODES.get(colour) if self._look.rich else None
        return f"\x1b[{code}m{text}\x1b[0m" if code else text

    def _write(self, text: str) -> None:
        if text:
            self._stream.write(text)
            self._stream.flush()


def _place(wait: Wait) -> str:
    return wait.signal or wait.path


def _arguments(given: Mapping[str, Json]) -> str:
    """`(query="tea", limit=3)`, as far as one line goes."""
    said = ", ".join(f"{name}={compact(value)}" for name, value in given.items())
    return f"({preview(said, 70)})" if said else ""
