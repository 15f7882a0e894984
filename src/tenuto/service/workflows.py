"""Workflows of a task: plan it, do it, look it over. Each is an ordinary run of the document that is built here.

Whoever asks says what kind of agent shall work (`agent_type`). An agent of that name does all three; where there is none,
the name is taken for a role, and the agent is told that it has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tenuto.core.flow.findings import mapping
from tenuto.documents.agent_file import kebab
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service import pages, telling
from tenuto.service.agent_flows import read_flow
from tenuto.service.archive import Archive
from tenuto.service.named import named
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.projection import RunView
from tenuto.service.refusals import Refused
from tenuto.service.runs import STATUSES
from tenuto.service.starting import Asked, Started, start_flow

Json = object

FLOW: Final = "plan-execute-review"
STEPS: Final = ("plan", "execute", "review")
_LABEL: Final = "workflow"
_TYPE_LABEL: Final = "agent_type"
_RETRY: Final = {"attempts": 3, "delay": "1s", "backoff": 2, "max_delay": "10s"}

_PLAN: Final = (
    "Plan how to carry out the task below. Do not carry it out yet. Name the steps in their order, each in one sentence, and"
    " say whether the result should be reviewed before it is handed over: a look-up or a greeting need not be.\n\n"
)
_EXECUTE: Final = "Carry out this task to its end, following the plan. Answer with the result itself.\n\n"
_REVIEW: Final = (
    "Review the result below against the task. Answer with the final result alone: as it is if it is right, corrected where"
    " it is not.\n\n"
)
_PLAN_SCHEMA: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {
        "steps": {"type": "array", "items": {"type": "string"}},
        "review": {"type": "boolean", "description": "Whether the result should be reviewed."},
    },
    "required": ["steps", "review"],
    "additionalProperties": False,
}
_INPUT: Final[Mapping[str, Json]] = {
    "type": "object",
    "properties": {
        "task": {"type": "string", "minLength": 1},
        "agent_type": {"type": "string"},
        "worker": {"description": "The agent that does it: its name, or one of this workflow alone."},
    },
    "required": ["task", "agent_type", "worker"],
    "additionalProperties": False,
}


@dataclass(slots=True, kw_only=True)
class Workflow:
    """`status`: as of runs. `steps`: how each of the three stands; one that was not needed is `skipped`."""

    id: str
    name: str
    task: str
    agent_type: str
    status: str
    steps: Mapping[str, str] = field(default_factory=dict[str, str])
    result: Json = None
    error: Mapping[str, Json] | None = None
    created_at: float | None = None
    ended_at: float | None = None


def document() -> dict[str, Json]:
    """Plan (a minute), execute (five), and review (half a minute) if the plan asks for one. Who works on what is its input."""

    def asks(text: str, **more: Json) -> dict[str, Json]:
        return {"agent": "${input.worker}", "task": f"{text}${{input.task}}", **more}

    return {
        "flow": FLOW,
        "input": {"schema": _INPUT},
        "nodes": {
            "plan": {"use": "agent", "with": asks(_PLAN, output=_PLAN_SCHEMA), "timeout": "60s", "retry": _RETRY},
            "execute": {"use": "agent", "with": asks(_EXECUTE, plan="${plan.data}"), "timeout": "5m", "retry": _RETRY},
            "wanted": {
                "use": "if",
                "after": ["execute"],
                "with": {"condition": "${plan.data.review ?? true}"},
            },
            "review": {
                "use": "agent",
                "after": ["wanted.true"],
                "with": asks(_REVIEW, plan="${plan.data}", result="${execute.text}"),
                "timeout": "30s",
                "retry": _RETRY,
            },
        },
        "output": "${review.text ?? execute.text}",
    }


async def create(
    platform: Platform,
    who: Principal,
    task: str,
    agent_type: str,
    *,
    key: str | None = None,
    led: int = 0,
    trace: str | None = None,
) -> Started:
    worker = await _worker(platform, who, agent_type)
    flow = read_flow(document(), platform.flows.library)
    labels = {_LABEL: FLOW, _TYPE_LABEL: agent_type}
    asked = Asked(flow=FLOW, input={"task": task, "agent_type": agent_type, "worker": worker}, labels=labels)
    return await start_flow(platform, who, flow, asked, key=key, led=led, trace=trace)


async def get(platform: Platform, who: Principal, word: str) -> Workflow:
    entry = await _found(platform, who, word)
    return await _shown(platform.archive.within(who.tenant), entry)


async def listing(
    platform: Platform, who: Principal, *, limit: int, cursor: str | None = None, status: str | None = None
) -> tuple[list[Workflow], str | None]:
    """Newest first; and the cursor of the page after."""
    if status is not None and status not in STATUSES:
        raise Refused("invalid", f"`{status[:40]}` is no status of a workflow", f"one of {', '.join(sorted(STATUSES))}")
    archive = platform.archive.within(who.tenant)
    query = RunQuery(flow=FLOW, labels={_LABEL: FLOW}, cursor=pages.age_of(cursor), limit=limit + 1)
    found = await archive.runs(replace(query, statuses=frozenset({status}) if status else None))
    page, after = pages.split(found, limit)
    return [await _shown(archive, entry) for entry in page], after


async def cancel(platform: Platform, who: Principal, word: str) -> Workflow:
    """Refused if it has ended."""
    entry = await _found(platform, who, word)
    await telling.cancel(platform, who, entry.id, "cancelled as a workflow")
    return await get(platform, who, entry.id)


async def _found(platform: Platform, who: Principal, word: str) -> RunEntry:
    missing = Refused("not_found", f"there is no workflow `{word[:80]}`", "GET /v1/workflows lists them")
    try:
        entry = await named(platform.archive, who.tenant, word)
    except Refused:
        raise missing from None
    if entry.flow != FLOW or entry.labels.get(_LABEL) != FLOW:
        raise missing
    return entry


async def _shown(archive: Archive, entry: RunEntry) -> Workflow:
    return told(entry, (await archive.follower(entry)).view())


def told(entry: RunEntry, view: RunView) -> Workflow:
    given = mapping(view.input) or {}
    return Workflow(
        id=entry.id,
        name=entry.name,
        task=str(given.get("task", "")),
        agent_type=entry.labels.get(_TYPE_LABEL, ""),
        status=view.status,
        steps={name: view.nodes[name].status for name in STEPS if name in view.nodes},
        result=view.output,
        error=view.error,
        created_at=view.created_at,
        ended_at=view.ended_at,
    )


async def _worker(platform: Platform, who: Principal, agent_type: str) -> Json:
    """The agent of that name; else one that is told to be what was asked for."""
    name = kebab(agent_type)
    if name and await platform.agents.find(name, tenant=who.tenant) is not None:
        return name
    role = " ".join(agent_type.replace("_", " ").replace("-", " ").split())
    prompt = (
        f"You work as: {role}. Do your work as an experienced professional of that kind would. Use what the task gives you;"
        " say plainly what you could not find out. Answer with the result, without a word about yourself."
    )
    return {"name": name or "worker", "prompt": prompt}
