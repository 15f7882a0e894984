"""`/v1/workflows`: a task planned, carried out and reviewed. A workflow is an ordinary run, so `/v1/runs/{id}` shows it too."""

from typing import Annotated, Any, Final

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.run_hot import MOST_WAIT
from tenuto.api.run_shapes import ErrorShown, Status
from tenuto.service import hops, trace_ids, workflows
from tenuto.service.principal import Principal
from tenuto.service.runs import moment
from tenuto.service.starting import ended
from tenuto.service.workflows import Workflow

Json = Any

Reader = Annotated[Principal, Can("agents:read")]
Executor = Annotated[Principal, Can("agents:execute")]
Id = Annotated[str, Path(max_length=200, description="The workflow's id or name.")]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="The same key and body start one workflow."),
]
Wait = Annotated[
    float | None, Query(ge=0, le=MOST_WAIT, description="So many seconds to wait for the outcome of the workflow.")
]

_EXAMPLE: Final = {"task": "Analyze this code", "agent_type": "code_reviewer"}

router = Router(prefix="/v1/workflows", tags=["workflows"])


class WorkflowBody(BaseModel):
    """`agent_type`: the agent that does it; a name that no agent has is taken for the role of a general one."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{**_EXAMPLE}]})

    task: Annotated[str, Field(min_length=1)]
    agent_type: Annotated[str, Field(min_length=1, max_length=200)]


class WorkflowShown(BaseModel):
    """`steps`: how plan, execute and review stand; a review that was not needed is `skipped`. `result`: the final text."""

    id: Annotated[str, Field(examples=["01kex3w2v1m4r7p9s0t2y5z8ab"])]
    name: Annotated[str, Field(examples=["brave-otter-7f3a"])]
    task: Annotated[str, Field(examples=[_EXAMPLE["task"]])]
    agent_type: Annotated[str, Field(examples=[_EXAMPLE["agent_type"]])]
    status: Status
    steps: Annotated[dict[str, str], Field(examples=[{"plan": "succeeded", "execute": "running", "review": "pending"}])]
    result: Json = None
    error: ErrorShown | None = None
    created_at: Moment | None = None
    ended_at: Moment | None = None


@router.post(
    "",
    status_code=201,
    summary="Start a workflow",
    openapi_extra=limited("start"),
    responses=problems(404, 409),
)
async def create(
    request: Request,
    response: Response,
    who: Executor,
    platform: ThePlatform,
    body: WorkflowBody,
    wait: Wait = None,
    key: Key = None,
) -> WorkflowShown:
    """Plan (a minute at most), execute (five), and review (half a minute) if the plan asks for it. Durable when it is answered."""
    started = await workflows.create(
        platform,
        who,
        body.task,
        body.agent_type,
        key=key,
        led=hops.read(request.headers.get(hops.HEADER, "0")),
        trace=request.headers.get(trace_ids.HEADER),
    )
    run = started.entry.id
    if wait and started.entry.ended_at is None:
        await ended(platform, run, wait)
    response.headers["Location"] = f"/v1/workflows/{run}"
    if started.again:
        response.headers["Idempotency-Replayed"] = "true"
    return _shown(await workflows.get(platform, who, run))


@router.get("", summary="List workflows", responses=problems(404))
async def listing(
    who: Reader,
    platform: ThePlatform,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[str | None, Query(max_length=63)] = None,
) -> Paged[WorkflowShown]:
    """Newest first."""
    found, after = await workflows.listing(platform, who, limit=limit, cursor=cursor, status=status)
    return Paged[WorkflowShown](items=[_shown(each) for each in found], next_cursor=after)


@router.get("/{id}", summary="Show a workflow", responses=problems(404))
async def show(id: Id, who: Reader, platform: ThePlatform) -> WorkflowShown:  # noqa: A002  the word of the path
    return _shown(await workflows.get(platform, who, id))


@router.delete("/{id}", summary="Cancel a workflow", responses=problems(404, 409))
async def cancel(id: Id, who: Executor, platform: ThePlatform) -> WorkflowShown:  # noqa: A002  the word of the path
    """No step begins after this is answered; what was done stays to be read."""
    return _shown(await workflows.cancel(platform, who, id))


def _shown(workflow: Workflow) -> WorkflowShown:
    return WorkflowShown(
        id=workflow.id,
        name=workflow.name,
        task=workflow.task,
        agent_type=workflow.agent_type,
        status=workflow.status,  # pyright: ignore[reportArgumentType]  a run has no other; it is checked as it leaves
        steps=dict(workflow.steps),
        result=workflow.result,
        error=None if workflow.error is None else ErrorShown.model_validate(workflow.error),
        created_at=moment(workflow.created_at),
        ended_at=moment(workflow.ended_at),
    )
