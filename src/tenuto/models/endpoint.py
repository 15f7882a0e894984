"""One model where it answers: asked through a breaker, asked again where that may help, and priced.

Endpoints are shared by all runs. Those of one provider, address and key share a breaker as well: what is down is a place. Who
is asked too often is a model, and its neighbours may still answer: for that each has a breaker of its own.
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
from tenuto.models.failures import Elsewhere, Throttled, as_model_error
from tenuto.models.prices import cost
from tenuto.ports.models import Price, State
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
    """An `Endpoint`. `make` makes the client when it is first asked for. `breaker`: of the place; `throttle`: of this model."""

    spec: ModelSpec
    make: Callable[[ModelSpec], Model]
    breaker: Breaker = field(default_factory=Breaker)
    throttle: Breaker = field(default_factory=Breaker)
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

    @property
    def state(self) -> tuple[State, float]:
        """The worse of both breakers, and until when."""
        now = self.clock.now()
        return max(((each.state(now), each.until) for each in (self.breaker, self.throttle)), key=gravity)

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
                if pause is None or self.state[0] == "open" or waited + pause > self.patience:
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
        except Exception as error:  # noqa: BLE001  whatever a client library raises, it means no answer
            failure = as_model_error(error, self.spec.name, self.spec.api_key)
            self._note(failure)
            raise failure from None
        except BaseException:  # a run that is cancelled or suspends says nothing about the model
            self.breaker.left()
            self.throttle.left()
            raise
        self.breaker.succeeded()
        self.throttle.succeeded()
        return answer

    async def _load(self) -> None:
        if not self._loaded:
            await asyncio.to_thread(load, self.spec.provider)
            self._loaded = True

    def _refuse_if_down(self) -> None:
        now = self.clock.now()
        wait, breaker = self.breaker.wait(now), self.breaker
        if not wait:
            wait, breaker = self.throttle.wait(now), self.throttle
            if wait:
                self.breaker.left()
        if wait:
            at = datetime.fromtimestamp(self.clock.wall() + wait, UTC)
            raise Elsewhere(
                f"{self.spec.name} has failed {breaker.failures} times in a row and is not asked until"
                f" {at:%H:%M:%S} UTC (in {wait:.0f} s)",
                retry_after=wait,
            )

    def _note(self, failure: ModelError) -> None:
        """A refusal of what was asked is an answer too."""
        if isinstance(failure, Throttled):
            self.throttle.failed(self.clock.now(), asked_to_wait=failure.retry_after)
            self.breaker.succeeded()
        elif failure.retry and not isinstance(failure, Elsewhere):
            self.breaker.failed(self.clock.now(), asked_to_wait=failure.retry_after)
            self.throttle.left()
        else:
            self.breaker.succeeded()
            self.throttle.succeeded()

    def _pause(self, attempt: int, error: ModelError) -> float | None:
        """Seconds until the next attempt here; None: there is none."""
        if attempt >= self.attempts or not error.retry or isinstance(error, Elsewhere):
            return None
        own = _FIRST * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)  # noqa: S311  it only spreads retries
        return max(own, error.retry_after or 0.0)


def gravity(state: tuple[State, float]) -> tuple[int, float]:
    """By which states are compared."""
    return ("closed", "half-open", "open").index(state[0]), state[1]


def _seconds(spec: ModelSpec) -> float:
    given = spec.options.get("timeout")
    return float(given) if isinstance(given, int | float) and given > 0 else LONGEST
