"""One model where it answers: asked through a breaker, asked again where that may help, and priced.

Endpoints are shared by all runs; those of one provider, address and key share a breaker as well.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from tenuto.models.breaker import Breaker
from tenuto.models.clients import load
from tenuto.models.failures import Elsewhere, as_model_error
from tenuto.models.prices import cost
from tenuto.ports.models import Price
from tenuto.sdk.agents import Model, ModelError, ModelSpec, Usage

T = TypeVar("T")

ATTEMPTS: Final = 4
PATIENCE: Final = 60.0  # seconds that a call may wait between its attempts, all in all
LONGEST: Final = 600.0  # seconds for one attempt, its whole answer included
_FIRST: Final = 0.5  # seconds before the second attempt, twice as long before each further one


@dataclass(slots=True)
class Clock:
    """`now`: monotonic. For tests, moved by hand."""

    now: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class ModelEndpoint:
    """An `Endpoint`. `make` makes the client when it is first asked for."""

    spec: ModelSpec
    make: Callable[[ModelSpec], Model]
    breaker: Breaker = field(default_factory=Breaker)
    price: Price | None = None
    clock: Clock = field(default_factory=Clock)
    attempts: int = ATTEMPTS
    patience: float = PATIENCE
    _model: Model | None = field(default=None, init=False)
    _loaded: bool = field(default=False, init=False)

    @property
    def model(self) -> Model:
        if self._model is None:
            try:
                self._model = self.make(self.spec)
            except ImportError as error:
                raise as_model_error(error, self.spec.name, self.spec.api_key) from None
        return self._model

    async def aclose(self) -> None:
        """Close what its client keeps open, if it keeps something of its own."""
        closing: Any = getattr(self._model, "aclose", None)
        if closing is not None:
            await closing()
        self._model = None

    def priced(self, usage: Usage) -> Usage:
        if self.price is None or "usd" in usage:
            return usage
        return {**usage, "usd": cost(self.price, usage)}

    async def guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        """What was told of an answer that broke off is told again by the attempt that follows."""
        waited = 0.0
        for attempt in range(1, self.attempts + 1):
            try:
                return await self._once(call)
            except ModelError as error:
                pause = self._pause(attempt, error)
                down = self.breaker.state(self.clock.now()) == "open"
                if pause is None or down or waited + pause > self.patience:
                    raise
            waited += pause
            await self.clock.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    async def _once(self, call: Callable[[], Awaitable[T]]) -> T:
        self._refuse_if_down()
        try:
            await self._load()
            async with asyncio.timeout(_seconds(self.spec)):
                answer = await call()
        except asyncio.CancelledError:
            self.breaker.left()
            raise
        except Exception as error:  # noqa: BLE001  whatever a client library raises, it means no answer
            failure = as_model_error(error, self.spec.name, self.spec.api_key)
            self._note(failure)
            raise failure from None
        except BaseException:  # a run that suspends or a process that ends says nothing about the model
            self.breaker.left()
            raise
        self.breaker.succeeded()
        return answer

    async def _load(self) -> None:
        if not self._loaded:
            await asyncio.to_thread(load, self.spec.provider)
            self._loaded = True

    def _refuse_if_down(self) -> None:
        wait = self.breaker.wait(self.clock.now())
        if wait > 0:
            at = datetime.fromtimestamp(self.clock.wall() + wait, UTC)
            raise Elsewhere(
                f"{self.spec.name} has failed {self.breaker.failures} times in a row and is not asked until"
                f" {at:%H:%M:%S} UTC (in {wait:.0f} s)",
                retry_after=wait,
            )

    def _note(self, failure: ModelError) -> None:
        """A refusal of what was asked is an answer too."""
        if failure.retry and not isinstance(failure, Elsewhere):
            self.breaker.failed(self.clock.now(), asked_to_wait=failure.retry_after)
        else:
            self.breaker.succeeded()

    def _pause(self, attempt: int, error: ModelError) -> float | None:
        """Seconds until the next attempt here; None: there is none."""
        if attempt >= self.attempts or not error.retry or isinstance(error, Elsewhere):
            return None
        own = _FIRST * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311  it only spreads retries
        return max(own, error.retry_after or 0.0)


def _seconds(spec: ModelSpec) -> float:
    given = spec.options.get("timeout")
    return float(given) if isinstance(given, int | float) and given > 0 else LONGEST
