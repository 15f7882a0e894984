"""Following one run to its end, or to the point where nobody here can help it on: the display, the questions, ctrl-c."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, TextIO

from tenuto.cli.ask import NoAnswer, ask, can_ask
from tenuto.cli.describe import wait_todo
from tenuto.cli.display import Display, display_for
from tenuto.cli.ending import with_nothing_left
from tenuto.cli.failures import INTERRUPTED, exit_code
from tenuto.cli.inside import Blank, Inside
from tenuto.cli.look import note
from tenuto.cli.tap import Tap
from tenuto.ports.engine import Engine, Live, Outcome, Refused
from tenuto.service.follow import Follower
from tenuto.service.projection import ENDED, Wait

TICK = 0.1


@dataclass(slots=True)
class Manner:
    """How to follow. `json`: stdout is for programs, so people read stderr. `ask`: approvals are answered here.

    `words`: what suggested commands need besides the name of the run.
    """

    json: bool = False
    wait: bool = True
    ask: bool = True
    words: str = ""
    by: str | None = None
    out: TextIO = field(default_factory=lambda: sys.stdout)  # where answers for programs go, whatever nodes print

    @property
    def until(self) -> frozenset[str]:
        """Where to leave a run besides at its end: where it waits, be it for a place among others."""
        return frozenset() if self.wait else frozenset({"waiting", "queued"})

    def answer(self, line: str) -> None:
        self.out.write(line + "\n")
        self.out.flush()


class Following:
    """One run, one display. `run()` answers when the run has ended, or waits and may not be waited for."""

    def __init__(
        self,
        engine: Engine,
        run: str,
        follower: Follower,
        blank: Blank,
        manner: Manner,
        known: int = 0,
        *,
        agent: bool = False,
        tap: Tap | None = None,
    ) -> None:
        """`known`: facts up to this seq are old news, not shown as lines. `blank`: followers of the runs that it calls.
        `agent`: the run is the execution of an agent. `tap`: has listened to it from before its beginning."""
        self._engine = engine
        self._run = run
        self._follower = follower
        self._manner = manner
        self._known = known
        stream = sys.stderr if manner.json else sys.stdout
        self._display: Display = display_for(stream, follower, manner.words, agent=agent)
        self._asking: asyncio.Task[None] | None = None
        self._asked: Wait | None = None
        self._left_open: set[str] = set()
        self._inside = Inside(engine, blank)
        self._lives = engine.watch(run) if tap is None else tap.lives()

    async def run(self) -> Outcome:
        watching = asyncio.ensure_future(self._watch())
        ticking = asyncio.ensure_future(self._keep_ticking())
        outcome = asyncio.ensure_future(self._engine.outcome(self._run, until=self._manner.until))
        try:
            ended = await self._until(outcome, {watching, ticking})
            await asyncio.wait({watching}, timeout=5 if ended.status in ENDED else TICK)  # it may be a moment behind
            if ended.status not in ENDED and self._follower.view().ended:
                return await self._engine.outcome(self._run)  # it waited for that moment only
            return ended
        finally:
            await _stop(watching, ticking, outcome, self._asking)
            await self._inside.stop()
            self._display.close(self._follower.view())

    async def _until(self, outcome: "asyncio.Future[Outcome]", others: "set[asyncio.Future[None]]") -> Outcome:
        pending: set[asyncio.Future[Any]] = {outcome, *others}
        while not outcome.done():
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for each in done - {outcome}:
                each.result()  # raises what went wrong; a watch that has seen the end is no news
        return await outcome

    async def _watch(self) -> None:
        async for live in self._lives:
            self._see(live)

    def _see(self, live: Live) -> None:
        if live.fact is not None:
            self._follower.fold(live.seq, live.fact)
            self._inside.look(self._follower)
        elif live.kind == "running":
            self._follower.running(live.path, time.time())
        if live.fact is None or live.seq > self._known:
            self._display.see(live)

    async def _keep_ticking(self) -> None:
        while True:
            if self._asking is None:
                self._display.tick()
            if self._manner.ask and can_ask():
                self._attend()
            await asyncio.sleep(TICK)

    # --- questions

    def _attend(self) -> None:
        """Ask what is to be asked; withdraw what is no longer open."""
        waits = [wait for wait in self._follower.waits() if wait.kind == "approval"]
        if self._asking is not None and self._asking.done():
            finished, self._asking, self._asked = self._asking, None, None
            finished.result()
            self._display.go_on()
        if self._asking is not None:
            if self._asked is not None and all(_place(wait) != _place(self._asked) for wait in waits):
                self._asking.cancel()
            return
        for wait in waits:
            if _place(wait) not in self._left_open:
                self._asked = wait
                self._display.pause()
                self._asking = asyncio.ensure_future(self._ask(wait))
                return

    async def _ask(self, wait: Wait) -> None:
        asker, name = self._follower.addressee(wait.signal or wait.path)
        try:
            await self._engine.signal(asker.run, name, await ask(wait), by=self._manner.by)
        except NoAnswer:
            note(f"  left open: {wait_todo(wait, self._follower.view().name + self._manner.words)}")
        except Refused as refused:
            note(f"  {refused}")
        except asyncio.CancelledError:
            still_open = any(_place(each) == _place(wait) for each in self._follower.waits())
            note("" if still_open else "\n  (no longer open)")  # ctrl-c leaves it open
            return
        self._left_open.add(_place(wait))


def _place(wait: Wait) -> str:
    """What is asked there: a node that asks one thing after another does so under names of their own."""
    return wait.signal or wait.path


async def _stop(*tasks: "asyncio.Future[Any] | None") -> None:
    live = [task for task in tasks if task is not None]
    for task in live:
        task.cancel()
    await asyncio.gather(*live, return_exceptions=True)


@contextlib.contextmanager
def interruptible(stop: Callable[[], object]) -> Generator[list[int]]:
    """The first ctrl-c (or SIGTERM) calls `stop`; the second ends the process as it stands."""
    loop = asyncio.get_running_loop()
    seen: list[int] = []

    def caught(number: int) -> None:
        if seen:
            give_cursor_back()
            os._exit(INTERRUPTED)
        seen.append(number)
        stop()

    signals = (signal.SIGINT, signal.SIGTERM)
    try:
        for number in signals:
            loop.add_signal_handler(number, caught, number)
    except (NotImplementedError, RuntimeError):  # not the main thread, or Windows: ctrl-c raises as it always does
        yield seen
        return
    try:
        yield seen
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def give_cursor_back() -> None:
    """A live display hides it."""
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            stream.write("\x1b[?25h")
            stream.flush()


def run_to_the_end(work: Coroutine[Any, Any, int], manner: Manner) -> int:
    """The exit code of the work; 130 where ctrl-c ended it. With JSON, what nodes print goes to stderr."""
    with contextlib.redirect_stdout(sys.stderr) if manner.json else contextlib.nullcontext():
        return asyncio.run(_cancellable(work))


async def _cancellable(work: Coroutine[Any, Any, int]) -> int:
    task = asyncio.get_running_loop().create_task(work)
    with interruptible(task.cancel) as seen:
        try:
            return await with_nothing_left(task, exit_code)
        except asyncio.CancelledError:
            if not seen:
                raise
            return INTERRUPTED
