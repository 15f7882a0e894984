"""Executions of agents: a task for one agent is an ordinary run of a small flow, found again by the agent's name.

So everything that can be done to a run (its events, approvals, cancel, fork, retry) can be done to an execution. What is
told of one here are the words of people who think of agents: pending, running, completed, failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from tenuto.core.flow.findings import mapping
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.sdk.agents import Agent
from tenuto.sdk.errors import NodeError
from tenuto.service import pages
from tenuto.service.agent_flows import AGENT_LABEL, Order, agent_of, execution, flow_of, read_flow
from tenuto.service.agent_names import find
from tenuto.service.archive import UNFINISHED, Archive
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.projection import RunView
from tenuto.service.published import DEFAULT_STAGE
from tenuto.service.refusals import Invalid, Problem, Refused
from tenuto.service.starting import LONGEST_WAIT, Asked, Before, Started, ended, start_flow

Json = object
Status = Literal["pending", "running", "completed", "failed"]
Activity = Literal["idle", "running", "error"]

_STATUS: Final[Mapping[str, Status]] = {
    "queued": "pending",
    "running": "running",
    "waiting": "running",
    "succeeded": "completed",
    "failed": "failed",
    "cancelled": "failed",
}


@dataclass(slots=True, kw_only=True)
class Execution:
    """One task that an agent was given. `result`: `{text, data?, usage}`. `run_status`: as runs say it."""

    id: str
    name: str
    agent: str
    task: str
    status: Status
    run_status: str
    result: Json = None
    error: Mapping[str, Json] | None = None
    created_at: float | None = None
    ended_at: float | None = None
    cost: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(slots=True, kw_only=True)
class AgentState:
    """What an agent is doing. `last_run`: when the newest of its executions began."""

    name: str
    team: str
    status: Activity
    last_run: float | None = None


async def execute(
    platform: Platform,
    who: Principal,
    order: Order,
    *,
    stage: str | None = None,
    name: str | None = None,
    key: str | None = None,
    led: int = 0,
    trace: str | None = None,
    before: Before | None = None,
) -> Started:
    """Start it. Whoever may execute agents needs no right to flows for this: the document is ours."""
    await platform.flows.published.stage(who.tenant, stage)
    agent = await known(platform, who, order.agent)
    await _check_model(platform, who, order.model, stage)
    order = replace(order, agent=agent.name)
    flow = read_flow(execution(order), platform.flows.library)
    asked = Asked(flow=flow.name, input=order.input, stage=stage, name=name, labels={AGENT_LABEL: agent.name})
    return await start_flow(platform, who, flow, asked, key=key, led=led, trace=trace, before=before)


async def _check_model(platform: Platform, who: Principal, model: str | None, stage: str | None) -> None:
    """One that is named in the request can be asked, as far as its name and its key go: else no run would come of it."""
    if not model:
        return
    try:
        await platform.models.endpoints([model], tenant=who.tenant, stage=stage or DEFAULT_STAGE)
    except NodeError as error:
        raise Invalid("the request", [Problem("model", "no_model", error.message)]) from None


async def execution_of(platform: Platform, who: Principal, run: str) -> Execution:
    """Refused for a run that is no agent's."""
    entry = await named(platform.archive, who.tenant, run)
    if agent_of(entry) is None:
        raise Refused("not_found", f"the run `{run[:80]}` is no execution of an agent", "GET /v1/runs/{run} shows it")
    return await _told(platform.archive.within(who.tenant), entry)


async def executions(
    platform: Platform, who: Principal, name: str, *, limit: int, cursor: str | None = None
) -> tuple[list[Execution], str | None]:
    """Of one agent, the newest first; and the cursor of the page after."""
    agent = await known(platform, who, name)
    archive = platform.archive.within(who.tenant)
    found = await archive.runs(replace(_of(agent.name), cursor=pages.age_of(cursor), limit=limit + 1))
    page, after = pages.split(found, limit)
    return [await _told(archive, entry) for entry in page], after


async def settled(platform: Platform, run: str) -> None:
    """Wait until it has ended or waits for a person, but no longer than an answer may take."""
    await ended(platform, run, LONGEST_WAIT, until=frozenset({"waiting"}))


async def states(platform: Platform, who: Principal) -> list[AgentState]:
    """Of all agents that `who` may see, by name."""
    archive = platform.archive.within(who.tenant)
    return [await state_of(archive, agent) for agent in await platform.agents.agents(tenant=who.tenant)]


async def state(platform: Platform, who: Principal, name: str) -> AgentState:
    return await state_of(platform.archive.within(who.tenant), await known(platform, who, name))


async def state_of(archive: Archive, agent: Agent) -> AgentState:
    """`running` while any execution has not ended; `error` where the newest has failed."""
    newest = await archive.runs(replace(_of(agent.name), limit=1))
    running = newest and (newest[0].status in UNFINISHED or await _unfinished(archive, agent.name))
    status: Activity = "running" if running else "error" if newest and newest[0].status == "failed" else "idle"
    return AgentState(
        name=agent.name, team=agent.team, status=status, last_run=newest[0].created_at if newest else None
    )


async def known(platform: Platform, who: Principal, name: str) -> Agent:
    """The agent of that name, as `who` may see it. Refused with a name that is near."""
    return await find(platform.agents, name, tenant=who.tenant)


async def _unfinished(archive: Archive, agent: str) -> bool:
    return bool(await archive.runs(replace(_of(agent), statuses=UNFINISHED, limit=1)))


def _of(agent: str) -> RunQuery:
    return RunQuery(flow=flow_of(agent), labels={AGENT_LABEL: agent})


async def _told(archive: Archive, entry: RunEntry) -> Execution:
    return told(entry, (await archive.follower(entry)).view())


def told(entry: RunEntry, view: RunView) -> Execution:
    given = mapping(view.input) or {}
    return Execution(
        id=entry.id,
        name=entry.name,
        agent=entry.labels.get(AGENT_LABEL, ""),
        task=str(given.get("task", "")),
        status=_STATUS[view.status],
        run_status=view.status,
        result=view.output,
        error=view.error,
        created_at=view.created_at,
        ended_at=view.ended_at,
        cost=view.cost,
    )
