"""`ctx.call_node`: a node of the library inside another one, with its own form, secrets, effects, steps and waits."""

import asyncio
from typing import Any

from hosts.local.harness import opened
from hosts.local.test_context import Scene
from hosts.local.test_secrets import SECRETS, VALUE, leaks
from tenuto.core.events import Fact, NodeSucceeded, StepRecorded, StepStarted
from tenuto.ports.engine import Live, StartRequest
from tenuto.sdk import Context, NodeError, Port, node


@node("outer.calls")
async def calls(use: str, given: dict[str, Any], key: str = "inner", *, ctx: Context) -> Any:
    """Call one node."""
    return await ctx.call_node(use, given, key=key)


@node("inner.twice", ports=("done", "other"))
async def twice(value: int, *, ctx: Context) -> Any:
    """Two steps, and what they came to."""
    first = await ctx.step("double", lambda number: number * 2, value)
    second = await ctx.step("double again", lambda number: number * 2, first)
    return Port("other", {"value": second, "key": ctx.idempotency_key.partition("/")[2]})


async def played(scene: Scene, **given: Any) -> tuple[Any, list[Fact]]:
    flow = scene.flow({"a": {"use": "outer.calls", "with": given}})
    async with scene.opened() as harness:
        run = await harness.host.start(StartRequest(flow))
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        return outcome, [fact for _, fact in await harness.facts(run)]


async def test_its_steps_carry_the_key_of_the_call() -> None:
    """And its output is what the call gives, whichever port it fires."""
    outcome, facts = await played(Scene(calls, twice), use="inner.twice", given={"value": 3})

    assert outcome.output == {"value": 12, "key": "a/inner"}
    assert [fact.key for fact in facts if isinstance(fact, StepRecorded)] == [
        "inner/double",
        "inner/double again",
        "inner",
    ]


async def test_what_does_not_fit_its_form_fails_as_it_would_alone() -> None:
    outcome, _ = await played(Scene(calls, twice), use="inner.twice", given={"wrong": 3})
    nothing, _ = await played(Scene(calls), use="inner.nothing", given={})

    assert (outcome.error or {})["type"] == "input"
    assert "`wrong` is no input of inner.twice" in str((outcome.error or {})["message"])
    assert (nothing.error or {})["type"] == "node"


async def test_a_once_node_is_called_in_a_step_that_is_started_first() -> None:
    """What it takes inside needs no start of its own: where the call is in doubt, all of it is."""

    @node("inner.pays", effects="once")
    async def pays(*, ctx: Context) -> str:
        return await ctx.step("charge", lambda: "paid", effects="once")

    outcome, facts = await played(Scene(calls, pays), use="inner.pays", given={})

    assert outcome.output == "paid"
    told = [(type(fact).__name__, fact.key) for fact in facts if isinstance(fact, StepStarted | StepRecorded)]
    assert told == [("StepStarted", "inner"), ("StepRecorded", "inner/charge"), ("StepRecorded", "inner")]


async def test_inside_a_step_of_its_own_key_it_is_a_part_of_that_step() -> None:
    """So that whoever records the call in their own words makes one step of it."""

    @node("outer.wraps")
    async def wraps(*, ctx: Context) -> Any:
        async def call() -> Any:
            return {"answer": await ctx.call_node("inner.twice", {"value": 1}, key="call:1")}

        return await ctx.step("call:1", call)

    scene = Scene(wraps, twice)
    flow = scene.flow({"a": {"use": "outer.wraps"}})
    async with scene.opened() as harness:
        run = await harness.host.start(StartRequest(flow))
        outcome: Any = await asyncio.wait_for(harness.outcome(run), 5)
        keys = [fact.key for _, fact in await harness.facts(run) if isinstance(fact, StepRecorded)]

    assert outcome.output["answer"]["value"] == 4
    assert keys == ["call:1/double", "call:1/double again", "call:1"]


async def test_what_it_waits_for_is_named_after_the_call() -> None:
    """And it goes on there when the answer has come."""

    @node("inner.asks")
    async def asks(*, ctx: Context) -> Any:
        return (await ctx.suspend("ok", ask={"question": "well?"}))["signal"]

    scene = Scene(calls, asks)
    flow = scene.flow({"a": {"use": "outer.calls", "with": {"use": "inner.asks", "given": {}}}})
    async with scene.opened() as harness:
        run = await harness.host.start(StartRequest(flow))
        await asyncio.wait_for(harness.outcome(run, frozenset({"waiting"})), 5)
        await harness.signal(run, "a/inner/ok", "yes")
        outcome = await asyncio.wait_for(harness.outcome(run), 5)

    assert outcome.output == "yes"


async def test_a_plain_function_runs_in_a_thread() -> None:
    @node("inner.blocks")
    def blocks(value: int, *, ctx: Context) -> Any:
        return ctx.run_sync(ctx.step("own", lambda number: number + 1, value))

    outcome, _ = await played(Scene(calls, blocks), use="inner.blocks", given={"value": 1})

    assert outcome.output == 2


async def test_one_that_takes_longer_than_it_may_is_given_up() -> None:
    @node("inner.slow", timeout=0.05)
    async def slow() -> None:
        await asyncio.sleep(5)

    outcome, _ = await played(Scene(calls, slow), use="inner.slow", given={})

    assert (outcome.error or {})["type"] == "timeout"
    assert "0.05 s" in str((outcome.error or {})["message"])


async def test_its_secrets_are_its_own_and_leave_nothing_behind() -> None:
    """The caller did not declare them and is given none of them: not in the answer, an error, a log or a step."""

    @node("inner.signs", secrets=("TOKEN",))
    async def signs(fail: bool = False, *, ctx: Context) -> Any:
        token = ctx.secret("TOKEN")
        ctx.log("signed", token=token)
        ctx.stream({"token": token})
        await ctx.step("sent", lambda: token)
        if fail:
            raise NodeError(f"refused {token}", retry=False)
        return {"signed": token}

    @node("outer.peeks")
    async def peeks(*, ctx: Context) -> Any:
        given = await ctx.call_node("inner.signs", {}, key="one")
        try:
            await ctx.call_node("inner.signs", {"fail": True}, key="two")
        except NodeError as error:
            given["error"] = error.message
        try:
            ctx.secret("TOKEN")
        except NodeError as error:
            given["own"] = error.type
        return given

    scene = Scene(peeks, signs)
    seen: list[Live] = []
    async with opened(scene.journal, nodes=scene.nodes, secrets=SECRETS) as harness:
        run = await harness.host.start(StartRequest(scene.flow({"a": {"use": "outer.peeks"}})))
        harness.host.services.hub.listen(run, seen.append)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        logs = await harness.host.services.logs.read(run)

    assert outcome.output == {"signed": "[secret:TOKEN]", "error": "refused [secret:TOKEN]", "own": "secret"}
    assert leaks(scene.journal, seen, logs) == []
    assert VALUE not in repr(seen)


async def test_what_it_costs_is_counted_once_though_the_node_is_run_again() -> None:
    """Usage rides on the step, and on nothing else."""

    @node("inner.costs")
    async def costs() -> dict[str, Any]:
        return {"usage": {"tokens": 5}}

    @node("outer.pays")
    async def pays(*, ctx: Context) -> Any:
        made = await ctx.call_node("inner.costs", {}, key="one")
        if ctx.attempt == 1:
            raise NodeError("again")
        return made

    scene = Scene(pays, costs)
    flow = scene.flow({"a": {"use": "outer.pays", "retry": {"attempts": 2, "delay": "1ms"}}})
    async with scene.opened() as harness:
        run = await harness.host.start(StartRequest(flow))
        await asyncio.wait_for(harness.outcome(run), 5)
        facts = [fact for _, fact in await harness.facts(run)]

    told = [fact.usage for fact in facts if isinstance(fact, StepRecorded | NodeSucceeded)]
    assert told == [{"tokens": 5.0}, None]
