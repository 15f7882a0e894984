"""Work of our own that may take long and asks nobody (a large document, a long history): done on a thread, so that others
are served meanwhile.

Threads of Python take turns of a few milliseconds, so the loop comes back again and again. There are two threads for all
such work: whatever somebody sends, passwords and files still find one of theirs.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Final, ParamSpec, TypeVar, cast

LARGE: Final = 10_000  # characters of a document; reading so many takes a hundredth of a second, three at the worst
FACT: Final = 10  # characters whose reading takes as long as the fold of a fact, or the view of a node

P = ParamSpec("P")
T = TypeVar("T")


async def aside(weight: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work gives. `weight`: in characters of a document; what is light is done at once."""
    if weight <= LARGE:
        return work(*args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_threads(), partial(work, *args, **kwargs))


def weight_of(value: object) -> int:
    """About how many characters a JSON value has; nobody counts further than to what is large."""
    weight, left = 0, [value]
    while left and weight <= LARGE:
        here = left.pop()
        if isinstance(here, str):
            weight += len(here)
        elif isinstance(here, dict):
            members = cast("dict[str, object]", here)
            weight += len(members) * 10
            left.extend(members.values())
        elif isinstance(here, list):
            items = cast("list[object]", here)
            weight += len(items)
            left.extend(items)
    return weight


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, "tenuto-aside")
