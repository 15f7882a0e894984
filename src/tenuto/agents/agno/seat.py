"""Where one agent of Agno sits: the model that it is given in place of its own, which finds the desk for each of its tasks.

With its first question in a task the conversation that it begins with is recorded: Agno may put the time into it, or what it
remembers, and a run that goes on must ask what it asked before.
"""

import copy
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn, cast

from agno.models.base import Model
from agno.models.message import Message as AgnoMessage
from agno.models.response import ModelResponse
from agno.tools.function import Function, FunctionCall
from pydantic import BaseModel

from tenuto.agents.agno.model import DurableModel, call_of
from tenuto.agents.agno.own_model import Asked, OwnModel
from tenuto.agents.agno.own_tools import own_tool, said
from tenuto.agents.agno.scope import SCOPE, Scope
from tenuto.agents.agno.translate import agno_messages, our_ask, our_schemas, response_of
from tenuto.sdk.agents import Ask, Message, ToolCall, ToolSchema
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.own import OwnTool, needs_person
from tenuto.sdk.agents.taint import as_data

Opener = Callable[[Scope], Awaitable[Desk]]
_MEMBERS: Final = {"delegate_task_to_member": False, "delegate_task_to_members": True}  # whether several work at once


@dataclass(slots=True)
class Place:
    """One task of one agent. `opening`: what it began with, as recorded; `count`: how many messages of Agno's that stands for."""

    desk: Desk
    opening: list[Message] = field(default_factory=list[Message])
    count: int = 0
    replaced: list[AgnoMessage] | None = None
    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    delegated: int = 0

    async def begin(self, messages: Sequence[AgnoMessage]) -> None:
        first = our_ask(messages, None)["messages"]
        self.opening = await self.desk.standing.ctx.step("opening", lambda *_: first)
        self.count = len(messages)
        if self.opening != first:
            self.replaced = agno_messages(self.opening)

    def said(self, messages: list[AgnoMessage]) -> list[AgnoMessage]:
        """The conversation with what it began with, as recorded."""
        if self.replaced is None or len(messages) < self.count:
            return messages
        return [*self.replaced, *messages[self.count :]]


class Seat(DurableModel):
    """`open_desk`: for a task, which is known by its scope. `own`: the models that a person gave to the agent.

    `filed`: it is an agent file, whose tools are those of its desk; else they are those that Agno finds.
    """

    def __init__(
        self,
        name: str,
        open_desk: Opener,
        own: Sequence[OwnModel] = (),
        *,
        once: Sequence[str] = (),
        filed: bool = False,
    ) -> None:
        super().__init__(name, self._nobody, self._made, WayOut())
        self._open = open_desk
        self._own = own
        self._once = frozenset(once)
        self._filed = filed
        self._places: dict[str, Place] = {}
        self.supports_native_structured_outputs = not own  # then the schema that Agno asks for is ours to fit
        for model in own[:1]:
            self._resemble(model.own)

    def _resemble(self, own: Model) -> None:
        """Agno asks a model what it can do before it asks it anything."""
        self.id, self.name, self.provider = own.id, own.name, own.provider
        self.supports_native_structured_outputs = own.supports_native_structured_outputs
        self.supports_json_schema_outputs = own.supports_json_schema_outputs
        self.system_prompt, self.instructions = own.system_prompt, own.instructions

    @property
    def seam(self) -> WayOut:
        return SCOPE.get().out

    async def place(self) -> Place:
        """Where this task is done."""
        scope = SCOPE.get()
        if scope.prefix not in self._places:
            self._places[scope.prefix] = Place(await self._open(scope))
        return self._places[scope.prefix]

    # --- the model

    async def ainvoke(
        self, messages: list[AgnoMessage], *_: Any, tools: list[dict[str, Any]] | None = None, **more: Any
    ) -> ModelResponse:
        with self.seam:
            place = await self.place()
            if not place.opening:
                await place.begin(messages)
            said = place.said(messages)
            ask = self._question(place.desk, said, tools, more.get("response_format"))
            if not self._filed:
                self._grant(place, tools or [])
            for model in self._own:
                model.before(Asked(said, tools, _understood(more), len(ask["messages"])))
            self.answer = await place.desk.asker.ask(ask)
        return response_of(self.answer)

    def _question(self, desk: Desk, said: list[AgnoMessage], tools: list[dict[str, Any]] | None, form: Any) -> Ask:
        if self._filed:
            return {**our_ask(said, None), "tools": desk.caller.schemas, "output": desk.output}
        return {**our_ask(said, tools), "output": desk.output or (None if self._own else _schema(form))}

    async def _nobody(self, ask: Ask) -> NoReturn:
        raise AssertionError(ask)  # its questions go to the desk of the task

    # --- the tools

    def get_function_calls_to_run(
        self,
        assistant_message: AgnoMessage,
        messages: list[AgnoMessage],
        functions: dict[str, Function] | None = None,
    ) -> list[FunctionCall]:
        """Agno binds its functions anew for each run, so they are looked up with each turn."""
        place = self._places[SCOPE.get().prefix]
        for name, function in (functions or {}).items():
            function.requires_confirmation = False  # the caller waits for a person; Agno would end the run
            place.functions[name] = function
        return super().get_function_calls_to_run(assistant_message, messages, functions)

    async def arun_function_call(self, function_call: FunctionCall) -> Any:
        place = self._places[SCOPE.get().prefix]
        if is_member(function_call.function.name):
            return await self._delegated(place, function_call)
        state = _state(function_call)
        before = copy.deepcopy(state)
        answer = await super().arun_function_call(function_call)
        with self.seam:
            await _remember(place, call_of(function_call), state, before)
        return answer

    async def _made(self, call: ToolCall) -> Message:
        return await self._places[SCOPE.get().prefix].desk.caller.call(call)

    async def _delegated(self, place: Place, function_call: FunctionCall) -> Any:
        """The members record what they do, each in the place that this call gives them; the call itself is made again."""
        place.delegated += 1
        name, outer, standing = function_call.function.name, SCOPE.get(), place.desk.standing
        inner = replace(standing, taint=standing.taint.copy())
        prefix = f"{outer.prefix}member:{place.delegated}/"
        there = Scope(outer.ctx, WayOut(), prefix, inner, shared=_MEMBERS[name])
        with outer.out:
            SCOPE.set(there)
            made: Any = await Model.arun_function_call(self, function_call)
            text = await said(function_call.result)
            there.out.end()
        standing.taint.join(inner.taint)
        function_call.result = as_data(text, name) if text and inner.taint.strangers else text
        return made

    def _grant(self, place: Place, tools: list[dict[str, Any]]) -> None:
        known = {tool.name for tool in place.desk.caller.tools}
        new = [tool["function"] for tool in tools if tool.get("type") == "function"]
        for function in new:
            if function.get("requires_confirmation"):
                needs_person(place.desk, function["name"])
        schemas = our_schemas(tools)
        place.desk.caller.grant([self._own_tool(place, each) for each in schemas if each["name"] not in known])

    def _own_tool(self, place: Place, schema: ToolSchema) -> OwnTool:
        name = schema["name"]

        async def make(call: FunctionCall) -> Any:
            return await Model.arun_function_call(self, call)

        return own_tool(schema, lambda: place.functions[name], make, once=name in self._once)


def _state(function_call: FunctionCall) -> dict[str, Any]:
    """The state of the session, which tools may change."""
    context: Any = cast("Any", function_call.function)._run_context  # noqa: SLF001  where Agno keeps it
    return getattr(context, "session_state", None) or {}


async def _remember(place: Place, call: ToolCall, state: dict[str, Any], before: dict[str, Any]) -> None:
    """When a call is on record, so is what it changed."""
    ctx, key = place.desk.standing.ctx, f"state:{place.desk.caller.number(call)}"
    if state == before and not ctx.recorded(key):
        return
    known = await ctx.step(key, lambda *_: dict(state))
    state.clear()
    state.update(known)


def is_member(tool: str) -> bool:
    """Whether it gives a task to members of a team."""
    return tool in _MEMBERS


def _schema(form: Any) -> dict[str, Any] | None:
    """The schema that Agno asks for, where another model than the agent's own shall answer."""
    if isinstance(form, type) and issubclass(form, BaseModel):
        return form.model_json_schema()
    given = cast("dict[str, Any]", form).get("json_schema") if isinstance(form, dict) else None
    return cast("dict[str, Any]", given).get("schema") if isinstance(given, dict) else None


def _understood(more: dict[str, Any]) -> dict[str, Any]:
    """What Agno asks for besides, as its own classes are told of it."""
    return {name: more[name] for name in ("response_format", "tool_choice", "compress_tool_results") if more.get(name)}
