"""An endpoint is asked again where that may help, and not at all while it is known to be down."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tenuto.models.breaker import FAILURES, FIRST, Breaker
from tenuto.models.endpoint import Clock, ModelEndpoint
from tenuto.models.failures import Elsewhere, as_model_error
from tenuto.ports.models import Price
from tenuto.sdk.agents import ModelError, ModelSpec, Usage
from tenuto.sdk.errors import NodeError
from tenuto.testing.models import ScriptedModel

KEY = "sk-very-secret-0123456789"


class HandMoved(Clock):
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time, self.slept = 1_000.0, []
        super().__init__(now=lambda: self.time, wall=lambda: self.time, sleep=self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Refusal(Exception):
    """As client libraries say it."""

    def __init__(self, status: int, message: str = "no", **headers: str) -> None:
        super().__init__(message)
        self.status_code = status
        self.response = type("Response", (), {"headers": {k.replace("_", "-"): v for k, v in headers.items()}})()
        self.body = {"error": {"message": message}}


def endpoint(clock: Clock, **more: Any) -> ModelEndpoint:
    spec = ModelSpec(provider="openai", model="gpt-6", api_key=KEY)
    return ModelEndpoint(spec, lambda _: ScriptedModel(["x"]), clock=clock, **more)


def failing(*errors: Exception) -> tuple[Callable[[], Awaitable[str]], list[int]]:
    """A call that fails with these, one by one, and then answers; and how often it was made."""
    made: list[int] = []

    async def call() -> str:
        made.append(1)
        if len(made) <= len(errors):
            raise errors[len(made) - 1]
        return "answered"

    return call, made


async def test_what_may_help_is_tried_again():
    clock = HandMoved()
    call, made = failing(Refusal(503), Refusal(429), ConnectionError("reset"))

    assert await endpoint(clock).guarded(call) == "answered"
    assert len(made) == 4
    assert 0 < clock.slept[0] < clock.slept[1] < clock.slept[2]


async def test_the_wait_is_as_long_as_the_provider_asks():
    clock = HandMoved()
    call, _ = failing(Refusal(429, retry_after="7"), Refusal(429, retry_after_ms="9500"))

    await endpoint(clock).guarded(call)

    assert clock.slept == [7.0, 9.5]


async def test_a_wait_that_is_too_long_is_left_to_others():
    clock = HandMoved()
    call, made = failing(Refusal(429, retry_after="3600"))

    with pytest.raises(ModelError) as error:
        await endpoint(clock).guarded(call)

    assert (error.value.retry, error.value.retry_after) == (True, 3600.0)
    assert (clock.slept, len(made)) == ([], 1)


@pytest.mark.parametrize(("status", "elsewhere"), [(400, False), (413, False), (422, False), (401, True), (404, True)])
async def test_what_cannot_help_is_not_tried_again(status: int, elsewhere: bool):
    call, made = failing(Refusal(status))

    with pytest.raises(ModelError, match=f"openai:gpt-6 answered {status}: no") as error:
        await endpoint(HandMoved()).guarded(call)

    assert len(made) == 1
    assert error.value.retry is elsewhere


async def test_no_key_and_no_second_line_is_in_a_message():
    call, _ = failing(Refusal(400, f"Incorrect API key provided: {KEY}\nsee sk-other-key-987654 " + "x" * 9_000))

    with pytest.raises(ModelError) as error:
        await endpoint(HandMoved()).guarded(call)

    assert "sk-" not in error.value.message
    assert "[key]" in error.value.message
    assert "\n" not in error.value.message
    assert len(error.value.message) <= 300
    assert error.value.__cause__ is None


async def test_a_place_that_keeps_failing_is_refused_at_once_until_a_while_has_passed():
    clock, breaker = HandMoved(), Breaker()
    one, two = endpoint(clock, breaker=breaker, attempts=1), endpoint(clock, breaker=breaker)
    for _ in range(FAILURES):
        with pytest.raises(ModelError, match="503"):
            await one.guarded(failing(Refusal(503))[0])
    call, made = failing()

    with pytest.raises(ModelError, match=r"failed 5 times in a row and is not asked until 00:17:10 UTC \(in 30 s\)"):
        await two.guarded(call)
    clock.time += FIRST
    answered = await two.guarded(call)

    assert (answered, made) == ("answered", [1])
    assert breaker.state(clock.time) == "closed"


async def test_a_model_that_is_asked_too_often_rests_alone():
    """Providers limit each model for itself: its neighbour is what `model: [a, b]` falls back on."""
    clock, place = HandMoved(), Breaker()
    one, two = endpoint(clock, breaker=place, attempts=1), endpoint(clock, breaker=place)
    for _ in range(FAILURES):
        with pytest.raises(ModelError, match="429"):
            await one.guarded(failing(Refusal(429, retry_after="90"))[0])

    with pytest.raises(ModelError, match=r"not asked until 00:18:10 UTC \(in 90 s\)"):
        await one.guarded(failing()[0])

    assert await two.guarded(failing()[0]) == "answered"
    assert (one.state[0], two.state[0]) == ("open", "closed")


async def test_only_one_asks_when_the_while_has_passed():
    clock, breaker = HandMoved(), Breaker(limit=1)
    place, gate = endpoint(clock, breaker=breaker, attempts=1), asyncio.Event()
    breaker.failed(clock.time)
    clock.time += FIRST

    async def wait() -> str:
        await gate.wait()
        return "answered"

    probe = asyncio.create_task(place.guarded(wait))
    await asyncio.sleep(0)
    with pytest.raises(ModelError, match="is not asked until"):
        await place.guarded(wait)
    gate.set()

    assert await probe == "answered"
    assert await place.guarded(wait) == "answered"


async def test_one_that_was_told_to_stop_while_asking_lets_the_next_one_ask():
    clock, breaker = HandMoved(), Breaker(limit=1)
    breaker.failed(clock.time)
    clock.time += FIRST
    probe = asyncio.create_task(endpoint(clock, breaker=breaker).guarded(asyncio.Event().wait))
    await asyncio.sleep(0)

    probe.cancel()
    await asyncio.wait([probe])

    assert await endpoint(clock, breaker=breaker).guarded(failing()[0]) == "answered"


def test_a_breaker_that_fails_again_stays_open_twice_as_long():
    breaker, now = Breaker(limit=1), 0.0
    pauses = []

    for _ in range(6):
        breaker.failed(now)
        pauses.append(breaker.wait(now))
        now = breaker.until
        assert breaker.wait(now) == 0

    assert pauses == [30, 60, 120, 240, 300, 300]


async def test_a_refusal_says_that_the_place_is_up():
    breaker = Breaker(limit=2)
    place = endpoint(HandMoved(), breaker=breaker, attempts=1)
    for error in (Refusal(500), Refusal(400), Refusal(500)):
        with pytest.raises(ModelError):
            await place.guarded(failing(error)[0])

    assert breaker.state(1_000.0) == "closed"


async def test_a_call_that_takes_too_long_is_ended():
    spec = ModelSpec(provider="openai", model="gpt-6", options={"timeout": 0.01})
    place = ModelEndpoint(spec, lambda _: ScriptedModel(["x"]), attempts=1)

    with pytest.raises(ModelError, match="gave no answer in time"):
        await place.guarded(asyncio.Event().wait)


def test_what_stands_behind_a_connection_error_is_said():
    outer = ConnectionError("Connection error.")
    outer.__cause__ = NodeError("10.0.0.1:80 is no place that nodes may reach", type="permission", retry=False)

    found = as_model_error(outer, "openai:x")

    assert "no place that nodes may reach" in found.message
    assert not found.retry


def test_money_that_has_run_out_is_no_reason_to_wait():
    error = Refusal(429, "You exceeded your current quota")
    error.body = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}

    assert isinstance(as_model_error(error, "openai:x"), Elsewhere)


def test_usage_is_priced_where_a_price_is_known():
    priced = endpoint(HandMoved(), price=Price(2.0, 10.0, cached=0.2, written=2.5))
    usage: Usage = {
        "input_tokens": 1_000_000,
        "cached_tokens": 500_000,
        "written_tokens": 100_000,
        "output_tokens": 100_000,
    }

    assert priced.priced(usage).get("usd") == pytest.approx(0.8 + 0.1 + 0.25 + 1.0)
    assert "usd" not in endpoint(HandMoved()).priced(usage)
