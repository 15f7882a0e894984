"""Driving one graph from its input, or from where an earlier attempt left it, to its answer.

The graph runs until it has an answer or stops to ask. What it asks becomes a wait of the node: the run suspends, and when the
answer is there the node runs again, the saver is restored, and the graph is told the answer. Waits are `interrupt:N`, counted
in the order in which the graph asked, and `pause:N` for the breakpoints that it was compiled with (`N`: its superstep).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from copy import copy
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.errors import EmptyInputError, GraphRecursionError, InvalidUpdateError
from langgraph.types import Command, Interrupt, StateSnapshot

from tenuto.agents.langgraph.loading import AnyGraph
from tenuto.agents.langgraph.quiet import alone
from tenuto.agents.langgraph.saver import JournalSaver
from tenuto.agents.langgraph.seat import SEAT, Seat
from tenuto.sdk import Context, NodeError


class Play:
    """One attempt. `config`: as LangGraph takes it; the thread is this run's own."""

    def __init__(self, graph: AnyGraph, ctx: Context, config: Mapping[str, Any], context: Any = None) -> None:
        self._saver = JournalSaver(ctx)
        self._graph = copy(graph)  # its own `copy` forgets which types its checkpoints may hold
        self._graph.checkpointer = self._saver
        self._ctx = ctx
        self._context = context
        self._seat = Seat(ctx, asyncio.get_running_loop())
        self._config = cast("RunnableConfig", {**config, "configurable": self._configurable(config)})

    async def answer(self, given: Any) -> Any:
        """The graph's output."""
        await self._saver.restore()
        before = SEAT.set(self._seat)
        try:
            with alone():
                return await self._played(given)
        finally:
            SEAT.reset(before)

    async def _played(self, given: Any) -> Any:
        if self._saver.log.head is not None:
            given = await self._taken_up(await self._graph.aget_state(self._config))
        while True:
            output = await self._run(given)
            snapshot = await self._graph.aget_state(self._config)
            if not snapshot.next and not snapshot.interrupts:
                return output
            given = await self._told(snapshot)

    def _configurable(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {**cast("dict[str, Any]", config.get("configurable") or {}), "thread_id": self._saver.thread}

    # --- running

    async def _run(self, given: Any) -> Any:
        output: Any = None
        parts = cast("Any", self._graph).astream(
            given,
            self._config,
            context=self._context,
            stream_mode=["values", "messages", "custom"],
            output_keys=self._graph.output_channels,
            subgraphs=True,
            durability="sync",
        )
        try:
            async with aclosing(parts) as stream:
                async for namespace, mode, part in stream:
                    if mode == "values":
                        output = part if namespace == () else output
                    else:
                        self._show(mode, part)
        except (GraphRecursionError, EmptyInputError, InvalidUpdateError) as error:
            raise NodeError(str(error), type="graph", retry=False) from error
        return output

    def _show(self, mode: str, part: Any) -> None:
        if mode == "custom":
            self._ctx.stream({"custom": part})
            return
        message, about = cast("tuple[BaseMessage, dict[str, Any]]", part)
        text = message.text if isinstance(message, AIMessage) and message.id not in self._seat.replayed else ""
        if text:
            self._ctx.stream({"text": str(text), "node": about.get("langgraph_node", "")})

    # --- asking

    async def _taken_up(self, snapshot: StateSnapshot) -> Command[Any] | None:
        """What the graph is told first when the node runs again: an answer, or nothing if it was cut off on its way."""
        stopped = snapshot.interrupts or (snapshot.next and self._at_breakpoint(snapshot))
        return await self._told(snapshot) if stopped else None

    async def _told(self, snapshot: StateSnapshot) -> Command[Any] | None:
        if not snapshot.interrupts:
            return await self._let_go(snapshot)
        return Command(resume={each.id: await self._answer_to(each) for each in snapshot.interrupts})

    async def _answer_to(self, interrupt: Interrupt[Any]) -> Any:
        number = self._saver.log.interrupts.index(interrupt.id) + 1
        said = await self._ctx.suspend(f"interrupt:{number}", ask=_ask(interrupt))
        return _word_of(said["signal"], with_form=interrupt.response_schema is not None)

    async def _let_go(self, snapshot: StateSnapshot) -> None:
        ask = {"question": f"Go on with {', '.join(snapshot.next)}?", "show": _plain(snapshot.values)}
        said = (await self._ctx.suspend(_pause(snapshot), ask=ask))["signal"]
        if isinstance(said, dict) and cast("dict[str, Any]", said).get("approved") is False:
            raise NodeError(f"stopped by a person before {', '.join(snapshot.next)}", type="rejected", retry=False)

    def _at_breakpoint(self, snapshot: StateSnapshot) -> bool:
        """Where the graph itself would have stopped, had the crash not come first."""
        graph = self._graph
        return _names(graph.interrupt_before_nodes, snapshot.next) or _names(
            graph.interrupt_after_nodes, self._saver.log.ran
        )


def _names(breakpoints: Any, nodes: Sequence[str]) -> bool:
    return bool(nodes) and (breakpoints == "*" or any(node in breakpoints for node in nodes))


def _pause(snapshot: StateSnapshot) -> str:
    return f"pause:{(snapshot.metadata or {}).get('step', 0)}"


def _ask(interrupt: Interrupt[Any]) -> dict[str, Any]:
    """As the inbox shows it. A graph that asks with `question`, `show` and `form` is shown in its own words."""
    value, form = interrupt.value, interrupt.response_schema
    if isinstance(value, dict) and "question" in value:
        asked = cast("dict[str, Any]", _plain(value))
    elif isinstance(value, str):
        asked = {"question": value}
    else:
        asked = {"question": "The graph asks", "show": _plain(value)}
    return {**asked, "form": form} if isinstance(form, dict) else asked


def _word_of(said: Any, *, with_form: bool) -> Any:
    """What `interrupt()` returns: the signal's payload; of an answer from the inbox to a form, the form."""
    answered = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    return answered["form"] if with_form and {"approved", "form"} <= answered.keys() else cast("Any", said)


def _plain(value: Any) -> Any:
    from tenuto.agents.langgraph.shown import shown

    return shown(value)
