"""What a node may ask of its run: steps, suspension, files, logs, deadlines, other flows; from a thread too."""

import asyncio
import time
from typing import Any

from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.hosts.local.files import FileStore
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.files import NoSuchFile
from tenuto.sdk import Context, NodeError, node
from tenuto.sdk.definition import definition_of
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of, library, node_type


class Scene:
    """A host whose library has these functions besides the suite's nodes."""

    def __init__(self, *functions: Any, **more: Any) -> None:
        made = [definition_of(function) for function in functions]
        self.nodes = {each.name: each for each in made if each is not None}
        self.journal = MemoryJournal()
        self.more = more

    def flow(self, nodes: dict[str, Any], output: Any = "${a}", **keys: Any) -> Flow:
        types = {**library(), **{name: node_type(each) for name, each in self.nodes.items()}}
        return flow_of("scene", {"nodes": nodes, "output": output, **keys}, types)

    def opened(self, **more: Any) -> Any:
        return opened(self.journal, nodes=self.nodes, **{**self.more, **more})

    async def play(self, use: str, given: dict[str, Any] | None = None, **keys: Any) -> Outcome:
        flow = self.flow({"a": {"use": use, "with": given or {}, **keys}})
        async with self.opened() as harness:
            return await self.ended(harness, flow)

    async def ended(self, harness: LocalHarness, flow: Flow) -> Outcome:
        run = await harness.host.start(StartRequest(flow))
        return await asyncio.wait_for(harness.outcome(run), 5)

    def kinds(self) -> list[str]:
        return [row.type for rows in self.journal._facts.values() for row in rows]


async def test_an_attempt_knows_what_an_earlier_one_recorded() -> None:
    """SEMANTICS 24: before it asks for it."""
    seen: list[list[bool]] = []

    @node("ctx.knows")
    async def knows(*, ctx: Context) -> None:
        seen.append([ctx.recorded("first"), ctx.recorded("second")])
        await ctx.step("first", int)
        if ctx.attempt == 1:
            raise NodeError("once more")

    await Scene(knows).play("ctx.knows", retry={"attempts": 2})

    assert seen == [[False, False], [True, False]]


async def test_a_step_that_was_asked_for_twice_fails_the_node() -> None:
    """SEMANTICS 24."""

    @node("ctx.twice")
    async def twice(*, ctx: Context) -> None:
        await ctx.step("same", str, 1)
        await ctx.step("same", str, 1)

    outcome = await Scene(twice).play("ctx.twice")

    assert (outcome.error or {})["type"] == "step"
    assert "`same`" in str((outcome.error or {})["message"])


async def test_a_step_asked_with_another_input_drops_it_and_all_later_ones() -> None:
    """SEMANTICS 24: fact `steps.dropped`; what was before it still answers."""
    calls: list[str] = []

    @node("ctx.changing")
    async def changing(*, ctx: Context) -> list[str]:
        async def call(text: str) -> str:
            calls.append(text)
            return text.upper()

        second = "b" if ctx.attempt == 1 else "B"
        made = [await ctx.step("1", call, "a"), await ctx.step("2", call, second), await ctx.step("3", call, "c")]
        if ctx.attempt == 1:
            raise NodeError("again")
        return made

    scene = Scene(changing)
    outcome = await scene.play("ctx.changing", retry={"attempts": 2, "delay": "1ms"})

    assert outcome.output == ["A", "B", "C"]
    assert calls == ["a", "b", "c", "B", "c"]
    assert scene.kinds().count("steps.dropped") == 1


async def test_a_once_step_that_no_longer_matches_waits_for_a_person() -> None:
    """SEMANTICS 24: dropping it would repeat its effect."""

    @node("ctx.once_step")
    async def once_step(*, ctx: Context) -> str:
        made = await ctx.step("pay", lambda amount: amount, ctx.attempt, effects="once")
        if ctx.attempt == 1:
            raise NodeError("again")
        return f"paid {made}"

    scene = Scene(once_step)
    flow = scene.flow({"a": {"use": "ctx.once_step", "retry": {"attempts": 2, "delay": "1ms"}}})
    async with scene.opened() as harness:
        run = await harness.host.start(StartRequest(flow))
        await asyncio.wait_for(_fact(harness, run, "node.unknown"), 2)
        await harness.signal(run, "a", {"decision": "fail"})
        outcome = await harness.outcome(run)

    assert outcome.status == "failed"
    assert (outcome.error or {})["type"] == "unknown"


async def test_fresh_forgets_the_steps() -> None:
    calls: list[int] = []

    @node("ctx.fresh")
    async def fresh(*, ctx: Context) -> int:
        made = await ctx.step("s", lambda: calls.append(1) or len(calls))
        if ctx.attempt == 1:
            raise NodeError("anew", fresh=True)
        return made

    outcome = await Scene(fresh).play("ctx.fresh", retry={"attempts": 2, "delay": "1ms"})

    assert outcome.output == 2


async def test_what_a_step_gives_is_the_same_the_first_time_and_from_the_record() -> None:
    """A tuple is a list both times: the node cannot tell a replay from the first run."""
    seen: list[Any] = []

    @node("ctx.tuple")
    async def tuples(*, ctx: Context) -> None:
        seen.append(await ctx.step("s", lambda: (1, 2)))
        if ctx.attempt == 1:
            raise NodeError("again")

    await Scene(tuples).play("ctx.tuple", retry={"attempts": 2, "delay": "1ms"})

    assert seen == [[1, 2], [1, 2]]


async def test_a_plain_function_uses_its_context_from_a_thread() -> None:
    """`ctx.run_sync` waits for what is awaited elsewhere; a suspension leaves the thread as it leaves a coroutine."""

    @node("ctx.plain")
    def plain(*, ctx: Context) -> list[Any]:
        made = ctx.run_sync(ctx.step("s", str, 1))
        ctx.log("from a thread")
        ctx.stream("delta")
        file = ctx.run_sync(ctx.files.put(b"bytes", name="a.txt"))
        answer = ctx.run_sync(ctx.suspend("answer"))
        return [made, ctx.run_sync(ctx.files.get(file)).decode(), answer["signal"]]

    scene = Scene(plain)
    flow = scene.flow({"a": {"use": "ctx.plain"}})
    async with scene.opened() as harness:
        run = await harness.host.start(StartRequest(flow))
        await asyncio.wait_for(_fact(harness, run, "node.suspended"), 2)
        await harness.signal(run, "a/answer", "yes")
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        logs = await harness.host.services.logs.read(run)

    assert outcome.output == ["1", "bytes", "yes"]
    assert [line["text"] for line in logs] == ["from a thread", "from a thread"]


async def test_a_node_knows_where_it_stands_and_when_its_time_is_up() -> None:
    @node("ctx.who")
    async def who(*, ctx: Context) -> list[Any]:
        left = None if ctx.deadline is None else round(ctx.deadline - time.time())
        return [ctx.path, ctx.attempt, ctx.idempotency_key == f"{ctx.run}/{ctx.path}", left, ctx.cancelled]

    outcome = await Scene(who).play("ctx.who", timeout="1m")

    assert outcome.output == ["a", 1, True, 60, False]


async def test_files_travel_by_reference_within_a_tenant() -> None:
    @node("ctx.write")
    async def write(*, ctx: Context) -> dict[str, Any]:
        return await ctx.files.put(b"\x00\x01", name="a.bin", media_type="application/x-a")

    @node("ctx.read")
    async def read(file: dict[str, Any], *, ctx: Context) -> int:
        return len((await ctx.files.open(file)).read())

    scene = Scene(write, read)
    nodes = {"f": {"use": "ctx.write"}, "n": {"use": "ctx.read", "with": {"file": "${f}"}}}
    async with scene.opened() as harness:
        outcome = await scene.ended(harness, scene.flow(nodes, {"file": "${f}", "size": "${n}"}))

    output: Any = outcome.output
    reference = output["file"]
    assert output["size"] == 2
    assert {key: reference[key] for key in ("name", "media_type", "size")} == {
        "name": "a.bin",
        "media_type": "application/x-a",
        "size": 2,
    }


async def test_a_file_reference_that_we_did_not_issue_is_no_file() -> None:
    """SECURITY: a JSON body with our internal shape is plain data; ids of another tenant are unknown."""

    @node("ctx.read")
    async def read(file: dict[str, Any], *, ctx: Context) -> int:
        return len(await ctx.files.get(file))

    journal = MemoryJournal()
    digest = await journal.put(b"somebody's")
    store = FileStore(journal, b"k" * 32)
    issued = await store.save(b"mine", name="n", media_type="t", tenant="one", run="r")
    forged = ["", digest, "../../etc/passwd", issued["$file"][:-4] + "AAAA", "ü", "=" * 10]

    for each in forged:
        outcome = await Scene(read).play("ctx.read", {"file": {"$file": each}})
        assert (outcome.error or {})["type"] == "file"
    assert await store.read(issued, tenant="one") == b"mine"
    try:
        await store.read(issued, tenant="two")
        raise AssertionError("another tenant's file was read")
    except NoSuchFile:
        pass


async def test_a_fork_owns_the_files_that_it_took_over() -> None:
    """The origin may be deleted; what the fork reused is still there."""

    @node("ctx.write")
    async def write(*, ctx: Context) -> dict[str, Any]:
        return await ctx.files.put(b"kept")

    @node("ctx.read")
    async def read(file: dict[str, Any], turn: int, *, ctx: Context) -> str:
        return (await ctx.files.get(file)).decode() + str(turn)

    scene = Scene(write, read)
    flow = scene.flow(
        {"f": {"use": "ctx.write"}, "a": {"use": "ctx.read", "with": {"file": "${f}", "turn": "${input.turn}"}}},
        input={"turn": "integer"},
    )
    async with scene.opened() as harness:
        first = await harness.host.start(StartRequest(flow, {"turn": 1}))
        await harness.outcome(first)
        origin = {"run": first, "kind": "fork", "redo": None, "before": None, "edits": {"input.turn": 2}}
        fork = await harness.host.start(StartRequest(flow, {"turn": 1}, origin=origin))
        outcome = await harness.outcome(fork)
        await harness.host.delete(first)
        again = {**origin, "run": fork, "edits": {"input.turn": 3}}
        last = await harness.outcome(await harness.host.start(StartRequest(flow, {"turn": 2}, origin=again)))

    assert outcome.output == "kept2"
    assert last.output == "kept3"


async def test_a_node_calls_another_flow_once() -> None:
    """`ctx.call_flow` is a step: on the next attempt its answer is there, and no second run was made."""

    @node("ctx.caller")
    async def caller(*, ctx: Context) -> Any:
        made = await ctx.call_flow("double", {"n": 4})
        if ctx.attempt == 1:
            raise NodeError("again")
        return made

    scene = Scene(caller)
    double = flow_of(
        "double",
        {
            "input": {"n": "integer"},
            "nodes": {"a": {"use": "test.echo", "with": {"value": "${input.n * 2}"}}},
            "output": "${a}",
        },
    )
    flow = scene.flow({"a": {"use": "ctx.caller", "retry": {"attempts": 2, "delay": "1ms"}}})
    async with scene.opened() as harness:
        harness.flows.flows["double"] = double
        outcome = await scene.ended(harness, flow)

    assert outcome.output == 8
    assert scene.kinds().count("run.started") == 2


async def test_a_called_flow_that_fails_or_is_not_there_fails_the_node() -> None:
    @node("ctx.caller")
    async def caller(flow: str, *, ctx: Context) -> Any:
        return await ctx.call_flow(flow)

    scene = Scene(caller)
    bad = flow_of("bad", {"nodes": {"a": {"use": "test.fail"}}})
    nodes = {
        "a": {"use": "ctx.caller", "with": {"flow": "bad"}, "on_error": "continue"},
        "b": {"use": "ctx.caller", "with": {"flow": "nothing"}, "on_error": "continue"},
    }
    async with scene.opened() as harness:
        harness.flows.flows["bad"] = bad
        outcome = await scene.ended(harness, scene.flow(nodes, ["${a.error.type}", "${b.error.type}"]))

    assert outcome.output == ["refused", "call"]


async def test_cancelling_a_caller_cancels_what_it_called() -> None:
    """SEMANTICS 26."""

    @node("ctx.caller")
    async def caller(*, ctx: Context) -> Any:
        return await ctx.call_flow("asks")

    scene = Scene(caller, options=Options(grace=0.5, shutdown=0.1))
    asks = flow_of("asks", {"nodes": {"ok": {"use": "approval", "with": {"question": "?"}}}})
    async with scene.opened() as harness:
        harness.flows.flows["asks"] = asks
        run = await harness.host.start(StartRequest(scene.flow({"a": {"use": "ctx.caller"}})))
        await asyncio.sleep(0.05)
        await harness.cancel(run)
        assert (await asyncio.wait_for(harness.outcome(run), 2)).status == "cancelled"
        await asyncio.sleep(0.05)
        (child,) = [entry for entry in scene.journal._entries.values() if entry.parent == run]

    assert child.status == "cancelled"


async def _fact(harness: LocalHarness, run: str, kind: str) -> None:
    while not any(fact.type == kind for _, fact in await harness.facts(run)):  # noqa: ASYNC110  a journal has no event
        await asyncio.sleep(0.005)
