"""A run as a tree that fills in, on a terminal: what runs, what came of each node, what waits for whom.

The nodes of the flow stand in the order of its document; maps and loops are one line with a bar, below which only
what failed, waits or is tried again is shown. What does not fit into the window is counted instead.
"""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TextIO

from rich.console import Console, Group, RenderableType
from rich.live import Live as RichLive
from rich.table import Table
from rich.text import Text

from tenuto.cli import describe
from tenuto.cli.look import COLOURS, SPINNER, Look, compact, duration, plural, safe, shorten
from tenuto.ports.engine import Live
from tenuto.service.agent_deltas import SaidWords, delta_of
from tenuto.service.follow import Follower
from tenuto.service.projection import NodeView, RunView, parent_of

_BAR: Final = 16
_INNER: Final = 5  # rows shown below a map
_NOTABLE: Final = frozenset({"failed", "waiting", "retrying", "unknown"})
_LOOK: Final = Look(fancy=True, rich=True)


@dataclass(slots=True)
class Row:
    node: NodeView
    depth: int
    last: bool = False


class Tree:
    def __init__(self, stream: TextIO, follower: Follower, words: str = "", *, console: Console | None = None) -> None:
        self.console = console or Console(file=stream, highlight=False)
        self._follower = follower
        self._words = words
        self._streams: dict[str, str] = {}
        self._logs: dict[str, str] = {}
        self._live: RichLive | None = None
        self._turn = 0

    def see(self, live: Live) -> None:
        if live.kind == "delta":
            text = live.data if isinstance(live.data, str) else streamed_text(live.data)
            self._streams[live.path] = (self._streams.get(live.path, "") + text)[-400:]
        elif live.kind == "log" and isinstance(live.data, dict):
            self._logs[live.path] = str(live.data.get("text", ""))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] # JSON
        elif live.kind == "fact":
            self._logs.pop("", None)  # what was said of the whole run is over: it goes on

    def tick(self) -> None:
        self._turn += 1
        if self._live is None:
            self._live = RichLive(console=self.console, auto_refresh=False, vertical_overflow="crop")
            self._live.start()
        self._live.update(self.render(self._follower.view()), refresh=True)

    def pause(self) -> None:
        if self._live is not None:
            self._live.update(self.render(self._follower.view(), footer=False), refresh=True)
            self._live.stop()
            self._live = None

    def go_on(self) -> None:
        self.tick()

    def close(self, view: RunView) -> None:
        if self._live is None:
            self.console.print(self.render(view, footer=False, room=60))
            return
        self._live.update(self.render(view, footer=False, room=60), refresh=True)
        self._live.stop()
        self._live = None

    # --- drawing

    def render(self, view: RunView, *, footer: bool = True, room: int | None = None) -> RenderableType:
        now = time.time()
        room = room or max(self.console.height - 6, 4)
        parts: list[RenderableType] = [self._header(view), Text()]
        rows, above, below = _fitted(list(_rows(view, closed=not footer)), room)
        if above:
            parts.append(Text(f"  {_LOOK.mark('succeeded')} {plural(above, 'node')} before", "bright_black"))
        parts.append(self._table(rows, view, now))
        if below:
            parts.append(Text(f"  {_LOOK.mark('pending')} {below} to come", "bright_black"))
        if "" in self._logs:
            parts.append(Text(f"  ! {safe(self._logs[''])}", "yellow"))
        if footer:
            parts += [Text(), self._footer(view, now)]
        return Group(*parts)

    def _header(self, view: RunView) -> Text:
        return Text.assemble((f"{_LOOK.mark('start')} ", "cyan"), (view.flow, "bold"), "  ", (view.name, "cyan"))

    def _footer(self, view: RunView, now: float) -> Text:
        nodes = list(view.level().values())
        settled = sum(node.settled for node in nodes)
        took = duration(now - view.started_at) if view.started_at else ""
        mark = _LOOK.mark("waiting") if view.status == "waiting" else self._spinner()
        return Text(
            f"  {mark} {settled}/{len(nodes)}  {took}  ctrl-c stops here; `tenuto resume` goes on", "bright_black"
        )

    def _table(self, rows: list[Row], view: RunView, now: float) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(overflow="ellipsis", no_wrap=True, ratio=None)
        table.add_column(justify="right", no_wrap=True)
        # Names and times are as wide as they are; what is said of a node takes the rest.
        names = max((len(_name(row)) + 2 * row.depth for row in rows), default=0)
        width = max(self.console.width - names - 18, 12)
        for row in rows:
            for line in self._lines(row, view, now, width):
                table.add_row(*line)
        return table

    def _lines(self, row: Row, view: RunView, now: float, width: int) -> Iterator[tuple[Text, Text, Text]]:
        node = row.node
        detail = describe.detail(node, view.name + self._words, now, self._follower.names)
        colour = COLOURS[node.status]
        pad = "  " * (row.depth + 1)
        mark = self._spinner() if node.status == "running" else _LOOK.mark(node.status)
        quiet = node.status in ("pending", "skipped", "cancelled")
        name = Text.assemble(
            pad,
            (mark, colour),
            " ",
            (_name(row), "bright_black" if quiet else "bold" if node.status == "running" else ""),
        )
        yield name, self._said(node, detail, width), Text(_took(node, now), "bright_black")
        if detail.todo:
            todo = Text.assemble((f"{_LOOK.mark('arrow')} ", "bright_black"), (detail.todo, "cyan"))
            todo.overflow = "fold"
            todo.no_wrap = False
            yield Text(), todo, Text()
        elif node.status == "failed" and node.path in self._logs:
            yield Text(), Text(shorten(safe(self._logs[node.path]), width), "bright_black"), Text()

    def _said(self, node: NodeView, detail: describe.Detail, width: int) -> Text:
        if node.status == "running" and node.items is not None and node.use == "map":
            return _bar(node)
        streamed = self._streams.get(node.path) or self._logs.get(node.path)
        if node.status == "running" and streamed:
            words = safe(" ".join(streamed.split()))
            return Text(words if len(words) <= width else "…" + words[1 - width :], "bright_black")
        return Text(shorten(detail.text, width), "bright_black" if detail.tone == "dim" else detail.tone)

    def _spinner(self) -> str:
        return SPINNER[self._turn % len(SPINNER)]


def streamed_text(data: object) -> str:
    """A piece of what streams: words of an agent as they are, a tool that it calls as a word, anything else as JSON."""
    delta = delta_of(data)
    if delta is None:
        return compact(data)
    if isinstance(delta, SaidWords):
        return delta.text if not delta.again else " "
    return f" [{delta.tool} {delta.status}] "


def _rows(view: RunView, *, closed: bool) -> Iterator[Row]:
    """Top level in the order of the document, and below the containers what is worth a look."""
    inner: dict[str, deque[NodeView]] = {}
    for node in view.nodes.values():
        above = parent_of(node.path)
        if above and (node.status in _NOTABLE or (node.status == "running" and _is_turn(view, above))):
            inner.setdefault(above.partition("[")[0], deque(maxlen=_INNER)).append(node)
    for node in view.level().values():
        if closed and node.status == "pending":
            continue
        yield Row(node, 0)
        for each in inner.get(node.path, ()):
            yield Row(each, 1)


def _is_turn(view: RunView, above: str) -> bool:
    owner = view.nodes.get(above)
    return owner is not None and owner.use == "loop"


def _fitted(rows: list[Row], room: int) -> tuple[list[Row], int, int]:
    """As many rows as there is room for, with what is going on in sight; how many were left out above and below."""
    if len(rows) <= room:
        return rows, 0, 0
    room = max(room - 2, 1)
    active = [index for index, row in enumerate(rows) if not row.node.settled and row.node.status != "pending"]
    last = (active[-1] if active else max((i for i, row in enumerate(rows) if row.node.settled), default=0)) + 1
    start = max(min(last - room // 2, len(rows) - room), 0) if len(active) < room else active[0]
    return rows[start : start + room], start, len(rows) - start - room


def _name(row: Row) -> str:
    path = row.node.path
    return path if row.depth == 0 else path[len(path.partition("[")[0]) :]


def _bar(node: NodeView) -> Text:
    items = max(node.items or 0, 1)
    full = node.items_done * _BAR // items
    failed = min(-(-node.items_failed * _BAR // items), full)
    return Text.assemble(
        ("━" * (full - failed), "green"),
        ("━" * failed, "red"),
        ("─" * (_BAR - full), "bright_black"),
        (f" {describe.progress_text(node)}", ""),
    )


def _took(node: NodeView, now: float) -> str:
    if node.started_at is None or node.use in ("set", "if", "switch") or node.status in ("reused", "skipped"):
        return ""
    end = node.ended_at or now
    return duration(end - node.started_at)
