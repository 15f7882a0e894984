"""Tables and lines on stdout: in colours on a terminal, in aligned plain columns elsewhere."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenuto.cli.describe import result_text
from tenuto.cli.look import Look, look_of, safe, say

_GAP: Final = 2
_NARROWEST: Final = 12

Json = object


@dataclass(slots=True, frozen=True)
class Cell:
    text: str = ""
    style: str = ""
    right: bool = False


class Painter:
    def __init__(self, look: Look) -> None:
        self.look = look
        self._console: Any = None

    @classmethod
    def for_stdout(cls) -> "Painter":
        return cls(look_of(sys.stdout))

    def line(self, *cells: Cell) -> None:
        if not self.look.rich:
            say("  ".join(safe(cell.text) for cell in cells if cell.text))
            return
        from rich.text import Text

        text = Text("  ").join(Text(safe(cell.text), cell.style) for cell in cells if cell.text)
        self.console.print(text, soft_wrap=True)

    def prose(self, text: str, style: str = "") -> None:
        """Indented, and on a terminal set in lines: no word is cut."""
        if not self.look.rich:
            say(f"  {safe(text)}")
            return
        from rich.padding import Padding
        from rich.text import Text

        self.console.print(Padding(Text(safe(text), style), (0, 0, 0, 2), expand=False))

    def above(self, head: Sequence[Cell], rest: Cell) -> None:
        """One line, where there is room for it; else the rest stands below."""
        width = sum(cell_width(cell.text) + 2 for cell in head if cell.text) + cell_width(rest.text)
        if not self.look.rich or width <= self.console.width:
            self.line(*head, rest)
            return
        self.line(*head)
        self.prose(rest.text, rest.style)

    def table(self, rows: Sequence[Sequence[Cell]], heads: Sequence[str] = (), *, wrap: bool = False) -> None:
        """Columns as wide as they need to be; on a terminal the widest gives way: it is cut, or `wrap`ped."""
        if self.look.rich:
            self._rich_table(rows, heads, wrap=wrap)
        else:
            _plain_table(rows)

    def value(self, value: Json) -> None:
        """A JSON value, indented."""
        if not self.look.rich:
            say("\n".join(f"  {part}" for part in result_text(value).splitlines()))
            return
        self.console.print(coloured(value))

    @property
    def console(self) -> Any:
        if self._console is None:
            from rich.console import Console

            self._console = Console(file=sys.stdout, highlight=False)
        return self._console

    def _rich_table(self, rows: Sequence[Sequence[Cell]], heads: Sequence[str], *, wrap: bool) -> None:
        from rich.table import Table
        from rich.text import Text

        table = Table(
            box=None, show_header=bool(heads), header_style="bright_black", padding=(0, _GAP, 0, 0), pad_edge=False
        )
        rooms = _rooms(rows, heads, self.console.width)
        for index, room in enumerate(rooms):
            right = any(row[index].right for row in rows)
            table.add_column(
                heads[index] if heads else "",
                overflow="fold" if wrap else "ellipsis",
                no_wrap=not wrap or (room is None and any(rooms)),
                justify="right" if right else "left",
                max_width=room,
            )
        for row in rows:
            table.add_row(*(Text(safe(cell.text), cell.style) for cell in row))
        self.console.print(table)


def coloured(value: Json) -> Any:
    """A JSON value for a terminal: what a text in it would do there is seen instead."""
    from rich.json import JSON
    from rich.padding import Padding
    from rich.text import Text

    text = safe(result_text(value))
    shown = Text(text) if isinstance(value, str) else JSON(text, ensure_ascii=False).text
    shown.no_wrap, shown.overflow = False, "fold"  # else what is longer than a line is cut without a word
    return Padding(shown, (0, 2))


def cell_width(text: str) -> int:
    """Columns that a terminal takes for it."""
    from rich.cells import cell_len

    return cell_len(safe(text))


def _rooms(rows: Sequence[Sequence[Cell]], heads: Sequence[str], width: int) -> list[int | None]:
    """How wide each column may be. Else all would give way alike, and marks and names be dots."""
    from rich.cells import cell_len

    lines = [*rows, *([[Cell(head) for head in heads]] if heads else [])]
    widths = [max(cell_len(safe(row[index].text)) for row in lines) for index in range(len(rows[0]))] if rows else []
    rooms: list[int | None] = [None for _ in widths]
    if widths:
        widest = widths.index(max(widths))
        left = width - sum(widths) + widths[widest] - _GAP * (len(widths) - 1)
        rooms[widest] = left if _NARROWEST <= left < widths[widest] else None
    return rooms


def _plain_table(rows: Sequence[Sequence[Cell]]) -> None:
    widths = [max(len(row[index].text) for row in rows) for index in range(len(rows[0]))] if rows else []
    for row in rows:
        cells = [
            cell.text.rjust(width) if cell.right else cell.text.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        say(safe("  ".join(cells)).rstrip())
