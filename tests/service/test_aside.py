"""Long work of our own is done on a thread, short work at once."""

import threading

import pytest

from tenuto.service.aside import LARGE, aside


async def test_light_work_is_done_at_once_and_heavy_work_on_a_thread() -> None:
    here = threading.get_ident()

    assert await aside(LARGE, threading.get_ident) == here
    assert await aside(LARGE + 1, threading.get_ident) != here


@pytest.mark.parametrize("weight", [0, LARGE + 1])
async def test_what_the_work_raises_reaches_whoever_asked(weight: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(weight, divmod, 1, 0)
