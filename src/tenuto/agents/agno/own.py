"""A person's own agents and teams of Agno at work: whoever among them asks a model or calls a tool does it at a desk of ours."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, cast

from agno.agent import Agent
from agno.models.base import Model
from agno.team import Team
from pydantic import BaseModel

from tenuto.agents.agno.outcome import settled
from tenuto.agents.agno.own_model import OwnModel, own_endpoint, wired_or_own
from tenuto.agents.agno.scope import SCOPE, Scope
from tenuto.agents.agno.seat import Opener, Seat, is_member
from tenuto.sdk import Context
from tenuto.sdk.agents import Result
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.named import named
from tenuto.sdk.agents.own import Terms, own_desk

# Models that Agno asks beside the agent's own, some of them at the same time: each has steps of its own.
_MODELS: Final = ("reasoning_model", "parser_model", "output_model", "followup_model")
_MANAGERS: Final = ("memory_manager", "session_summary_manager", "compression_manager", "_learning")
_OURS: Final[dict[str, Any]] = {"telemetry": False, "retries": 0, "fallback_models": None, "fallback_config": None}


async def run_agent(name: str, task: str, terms: Terms, ctx: Context, session: str | None = None) -> Result:
    """Run `my_module:agent`."""
    own = named(name, Agent, "an agent of Agno", library="agno")
    await ctx.step("agent", lambda *_: {"agent": name, "runtime": "agno"}, name, task)
    return await Play(ctx, terms).run(own, task, session)


async def run_team(name: str, task: str, terms: Terms, ctx: Context, session: str | None = None) -> Result:
    """Run `my_module:team`."""
    own = named(name, Team, "a team of Agno", library="agno")
    await ctx.step("agent", lambda *_: {"team": name, "runtime": "agno"}, name, task)
    return await Play(ctx, terms).run(own, task, session)


class Play:
    """One attempt. `terms`: of who leads; members have their own models and spend what the leader has."""

    def __init__(self, ctx: Context, terms: Terms) -> None:
        self._ctx = ctx
        self._terms = terms
        self._models: list[OwnModel] = []

    async def run(self, own: Agent | Team, task: str, session: str | None) -> Result:
        return await self.led(self._seated(own), task, session)

    async def led(self, mine: Any, task: str, session: str | None = None) -> Result:
        """By an agent or a team whose models are seats already."""
        out = WayOut()
        SCOPE.set(Scope(self._ctx, out))
        seat: Seat = mine.model
        key = self._ctx.idempotency_key
        try:
            output = await settled(mine.arun(task, stream=False, session_id=session or key, run_id=key), out)
        finally:
            for model in self._models:
                await model.close()
        return _answered((await seat.place()).desk, output, seat)

    # --- who sits where

    def _seated(self, own: Agent | Team) -> Any:
        """A copy of it, all of whose models are seats."""
        mine: Any = own.deep_copy(update={**_OURS, "model": own.model})
        mine.initialize_team() if isinstance(own, Team) else mine.initialize_agent()
        name = mine.name or mine.id or "agent"
        mine.model = self.seat(name, [mine.model, *_fallbacks(own)], self._terms)
        self._seat_aside(mine, name)
        for member in _members(mine):
            self._seat_member(member)
        return mine

    def _seat_member(self, member: Any) -> None:
        name = member.name or member.id or "member"
        models = [member.model, *_fallbacks(member)] if member.model is not None else []
        for key, value in _OURS.items():
            setattr(member, key, value)
        terms = Terms(model=self._terms.model, once=self._terms.once)
        member.model = self.seat(name, models, terms)
        self._seat_aside(member, name)
        for each in _members(member):
            self._seat_member(each)

    def _seat_aside(self, agent: Any, name: str) -> None:
        for place in _MODELS:
            model = getattr(agent, place, None)
            if isinstance(model, Model):
                setattr(agent, place, self.seat(name, [model], self._terms, aside=place))
        for place in _MANAGERS:
            manager: Any = getattr(agent, place, None)
            if isinstance(getattr(manager, "model", None), Model):
                mine = copy.copy(manager)
                mine.model = self.seat(name, [manager.model], self._terms, aside=place.strip("_"))
                setattr(agent, place, mine)

    def seat(self, name: str, models: Sequence[Model], terms: Terms, *, aside: str = "") -> Seat:
        """`terms.model`: asked in place of their own."""
        own = [] if terms.model else [OwnModel(model) for model in models]
        self._models.extend(own)
        return Seat(name, self._opener(name, own, terms, aside), own, once=terms.once)

    def _opener(self, name: str, own: Sequence[OwnModel], terms: Terms, aside: str) -> Opener:
        endpoints = [own_endpoint(model) for model in own]

        async def open_desk(scope: Scope) -> Desk:
            held = replace(terms, output=None) if aside else terms
            ctx, above = scope.context(name, aside), scope.above
            return own_desk(name, "", held, ctx, wired=wired_or_own, own=endpoints, above=above, aside=is_member)

        return open_desk


def _members(team: Any) -> list[Any]:
    """Those that are known before it runs: members that a function finds work with models of their own, unrecorded."""
    members = getattr(team, "members", None)
    return cast("list[Any]", members) if isinstance(members, list) else []


def _fallbacks(own: Any) -> list[Model]:
    """Whom Agno would ask if the first model fails: here they are asked in that order."""
    config = own.fallback_config
    if config is None:
        return [model for model in own.fallback_models or () if isinstance(model, Model)]
    return [model for model in config.on_error or () if isinstance(model, Model)]


def _answered(desk: Desk, output: Any, seat: Seat) -> Result:
    """Its last words (Agno puts all that it said before in front of them); as `data` what its `output_schema` holds, or what the node's `output` asked for."""
    content: Any = output.content
    last = "" if seat.answer is None else seat.answer["text"]
    text = content if isinstance(content, str) else ""
    made: Result = {"text": last if last and text.endswith(last) else text, "usage": desk.usage}
    if isinstance(content, BaseModel):
        return {**made, "text": content.model_dump_json(), "data": content.model_dump(mode="json")}
    if isinstance(content, dict | list):
        return {**made, "data": content}
    return made if desk.output is None or seat.answer is None else {**made, "data": seat.answer.get("data")}
