"""Tests of hosts may be `async def`: each gets a loop of its own, and a minute; at night ten."""

import asyncio
import inspect

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test):
        return None
    given = {name: pyfuncitem.funcargs[name] for name in inspect.signature(test).parameters}

    async def play() -> None:
        await asyncio.wait_for(test(**given), 600 if pyfuncitem.get_closest_marker("nightly") else 60)

    asyncio.run(play())
    return True
