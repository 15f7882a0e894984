"""A surprise in a node is found: the run's log says where it was raised, and the journal does not."""

from typing import Any

from hosts.local.harness import opened
from tenuto.core.flow import read
from tenuto.hosts.local.raised import place_of
from tenuto.ports.engine import StartRequest
from tenuto.sdk import NodeError, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.driver import AnyType


def deeper() -> None:
    raise KeyError("missing")


@node("test.surprise")
async def surprise() -> None:
    """Fail where nobody meant to."""
    deeper()


@node("test.thread_surprise")
def thread_surprise() -> None:
    """Fail in a thread."""
    deeper()


@node("test.meant")
async def meant() -> None:
    """Fail on purpose."""
    raise NodeError("no")


async def logged(function: Any) -> list[dict[str, Any]]:
    definition = definition_of(function)
    assert definition is not None
    flow, problems = read({"flow": "odd", "nodes": {"a": {"use": definition.name}}}, AnyType())
    assert flow is not None, problems
    async with opened(nodes={definition.name: definition}) as harness:
        run = await harness.host.start(StartRequest(flow))
        assert (await harness.outcome(run)).status == "failed"
        return await harness.host.services.logs.read(run)


async def test_the_log_names_the_innermost_line_of_the_author() -> None:
    (line,) = await logged(surprise)

    assert line["path"] == "a"
    assert line["text"].startswith("raised at ")
    assert line["text"].endswith(f"test_raised.py:{deeper.__code__.co_firstlineno + 1} in deeper")
    assert "in surprise: deeper()" in line["fields"]["traceback"]


async def test_a_plain_function_in_a_thread_says_it_too() -> None:
    (line,) = await logged(thread_surprise)

    assert line["text"].endswith("in deeper")


async def test_a_failure_that_was_meant_needs_no_place() -> None:
    assert await logged(meant) == []


def test_an_error_without_a_traceback_has_no_place() -> None:
    assert place_of(ValueError("x"), "") == ""
