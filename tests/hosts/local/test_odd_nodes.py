"""Whatever a node does, its run ends with a sentence and the host goes on."""

import asyncio
import time
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.core.flow import read
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Outcome, Refused, StartRequest
from tenuto.sdk import Context, NodeDefinition, NodeError, Port, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.driver import AnyType


class Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


class Deep(Exception):
    def __str__(self) -> str:
        return "a\nb \ud800 " + "x" * 10_000


def made(function: Any) -> dict[str, NodeDefinition]:
    definition = definition_of(function)
    assert definition is not None
    return {definition.name: definition}


def alone(function: Any, given: dict[str, Any] | None = None, **keys: Any) -> Outcome:
    """The outcome of a flow with this node alone; then the same host still runs another flow."""

    async def play() -> Outcome:
        nodes = made(function)
        name = next(iter(nodes))
        document = {"flow": "odd", "nodes": {"a": {"use": name, "with": given or {}, **keys}}, "output": "${a}"}
        flow, problems = read(document, AnyType())
        assert flow is not None, problems
        async with opened(nodes=nodes, options=Options(grace=0.1, shutdown=0.1)) as harness:
            run = await harness.host.start(StartRequest(flow))
            outcome = await asyncio.wait_for(harness.outcome(run), 5)
            assert [seq for seq, _ in await harness.facts(run)] == list(range(1, len(await harness.facts(run)) + 1))
            await still_alive(harness)
            return outcome

    return asyncio.run(play())


async def still_alive(harness: Any) -> None:
    flow, _ = read({"flow": "ok", "nodes": {"a": {"use": "test.echo", "with": {"value": 1}}}, "output": "${a}"})
    assert flow is not None
    outcome = await asyncio.wait_for(harness.outcome(await harness.host.start(StartRequest(flow))), 5)
    assert outcome.output == 1


def raising(error: BaseException) -> Any:
    @node("odd.raises")
    async def raises() -> None:
        raise error

    return raises


def returning(value: Any) -> Any:
    @node("odd.returns")
    async def returns() -> Any:
        return value

    return returns


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ValueError("no good"), "ValueError", "no good"),
        (KeyError("x"), "KeyError", "'x'"),
        (Exception(), "Exception", "Exception"),
        (Unprintable(), "Unprintable", "Unprintable"),
        (SystemExit(3), "SystemExit", "3"),
        (KeyboardInterrupt(), "KeyboardInterrupt", "KeyboardInterrupt"),
        (GeneratorExit("odd"), "GeneratorExit", "odd"),
        (StopIteration(1), "RuntimeError", "coroutine raised StopIteration"),
        (asyncio.CancelledError("mine"), "CancelledError", "mine"),
        (TimeoutError("slow"), "timeout", "slow"),
        (ExceptionGroup("many", [ValueError("a")]), "ExceptionGroup", "many (1 sub-exception)"),
        (NodeError("told", type="mine"), "mine", "told"),
        (RecursionError("deep"), "RecursionError", "deep"),
    ],
)
def test_whatever_is_raised_is_a_failure_of_the_node_alone(error: BaseException, kind: str, message: str) -> None:
    """SEMANTICS 14: the run fails with type and message; nothing that a node raises stops the host."""
    outcome = alone(raising(error))

    assert outcome.status == "failed"
    assert outcome.error == {"type": kind, "message": message, "node": "a", "attempts": 1}


def test_a_message_is_one_bounded_line() -> None:
    outcome = alone(raising(Deep()))

    message = str((outcome.error or {})["message"])
    assert message.startswith("a b \\ud800 xxx")
    assert len(message) == 500


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (float("nan"), "output"),
        (float("inf"), "output"),
        (2**63, "output"),
        ("\ud800", "output"),
        ({"\udfff": 1}, "output"),
        ({1: 2}, "output"),
        (object(), "output"),
        (iter([1]), "output"),
        ("x" * 11_000_000, "too_large"),
        (Port("nowhere", 1), "port"),
    ],
    ids=["nan", "infinity", "2^63", "surrogate", "surrogate key", "int key", "object", "iterator", "11 MB", "port"],
)
def test_an_output_that_no_journal_can_keep_fails_the_node(value: Any, kind: str) -> None:
    """SEMANTICS 32, R15: never retried, never recorded, never a wedged run."""
    outcome = alone(returning(value), retry={"attempts": 5})

    assert outcome.status == "failed"
    assert (outcome.error or {})["type"] == kind
    assert (outcome.error or {})["attempts"] == 1


def test_a_value_that_contains_itself_fails_the_node() -> None:
    value: list[Any] = []
    value.append(value)

    assert (alone(returning(value)).error or {})["type"] == "output"


def test_the_largest_numbers_and_a_nul_are_kept() -> None:
    value = [2**63 - 1, -(2**63), 1.5e308, "\0", "", "ü", {"": None}]

    assert alone(returning(value)).output == value


def test_a_node_may_change_what_it_was_given_and_what_it_gave() -> None:
    """What is recorded is nobody else's: later changes do not reach it."""
    kept: list[Any] = []

    @node("odd.changes")
    async def changes(value: list[int]) -> list[int]:
        value.append(3)
        kept.append(value)
        return value

    outcome = alone(changes, {"value": [1, 2]})
    kept[0].append(4)

    assert outcome.output == [1, 2, 3]


def test_input_that_does_not_fit_is_not_retried() -> None:
    """SEMANTICS 20."""

    @node("odd.takes")
    async def takes(number: int) -> int:
        return number

    outcome = alone(takes, {"number": "x"}, retry={"attempts": 4})

    assert (outcome.error or {})["type"] == "input"
    assert (outcome.error or {})["attempts"] == 1


def test_an_unknown_node_fails_the_run_with_a_hint() -> None:
    async def play() -> Outcome:
        flow, _ = read({"flow": "odd", "nodes": {"a": {"use": "test.ecko"}}})
        assert flow is not None
        async with opened() as harness:
            return await harness.outcome(await harness.host.start(StartRequest(flow)))

    outcome = asyncio.run(play())

    assert outcome.status == "failed"
    assert (outcome.error or {})["type"] == "node"


def test_a_function_that_ignores_its_timeout_is_stuck() -> None:
    """SEMANTICS 21: it is told to stop; when it has not returned within the grace, the node fails with type `stuck`."""

    @node("odd.stubborn")
    async def stubborn() -> None:
        until = time.monotonic() + 0.6
        while time.monotonic() < until:
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    outcome = alone(stubborn, timeout="20ms", retry={"attempts": 3})

    assert (outcome.error or {})["type"] == "stuck"
    assert (outcome.error or {})["attempts"] == 1


def test_the_next_attempt_waits_until_the_function_has_returned() -> None:
    """SEMANTICS 21, R14: attempts of one node never overlap, in a thread neither."""
    running: list[int] = []
    most: list[int] = []

    @node("odd.slow_to_stop")
    def slow_to_stop(*, ctx: Context) -> None:
        running.append(1)
        most.append(len(running))
        time.sleep(0.06)  # deaf to its timeout for a while
        running.pop()

    outcome = alone(slow_to_stop, timeout="10ms", retry={"attempts": 3, "delay": "1ms"})

    assert (outcome.error or {})["type"] == "timeout"
    assert most == [1, 1, 1]


def test_blocking_functions_do_not_stall_the_loop() -> None:
    """Plain `def` nodes run in threads: while ten of them block, the loop answers within a moment."""

    @node("odd.blocks")
    def blocks(seconds: float) -> str:
        time.sleep(seconds)
        return "done"

    async def play() -> tuple[float, Outcome]:
        document = {
            "flow": "odd",
            "nodes": {f"n{i}": {"use": "odd.blocks", "with": {"seconds": 0.2}} for i in range(10)},
            "output": "${n9}",
        }
        flow, _ = read(document)
        assert flow is not None
        async with opened(nodes=made(blocks)) as harness:
            run = await harness.host.start(StartRequest(flow))
            longest, last = 0.0, time.monotonic()
            waiting = asyncio.ensure_future(harness.outcome(run))
            while not waiting.done():
                await asyncio.sleep(0.005)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()
            return longest, await waiting

    longest, outcome = asyncio.run(play())

    assert outcome.output == "done"
    assert longest < 0.15


def test_a_thread_that_never_returns_does_not_keep_the_host_open() -> None:
    """P13: closing gives up on it; its place goes to another thread meanwhile."""

    @node("odd.forever")
    def forever() -> None:
        time.sleep(3)

    async def play() -> float:
        flow, _ = read({"flow": "odd", "nodes": {"a": {"use": "odd.forever"}}})
        assert flow is not None
        async with opened(nodes=made(forever), options=Options(grace=0.1, shutdown=0.1, threads=1)) as harness:
            run = await harness.host.start(StartRequest(flow))
            await asyncio.sleep(0.05)
            begun = time.monotonic()
        assert not [fact for _, fact in await harness.facts(run) if fact.type == "node.failed"]
        return time.monotonic() - begun

    begun = time.monotonic()
    closing = asyncio.run(play())

    assert closing < 1
    assert time.monotonic() - begun < 2


def test_a_stuck_thread_gives_its_place_to_another() -> None:
    @node("odd.stuck")
    def stuck(seconds: float) -> None:
        time.sleep(seconds)

    async def play() -> Outcome:
        document = {
            "flow": "odd",
            "nodes": {
                "a": {"use": "odd.stuck", "with": {"seconds": 1.5}, "timeout": "10ms", "on_error": "continue"},
                "b": {"use": "odd.stuck", "after": ["a?"], "with": {"seconds": 0}},
            },
            "output": "${a.error.type}",
        }
        flow, problems = read(document)
        assert flow is not None, problems
        async with opened(nodes=made(stuck), options=Options(grace=0.05, shutdown=0.05, threads=1)) as harness:
            return await asyncio.wait_for(harness.outcome(await harness.host.start(StartRequest(flow))), 1)

    assert asyncio.run(play()).output == "stuck"


@pytest.mark.parametrize("payload", [float("nan"), 2**63, "\ud800", {"a": object()}])
def test_odd_payloads_are_refused_at_the_edge(payload: Any) -> None:
    """R15: what cannot be recorded never reaches the heart."""

    async def play() -> None:
        flow, _ = read({"flow": "odd", "nodes": {"a": {"use": "wait", "with": {"signal": "go"}}}})
        assert flow is not None
        async with opened() as harness:
            run = await harness.host.start(StartRequest(flow))
            with pytest.raises(Refused) as refused:
                await harness.host.signal(run, "go", payload)
            assert refused.value.code == "invalid"
            await harness.host.signal(run, "go", {"fine": True})
            assert (await harness.outcome(run)).status == "succeeded"

    asyncio.run(play())


def test_a_node_that_prints_and_leaves_tasks_behind_is_harmless() -> None:
    @node("odd.messy")
    async def messy() -> str:
        async def later() -> None:
            await asyncio.sleep(0.001)
            raise ValueError("nobody waits for this")

        print("hello")  # noqa: T201  the subject
        messy.task = asyncio.create_task(later())  # pyright: ignore[reportFunctionMemberAccess] # kept from the collector
        return "fine"

    assert alone(messy).output == "fine"
