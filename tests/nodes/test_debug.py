"""The nodes for trying flows out do what they say."""

import asyncio
import time
from typing import Any

import pytest

from tenuto.sdk import NodeError, Registry
from tenuto.testing.check_node import try_node

REGISTRY = Registry()


@pytest.mark.parametrize("value", [None, 1, "text", [1, {"a": None}], {}])
def test_echo_answers_with_what_it_was_given(value: Any) -> None:
    """Any JSON, unchanged."""
    assert asyncio.run(try_node(REGISTRY["debug.echo"], {"value": value})).value == value


def test_sleep_takes_its_time_and_answers_with_the_seconds() -> None:
    """Not a moment less."""
    started = time.perf_counter()

    fired = asyncio.run(try_node(REGISTRY["debug.sleep"], {"seconds": 0.05}))

    assert time.perf_counter() - started >= 0.045
    assert fired.value == 0.05


@pytest.mark.parametrize("seconds", [-1, 86_401, 1e300])
def test_sleep_refuses_what_is_no_time(seconds: float) -> None:
    """An input error, never retried."""
    with pytest.raises(NodeError, match="from 0 to 86400") as caught:
        asyncio.run(try_node(REGISTRY["debug.sleep"], {"seconds": seconds}))

    assert (caught.value.type, caught.value.retry) == ("input", False)


def test_fail_fails_as_it_is_told() -> None:
    """Message, type, and whether another attempt may help."""
    with pytest.raises(NodeError, match="boom") as caught:
        asyncio.run(try_node(REGISTRY["debug.fail"], {"message": "boom", "type": "odd", "retry": False}))
    assert (caught.value.type, caught.value.retry) == ("odd", False)

    with pytest.raises(NodeError) as caught:
        asyncio.run(try_node(REGISTRY["debug.fail"]))
    assert (caught.value.type, caught.value.retry) == ("error", True)
