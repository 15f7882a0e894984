"""Requests that are asked again where that cannot do anything twice.

What the server refused for the moment (429, 503) was not done, so it is asked again, as `Retry-After` says. Where no answer
came, nobody knows; then only what is `safe` is asked again: reads, and whatever carries an idempotency key.
"""

import asyncio
import random
from typing import Any, Final

import httpx2

from tenuto.client.errors import Problem, Unreachable, problem_of

AGAIN: Final = frozenset({429, 502, 503, 504})
NOT_DONE: Final = frozenset({429, 503})  # of these it is certain
LONGEST_PAUSE: Final = 30.0  # seconds


class Transport:
    """`attempts`: how often a request is made at most. `asker` is the caller's to close."""

    def __init__(self, asker: httpx2.AsyncClient, attempts: int) -> None:
        self.asker = asker
        self.attempts = attempts

    async def json(self, method: str, path: str, *, safe: bool | None = None, **more: Any) -> Any:
        """The JSON of the answer; None where it is empty. Raises `Problem` or `Unreachable`."""
        answer = await self.ask(method, path, safe=safe, **more)
        return answer.json() if answer.content else None

    async def ask(self, method: str, path: str, *, safe: bool | None = None, **more: Any) -> httpx2.Response:
        """`safe`: doing it twice is as doing it once; of GET that is known."""
        safe = method == "GET" if safe is None else safe
        for attempt in range(1, self.attempts + 1):
            last = attempt == self.attempts
            try:
                answer = await self.asker.request(method, path, **more)
            except httpx2.TransportError as error:
                if last or not (safe or isinstance(error, httpx2.ConnectError)):
                    raise Unreachable(f"{method} {path}: {error or type(error).__name__}") from error
                await pause(attempt)
                continue
            if answer.is_success:
                return answer
            problem = problem_of(answer)
            if last or not may_ask_again(problem, safe=safe):
                raise problem
            await pause(attempt, answer.headers.get("retry-after"))
        raise AssertionError("the last attempt returns or raises")


def may_ask_again(problem: Problem, *, safe: bool) -> bool:
    return problem.status in (AGAIN if safe else NOT_DONE)


async def pause(attempt: int, said: str | None = None) -> None:
    """As the server said; otherwise longer each time, and not all at once."""
    if said is not None and said.isdecimal():
        await asyncio.sleep(min(float(said), LONGEST_PAUSE))
    else:
        await asyncio.sleep(min(0.2 * 2 ** (attempt - 1), 5.0) * random.uniform(0.5, 1.0))  # noqa: S311  it only spreads
