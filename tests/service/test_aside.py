"""Long work of our own is done on a thread, short work at once."""

import threading

import pytest

from tenuto.service.aside import LARGE, aside, weight_of


async def test_light_work_is_done_at_once_and_heavy_work_on_a_thread() -> None:
    here = threading.get_ident()

    assert await aside(LARGE, threading.get_ident) == here
    assert await aside(LARGE + 1, threading.get_ident) != here


@pytest.mark.parametrize("weight", [0, LARGE + 1])
async def test_what_the_work_raises_reaches_whoever_asked(weight: int) -> None:
    with pytest.raises(ZeroDivisionError):
        await aside(weight, divmod, 1, 0)


@pytest.mark.parametrize(
    "value", ["x" * (LARGE + 1), [0] * (LARGE + 1), {str(n): [] for n in range(LARGE)}, [[[]] * LARGE]]
)
def test_what_is_large_anywhere_is_heavy(value: object) -> None:
    assert weight_of({"a": [value]}) > LARGE


def test_what_is_small_weighs_what_is_in_it() -> None:
    assert weight_of({"a": ["xyz", 1, None]}) == 10 + 3 + 3
