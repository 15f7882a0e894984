"""Attempts that share a task: none notices the other."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar

from tenuto.hosts.local.runners import Runners

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


class Attempt:
    """What runs, and what came of it."""

    def __init__(self, work: Callable[[], Awaitable[object]]) -> None:
        self.task: asyncio.Task[None] | None = None
        self.off = False
        self.result: object = None
        self._work = work

    async def run(self) -> None:
        try:
            self.result = await self._work()
        except asyncio.CancelledError:
            self.result = "cancelled"


async def quick() -> str:
    return WHO.get()


def run(scene: Callable[[Runners], Awaitable[None]]) -> None:
    async def main() -> None:
        await scene(Runners())

    asyncio.run(main())


def begun(runners: Runners, *works: Callable[[], Awaitable[object]]) -> list[Attempt]:
    attempts = [Attempt(work) for work in works]
    for attempt in attempts:
        runners.begin(attempt, "one")
    return attempts


def test_quick_ones_share_a_task():
    """A task costs as much as a small node."""

    async def scene(runners: Runners) -> None:
        attempts = begun(runners, *[quick] * 100)
        await asyncio.sleep(0)

        assert {attempt.result for attempt in attempts} == {"nobody"}
        assert len({attempt.task for attempt in attempts}) == 1

    run(scene)


def test_one_that_waits_holds_nobody_up():
    """The others go on in another task."""

    async def scene(runners: Runners) -> None:
        door = asyncio.Event()
        first, waits, last = begun(runners, quick, door.wait, quick)
        for _ in range(3):
            await asyncio.sleep(0)

        assert (first.result, waits.result, last.result) == ("nobody", None, "nobody")
        assert waits.task is not last.task
        door.set()
        await asyncio.sleep(0.01)
        assert waits.result is True

    run(scene)


def test_a_cancelled_one_takes_nobody_with_it():
    """The task that was cancelled runs nothing more."""

    async def scene(runners: Runners) -> None:
        (sleeps,) = begun(runners, lambda: asyncio.sleep(60))
        await asyncio.sleep(0)
        assert sleeps.task is not None
        sleeps.off = True
        sleeps.task.cancel()
        (after,) = begun(runners, quick)
        await asyncio.sleep(0.01)

        assert (sleeps.result, after.result) == ("cancelled", "nobody")
        assert sleeps.task.done()

    run(scene)


def test_one_that_was_stopped_before_its_turn_does_not_run():
    """Whoever stopped it has said what became of it."""

    async def scene(runners: Runners) -> None:
        stopped, other = begun(runners, quick, quick)
        stopped.off = True
        await asyncio.sleep(0)

        assert (stopped.result, other.result) == (None, "nobody")

    run(scene)


def test_what_one_leaves_in_the_context_reaches_no_other():
    """Nor does what the one who asked for it had there: a request's tenant, a trace."""

    async def leaves() -> None:
        WHO.set("ann")

    async def scene(runners: Runners) -> None:
        WHO.set("a request")
        _, after = begun(runners, leaves, quick)
        await asyncio.sleep(0.01)

        assert after.result == "nobody"

    run(scene)


def test_a_long_row_of_quick_ones_lets_the_loop_breathe():
    """What begins while others run has the next turn, not this one."""

    async def scene(runners: Runners) -> None:
        turns = 0

        async def again() -> None:
            nonlocal turns
            turns += 1
            if turns < 1_000:
                runners.begin(Attempt(again), "one")

        begun(runners, again)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert turns < 10

    run(scene)


def test_one_that_breaks_out_takes_nobody_with_it():
    """Attempts end with a word and never raise; should one do so, the others still run."""

    async def breaks() -> None:
        raise KeyError("out")

    async def scene(runners: Runners) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        _, other = begun(runners, breaks, quick)
        await asyncio.sleep(0.01)

        assert other.result == "nobody"

    run(scene)
