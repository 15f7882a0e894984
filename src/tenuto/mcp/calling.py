"""A call is a durable run. Whoever calls is told how it goes on, and the run is cancelled if the caller gives up."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from tenuto.mcp.offering import Asker, as_object, as_text, meant
from tenuto.ports.engine import Outcome
from tenuto.service import runs, tool_calls
from tenuto.service.platform import Platform

PATIENCE: Final = 600.0  # seconds for one call; then it is told which run to ask after
PACE: Final = 0.25  # seconds between two reports of progress

Tell = Callable[[float, str], Awaitable[None]]


@dataclass(slots=True, frozen=True)
class Said:
    """What a client is told of a call."""

    text: str
    data: Mapping[str, Any] | None = None
    failed: bool = False


async def call(platform: Platform, asker: Asker, name: str, arguments: Mapping[str, Any], tell: Tell) -> Said:
    """Run it to its end, or until somebody has to say something, or for as long as anybody waits."""
    tool = await meant(platform, asker, name)
    run = await tool_calls.begin(platform, asker.who, tool.name, arguments, stage=asker.stage)
    telling = asyncio.create_task(_report(platform, run, tell))
    try:
        async with asyncio.timeout(PATIENCE):
            outcome = await platform.engine.outcome(run, until=frozenset({"waiting"}))
    except TimeoutError:
        return _still(run, "running")
    except asyncio.CancelledError:
        _give_up(platform, run, asker)
        raise
    finally:
        telling.cancel()
    return said_of(run, await tool_calls.bounded(platform, asker.who, outcome))


def said_of(run: str, outcome: Outcome) -> Said:
    if outcome.status == "succeeded":
        return Said(as_text(outcome.output), as_object(outcome.output))
    if outcome.status in {"waiting", "running", "queued"}:
        return _still(run, outcome.status)
    error = dict(outcome.error or {})
    message = f"{outcome.status}: {error.get('message') or 'it was ended'}"
    return Said(message, {"run": run, "status": outcome.status}, failed=True)


async def status(platform: Platform, asker: Asker, run: str) -> Said:
    """How a run stands that was begun here."""
    view = await runs.view(platform.archive.within(asker.who.tenant), run)
    seen = await tool_calls.bounded(
        platform, asker.who, Outcome(view.id, view.name, view.status, view.output, view.error)
    )
    told = {**asdict(seen), "flow": view.flow}
    return Said(as_text(told), told)


def _still(run: str, status: str) -> Said:
    why = "waits for a person or for time" if status == "waiting" else "goes on"
    text = f"The run {run} {why}. Ask `run_status` with this id later."
    return Said(text, {"run": run, "status": status})


async def _report(platform: Platform, run: str, tell: Tell) -> None:
    """Each fact is a step forward; which node it was is what a person wants to see."""
    loop = asyncio.get_running_loop()
    last = 0.0
    async for seen in platform.engine.watch(run):
        if seen.kind == "fact" and loop.time() - last >= PACE:
            last = loop.time()
            path = getattr(seen.fact, "path", "") or "run"
            await tell(float(seen.seq), f"{path}: {type(seen.fact).__name__}")


_leaving: set[asyncio.Task[None]] = set()  # nobody waits for them, and nobody else keeps them


def _give_up(platform: Platform, run: str, asker: Asker) -> None:
    by = f"{asker.who.kind}:{asker.who.id}"
    task = asyncio.create_task(platform.engine.cancel(run, by=by, reason="the client gave up"))
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
