"""Calling tools durably, for every runtime: each call is a step (`call:N`), so that none that was answered is made again.

Only tools that the agent's file names can be called, with arguments that fit their schema. What needs a person waits for
one (`tool:N`). Whatever goes wrong with a tool is told to the model as its answer; an agent does not die of it. Of a call
that must not be made twice and may have happened, though no answer came, a person decides what came of it.

The calls of one turn are made together where that is safe: first those that may be repeated, at once; then those that may
not, one after the other; last those that need a person. One that waits for a person holds up none of the others: all that
is to be asked in a turn is asked at once, and each answer carries its own call on. Runtimes that call one at a time get
the same: whoever asks for the first one has the whole turn made.
"""

import asyncio
import time
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

from tenuto.sdk.agents.approval import Verdict, approved, hash_of
from tenuto.sdk.agents.asking_person import NAME as ASK_PERSON
from tenuto.sdk.agents.budget import Stopped
from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.large import text_of
from tenuto.sdk.agents.messages import Message, ToolCall, ToolSchema
from tenuto.sdk.agents.results import Outcome, answered, content_of, failed, outcome_of, refused
from tenuto.sdk.agents.standing import Standing
from tenuto.sdk.agents.taint import Taint
from tenuto.sdk.agents.tool import Tool, wire_name
from tenuto.sdk.agents.turns import Gone, Place, Reply, Turn
from tenuto.sdk.errors import InDoubt, NodeError, Suspended

TIMEOUT: Final = 120.0  # seconds for a call whose tool says nothing
AT_ONCE: Final = 8
SAME_TOLD: Final = 3  # the same call with the same answer: the model is told
SAME_ASKED: Final = 5  # and from then on a person is asked
_NEAR: Final = 3
_SHOWN: Final = 200  # characters of the arguments of a call of which a person decides what came of it
WAS_ASKED: Final = "a person was asked"
_DOUBTFUL: Final = frozenset({"timeout", "lost"})  # errors of a call that was on its way


class Caller:
    """Of one agent at work, with the tools that it was granted."""

    def __init__(self, standing: Standing, tools: Sequence[Tool]) -> None:
        self._standing = standing
        self._ctx = standing.ctx
        self._tools = _by_wire_name(tools)
        self._called = 0
        self._turn: Turn | None = None
        self._same: dict[str, int] = {}  # by call and answer: how often that came of it
        self._repeats: dict[str, int] = {}  # by call: how often the same came of it last
        self.handed_off: Any = None  # the answer of an agent that was called to take over

    @property
    def tools(self) -> list[Tool]:
        return list(self._tools.values())

    @property
    def schemas(self) -> list[ToolSchema]:
        """The tools as the model is told of them."""
        return [
            {"name": name, "description": tool.description, "parameters": dict(tool.parameters)}
            for name, tool in self._tools.items()
        ]

    def grant(self, tools: Sequence[Tool]) -> None:
        """More of them: those that a framework makes while it runs."""
        self._tools = _by_wire_name([*self._tools.values(), *tools])

    def number(self, call: ToolCall) -> int:
        """Which call of the agent it is, for who makes it without being asked to record it."""
        return self._expected(call)[1].number

    def expect(self, calls: Sequence[ToolCall]) -> None:
        """What the model asks for now, in its order: they are numbered, and looked at together."""
        self._turn = Turn([self._place(call) for call in calls])

    async def call_all(self, calls: Sequence[ToolCall]) -> list[Message]:
        """The answers to the calls of one turn, in their order."""
        if self._turn is None or [place.call for place in self._turn.places] != list(calls):
            self.expect(calls)
        turn = self._turn
        assert turn is not None
        await self._make(turn)
        return [turn.answers[place.number] for place in turn.places]

    async def call(self, call: ToolCall) -> Message:
        """The answer to one call. One that the model did not ask for in this turn is made on its own."""
        turn, place = self._expected(call)
        await self._make(turn)
        return turn.answers[place.number]

    # --- a turn

    def _expected(self, call: ToolCall) -> tuple[Turn, Place]:
        for place in self._turn.places if self._turn is not None else ():
            if place.call["id"] == call["id"] and place.call["name"] == call["name"]:
                assert self._turn is not None
                return self._turn, place
        place = self._place(call)
        return Turn([place]), place

    def _place(self, call: ToolCall) -> Place:
        self._called += 1
        place = Place(self._called, call)
        tool = self._tools.get(call["name"])
        if self._ctx.recorded(f"call:{place.number}"):
            place.tool = tool or Gone(call["name"])
            place.why = WAS_ASKED if self._ctx.recorded(f"tool:{place.number}") else None
            return place  # it was looked at when it was made, and holds whatever the tools are now
        if tool is None:
            place.wrong = self._unknown(call["name"])
            return place
        place.tool = tool
        if call.get("wrong"):
            place.wrong = f"the arguments of `{call['name']}` cannot be read: {call.get('wrong')}"
        elif wrong := unfit(tool.parameters, call["arguments"]):
            place.wrong = f"the arguments do not fit `{call['name']}`, so it was not called:\n- " + "\n- ".join(wrong)
        else:
            place.why = self._needs_person(place, tool)
        return place

    def _unknown(self, name: str) -> str:
        near = get_close_matches(name, self._tools, n=_NEAR, cutoff=0.4)
        known = (
            f"did you mean {', '.join(f'`{each}`' for each in near)}?"
            if near
            else f"you have: {', '.join(self._tools) or 'none'}"
        )
        return f"there is no tool `{name[:80]}`; {known}"

    def _needs_person(self, place: Place, tool: Tool) -> str | None:
        approver = self._standing.approver_of(tool.name)
        if approver is not None:
            whose = "its file" if approver == self._standing.agent.name else f"the file of {approver}"
            return f"{whose} asks for a person"
        if self._repeats.get(hash_of(place.call["name"], place.call["arguments"]), 0) >= SAME_ASKED:
            return f"the same came of this call {SAME_ASKED} times already"
        return self._standing.taint.forbids(tool)

    async def _make(self, turn: Turn) -> None:
        async with turn.made:
            if turn.ended is not None:
                raise turn.ended
            if len(turn.answers) == len(turn.places):
                return
            try:
                await self._make_all(turn)
            except BaseException as error:
                turn.ended = error
                raise

    async def _make_all(self, turn: Turn) -> None:
        alone = [place for place in turn.places if not place.personal]
        waits = await self._together(turn, [place for place in alone if not _once(place)])
        for place in [*(place for place in alone if _once(place)), *(place for place in turn.places if place.personal)]:
            reply = await self._attempted(place)
            if isinstance(reply, Suspended):
                waits.append(reply)
            else:
                turn.answers[place.number] = self._message(place, reply)
        if waits:
            raise waits[0]

    async def _together(self, turn: Turn, places: list[Place]) -> list[Suspended]:
        """All of them, also where one has to wait for a person: what the others were answered is kept."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(place: Place) -> Reply | Suspended:
            async with free:
                return await self._attempted(place)

        if len(places) == 1:
            ended: list[Reply | BaseException] = [await self._attempted(places[0])]
        else:
            ended = await asyncio.gather(*(one(place) for place in places), return_exceptions=True)
        waits: list[Suspended] = []
        for place, reply in zip(places, ended, strict=True):  # in the model's order, however long each took
            if isinstance(reply, Suspended):
                waits.append(reply)
            elif isinstance(reply, BaseException):
                raise reply
            else:
                turn.answers[place.number] = self._message(place, reply)
        return waits

    async def _attempted(self, place: Place) -> Reply | Suspended:
        """Its answer, or what it waits for."""
        try:
            return await self._reply(place)
        except Suspended as wait:
            return wait

    # --- a call

    async def _reply(self, place: Place) -> Reply:
        known = self._ctx.recorded(f"call:{place.number}")
        tool, arguments = place.tool, place.call["arguments"]
        if tool is not None and tool.name == ASK_PERSON and not place.wrong:
            return Reply(text=await self._asked(place, tool))
        if tool is None or place.wrong:
            return Reply(await self._refused(place, place.wrong), arguments, known=known)
        verdict = await self._verdict(place, tool)
        if verdict.refused:
            return Reply(await self._refused(place, verdict.refused), arguments, known=known)
        outcome = await self._outcome(place, tool, verdict.arguments)
        return Reply(outcome, verdict.arguments, known=known, changed=verdict.changed)

    def _message(self, place: Place, reply: Reply) -> Message:
        content = reply.text
        if reply.outcome is not None:
            notes = [f"A person changed the arguments to {text_of(reply.arguments)}."] if reply.changed else []
            notes += self._noted(place, reply.arguments, reply.outcome, known=reply.known)
            content = content_of(reply.outcome, notes)
        return {"role": "tool", "content": content, "tool_call_id": place.call["id"]}

    async def _refused(self, place: Place, why: str) -> Outcome:
        """What it is told instead of an answer is on record too: the tools may be others when it goes on."""
        name, key = place.call["name"], f"call:{place.number}"

        async def refuse(*_: Any) -> Outcome:
            self._stream(place, "failed", error=why)
            return refused(name, why)

        return outcome_of(name, await self._ctx.step(key, refuse, name, place.call["arguments"]))

    async def _asked(self, place: Place, tool: Tool) -> str:
        key = f"tool:{place.number}"
        if not self._ctx.recorded(key):
            self._stream(place, "waiting", arguments=place.call["arguments"])
        return text_of(await tool.call(place.call["arguments"], self._ctx, key))

    async def _verdict(self, place: Place, tool: Tool) -> Verdict:
        arguments = place.call["arguments"]
        if place.why is None:
            return Verdict(arguments)
        key = f"tool:{place.number}"
        if not self._ctx.recorded(key):
            self._stream(place, "waiting", arguments=arguments)
        return await approved(self._ctx, key, tool, arguments, agent=self._standing.agent.name, why=place.why)

    async def _outcome(self, place: Place, tool: Tool, arguments: dict[str, Any]) -> Outcome:
        key = f"call:{place.number}"
        known = self._ctx.recorded(key)
        if not known:
            self._stream(place, "called", arguments=arguments)
        outcome = outcome_of(tool.name, await self._step(place, tool, arguments))
        if not known:
            self._tell(place, tool, outcome)
        return outcome

    async def _step(self, place: Place, tool: Tool, arguments: dict[str, Any]) -> Any:
        key, name = f"call:{place.number}", place.call["name"]

        async def call(_: str, given: dict[str, Any]) -> Outcome:
            return await self._call(key, tool, given)

        if _is_final(tool):
            return await self._standing.once.make(lambda: self._ctx.step(key, call, name, arguments, effects="once"))
        return await self._ctx.step(key, call, name, arguments)

    async def _call(self, key: str, tool: Tool, arguments: dict[str, Any]) -> Outcome:
        began = time.monotonic()
        limit = asyncio.timeout(None if tool.durable else tool.timeout or TIMEOUT)
        try:
            async with limit:
                made = await tool.call(arguments, self._ctx, key)
                return await answered(tool, made, self._ctx, key, _since(began))
        except Stopped as error:
            if error.ledger in self._standing.ledger.line():
                raise  # this agent itself was ended, or one that called it
            return failed(tool, error, _since(began))
        except NodeError as error:
            return self._failed(tool, arguments, error, _since(began))
        except TimeoutError:
            error = _timed_out(tool) if limit.expired() else _fault(TimeoutError())
            return self._failed(tool, arguments, error, _since(began))
        except Exception as error:  # noqa: BLE001  a tool is others' code; the model is told that it failed, and no more
            self._ctx.log(f"{tool.name} raised {type(error).__name__}", tool=tool.name, error=str(error))
            return failed(tool, _fault(error), _since(began))

    def _failed(self, tool: Tool, arguments: dict[str, Any], error: NodeError, ms: int) -> Outcome:
        """The model is told; but where the call may have happened and must not be repeated, a person decides first."""
        if _is_final(tool) and error.type in _DOUBTFUL:
            agent, given = self._standing.agent.name, text_of(arguments)[:_SHOWN]
            raise InDoubt(f"{agent} called {tool.name} {given} and it may have happened: {error.message}")
        return failed(tool, error, ms)

    def _noted(self, place: Place, arguments: dict[str, Any], outcome: Outcome, *, known: bool) -> list[str]:
        """What follows from an answer for the calls to come, and what the model should know of it."""
        name, tool, error = place.call["name"], place.tool, outcome.get("error", {})
        self._standing.taint.join(Taint(list(outcome.get("strangers", ())), list(outcome.get("private", ()))))
        if tool is not None and tool.durable and arguments.get("hand_off") is True and not error:
            self.handed_off = outcome.get("answer")
        self._standing.ledger.spend(outcome.get("usage", {}))
        if known:  # else the agent that was called has told its callers as it went
            self._standing.ledger.spend(outcome.get("spent", {}))
        call = hash_of(name, arguments)
        same = hash_of(call, {"answer": outcome.get("answer"), "error": error})
        self._same[same] = self._repeats[call] = self._same.get(same, 0) + 1
        if self._same[same] < SAME_TOLD:
            return []
        return [f"You have made this very call {self._same[same]} times, and the same came of it. Do something else."]

    # --- who watches

    def _tell(self, place: Place, tool: Tool, outcome: Outcome) -> None:
        error = outcome.get("error")
        more = {} if error is None else {"error": error.get("message", "")}
        self._stream(place, outcome["status"], ms=outcome["ms"], **more)
        self._ctx.log(
            f"{tool.name} {outcome['status']}",
            tool=tool.name,
            call=place.number,
            status=outcome["status"],
            ms=outcome["ms"],
            **more,
        )

    def _stream(self, place: Place, status: str, **more: Any) -> None:
        name = place.tool.name if place.tool is not None else place.call["name"]
        self._ctx.stream({"tool": name, "call": place.number, "status": status, **more})


def _by_wire_name(tools: Sequence[Tool]) -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    for tool in tools:
        other = found.setdefault(wire_name(tool.name), tool)
        if other.name != tool.name:
            message = f"{other.name} and {tool.name} are both `{wire_name(tool.name)}` to a model: an agent can have one of them"
            raise NodeError(message, type="tool", retry=False)
    return found


def _once(place: Place) -> bool:
    return place.tool is not None and place.tool.effects == "once"


def _is_final(tool: Tool) -> bool:
    """Whether a call of it must not be made twice."""
    return tool.effects == "once" and not tool.durable


def _fault(error: Exception) -> NodeError:
    return NodeError(f"the tool failed ({type(error).__name__})", type="fault")


def _timed_out(tool: Tool) -> NodeError:
    return NodeError(f"{tool.name} did not answer within {tool.timeout or TIMEOUT:g} s", type="timeout")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
