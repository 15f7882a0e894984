"""`/agents`: agents for clients that know nothing else of Tenuto: a list, a task and its text, a status.

Bodies and words are what such clients expect, field by field; `/v1/agents` says more. A task is answered when it is done.
One that takes longer than an answer may, or that waits for a person, is answered 202, and `Location` says where it is.
"""

from typing import Annotated, Any, Final

from fastapi import Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.moments import Moment
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.service import agent_runs, hops
from tenuto.service.agent_efforts import text_of
from tenuto.service.agent_flows import Order
from tenuto.service.agent_runs import Execution
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment

Json = Any

_REFUSAL: Final = "Invalid token"
Reader = Annotated[Principal, Can("agents:read", refusal=_REFUSAL)]
Executor = Annotated[Principal, Can("agents:execute", refusal=_REFUSAL)]

router = Router(prefix="/agents", tags=["simple agents"])


class AgentRequest(BaseModel):
    """A task, and what the agent is told beside it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"agent_name": "copywriter", "task": "Write a launch post", "parameters": {}}]},
    )

    agent_name: Annotated[str, Field(min_length=1, max_length=200)]
    task: Annotated[str, Field(min_length=1)]
    parameters: dict[str, Json] | None = None


class AgentResponse(BaseModel):
    """`status`: `success` with a result, `error` with what went wrong; in a 202 `running` or `waiting`."""

    agent_name: Annotated[str, Field(examples=["copywriter"])]
    status: Annotated[str, Field(examples=["success"])]
    result: Annotated[str | None, Field(examples=["Tea is ready."])] = None
    error: Annotated[str | None, Field(examples=[None])] = None


class AgentStatus(BaseModel):
    name: Annotated[str, Field(examples=["copywriter"])]
    team: Annotated[str, Field(examples=["marketing"])]
    status: Annotated[str, Field(examples=["idle"], description="idle, running or error.")]
    last_run: Moment | None = None


class AgentStanding(BaseModel):
    name: Annotated[str, Field(examples=["copywriter"])]
    team: Annotated[str, Field(examples=["marketing"])]
    status: Annotated[str, Field(examples=["idle"], description="idle, running or error.")]


@router.get("", summary="All agents and what they are doing")
async def list_agents(who: Reader, platform: ThePlatform) -> list[AgentStatus]:
    return [
        AgentStatus(name=each.name, team=each.team, status=each.status, last_run=moment(each.last_run))
        for each in await agent_runs.states(platform, who)
    ]


@router.post(
    "/execute",
    summary="Give an agent a task and wait for its result",
    openapi_extra=limited("start"),
    responses={202: {"model": AgentResponse, "description": "It goes on; `Location` says where."}} | problems(404),
)
async def execute_agent(
    request: Request, response: Response, who: Executor, platform: ThePlatform, body: AgentRequest
) -> AgentResponse:
    """What went wrong in the agent is an answer too: 200 with the status `error`."""
    order = Order(agent=body.agent_name, task=body.task, parameters=body.parameters or {})
    await _known(platform, who, order.agent)
    led = hops.read(request.headers.get(hops.HEADER, "0"))
    started = await agent_runs.execute(platform, who, order, led=led)
    run = started.entry.id
    await agent_runs.settled(platform, run)
    found = await agent_runs.execution_of(platform, who, run)
    if found.status in ("pending", "running"):
        response.status_code = 202
        response.headers["Location"] = f"/v1/agents/status/{run}"
    return _answered(found)


@router.get("/{agent_name}/status", summary="What one agent is doing", responses=problems(404))
async def get_agent_status(
    agent_name: Annotated[str, Path(max_length=200, examples=["copywriter"])], who: Reader, platform: ThePlatform
) -> AgentStanding:
    await _known(platform, who, agent_name)
    found = await agent_runs.state(platform, who, agent_name)
    return AgentStanding(name=found.name, team=found.team, status=found.status)


async def _known(platform: ThePlatform, who: Principal, name: str) -> None:
    """Refused in the words that clients look for."""
    try:
        await agent_runs.known(platform, who, name)
    except Refused as refused:
        if refused.code != "not_found":
            raise
        raise Refused("not_found", f"Agent '{name}' not found") from None


def _answered(found: Execution) -> AgentResponse:
    if found.status == "completed":
        return AgentResponse(agent_name=found.agent, status="success", result=text_of(found.result))
    if found.status == "failed":
        error = found.error or {}
        return AgentResponse(agent_name=found.agent, status="error", error=str(error.get("message", "it failed")))
    return AgentResponse(agent_name=found.agent, status=found.run_status)
