"""The end of a host: no new nodes; those that run get a moment, then they are cancelled and nothing is recorded of it."""

import asyncio
from collections.abc import Collection, Sequence

from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.services import Services


async def wind_down(services: Services, residents: Residents, own: Collection["asyncio.Task[None]"]) -> None:
    """`own`: tasks of the host itself, as they are when it comes to them."""
    services.closing = True
    services.timers.close()
    residents.close()
    await asyncio.sleep(0)  # what was told to begin has its task now
    await _wait(_attempts(residents), services.options.shutdown)
    tasks = _attempts(residents)
    for run in residents:
        for attempt in list(run.attempts.values()):
            attempt.abandon()
    await _wait(tasks, services.options.shutdown)
    for task in list(own):
        task.cancel()
    await _wait(list(own), services.options.shutdown)
    await _wait([run.landing() for run in residents if run.writing], services.options.shutdown)


def _attempts(residents: Residents) -> list["asyncio.Task[None]"]:
    return [each.task for run in residents for each in run.attempts.values() if each.task is not None]


async def _wait(futures: Sequence["asyncio.Future[None]"], seconds: float) -> None:
    if futures:
        await asyncio.wait(futures, timeout=seconds)
