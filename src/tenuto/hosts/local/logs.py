"""What nodes say with `ctx.log`: a bounded file of lines for each run, beside the journal and not part of it.

Written in the background, a moment after it was said, so that a chatty node costs the loop next to nothing. Lines of
the last moment may be lost in a crash; facts never are.
"""

import asyncio
import json
import shutil
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

MOMENT = 0.25
LONGEST_LINE = 4_000


class Logs:
    """One JSON object a line: {at, path, level, text, …fields}. A file holds at most twice `lines` before it is cut."""

    def __init__(self, folder: Path | None, lines: int) -> None:
        self._folder = folder
        self._lines = lines
        self._pending: dict[str, deque[str]] = {}
        self._counts: dict[str, int] = {}
        self._memory: dict[str, deque[str]] = {}  # where there is no folder
        self._handle: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def add(self, run: str, line: dict[str, Any]) -> None:
        text = json.dumps(line, ensure_ascii=False, default=str)
        if len(text) > LONGEST_LINE:
            text = json.dumps({**line, "text": str(line.get("text", ""))[: LONGEST_LINE // 2] + "…", "fields": None})
        if self._folder is None:
            self._memory.setdefault(run, deque(maxlen=self._lines)).append(text)
            return
        self._pending.setdefault(run, deque(maxlen=self._lines)).append(text)
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(MOMENT, self._start_writing)

    async def read(self, run: str) -> list[dict[str, Any]]:
        """The last lines, oldest first."""
        await self.flush()
        if self._folder is None:
            return [json.loads(text) for text in self._memory.get(run, ())]
        texts = await asyncio.to_thread(_tail, self._file(run), self._lines)
        return [line for text in texts if (line := _line(text)) is not None]

    async def flush(self) -> None:
        if self._writing is not None:
            await self._writing
        if self._pending:
            self._start_writing()
            if self._writing is not None:
                await self._writing

    def forget(self, run: str) -> None:
        self._counts.pop(run, None)

    async def delete(self, run: str) -> None:
        self._pending.pop(run, None)
        self._memory.pop(run, None)
        self.forget(run)
        if self._folder is not None:
            with suppress(OSError):
                await asyncio.to_thread(self._file(run).unlink, missing_ok=True)

    async def close(self) -> None:
        await self.flush()
        if self._handle is not None:
            self._handle.cancel()

    def _start_writing(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._pending:
            batch, self._pending = self._pending, {}
            await asyncio.to_thread(self._write_batch, batch)

    def _write_batch(self, batch: dict[str, deque[str]]) -> None:
        for run, texts in batch.items():
            file = self._file(run)
            try:
                file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._append(run, file, texts)
            except OSError:  # logs are not promised: a full disk costs lines, not runs
                self._counts.pop(run, None)

    def _append(self, run: str, file: Path, texts: Iterable[str]) -> None:
        before = self._counts[run] if run in self._counts else len(_tail(file, 2 * self._lines))
        added = list(texts)
        with file.open("a", encoding="utf-8", errors="backslashreplace") as out:
            out.writelines(text + "\n" for text in added)
        self._counts[run] = before + len(added)
        if self._counts[run] > 2 * self._lines:
            self._cut(run, file)

    def _cut(self, run: str, file: Path) -> None:
        kept = _tail(file, self._lines)
        shorter = file.with_suffix(".cut")
        shorter.write_text("".join(text + "\n" for text in kept), encoding="utf-8")
        shutil.move(shorter, file)
        self._counts[run] = len(kept)

    def _file(self, run: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{run}.jsonl"


def _line(text: str) -> dict[str, Any] | None:
    """None for what is left of a line that a crash cut short: the next one was written onto its end."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _tail(file: Path, lines: int) -> list[str]:
    try:
        with file.open(encoding="utf-8", errors="replace") as source:  # another process may be in the middle of a line
            return [text.rstrip("\n") for text in deque(source, maxlen=lines) if text.endswith("}\n")]
    except FileNotFoundError:
        return []
