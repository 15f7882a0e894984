"""`/v1/agents/execute` and what came of it: an execution is an ordinary run, so `/v1/runs/{id}` shows, follows and steers it too."""

from typing import Annotated, Any, Final, Literal

from fastapi import Header, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can, admitted_still
from tenuto.api.errors import problems
from tenuto.api.event_stream import MEDIA_TYPE, EventStream
from tenuto.api.limits import limited
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.run_hot import MOST_WAIT, started_response
from tenuto.api.run_shapes import ErrorShown, RunStarted
from tenuto.service import agent_runs, hops, trace_ids
from tenuto.service.agent_flows import Order
from tenuto.service.agent_runs import Execution
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.runs import moment
from tenuto.service.stream import Reader as EventReader

Json = Any

Reader = Annotated[Principal, Can("agents:read")]
Executor = Annotated[Principal, Can("agents:execute")]
Name = Annotated[str, Path(max_length=200, description="The agent's name.", examples=["copywriter"])]
Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=255, description="The same key and body start one execution."),
]
Wait = Annotated[
    float | None, Query(ge=0, le=MOST_WAIT, description="So many seconds to wait for the outcome of the execution.")
]

SHOWN: Final = frozenset({"delta", "log"})  # of what is not recorded
_STREAM: Final[dict[str, Any]] = {
    "description": "The run that it is; with `Accept: text/event-stream` its events as they happen.",
    "content": {
        MEDIA_TYPE: {
            "schema": {"type": "string"},
            "example": 'event: delta\ndata: {"path":"agent","data":{"text":"Tea is"}}\n\n',
        }
    },
}

router = Router(prefix="/v1/agents", tags=["agents"])


class ExecuteBody(BaseModel):
    """`parameters` are shown to the agent as named blocks. The others stand in for what its file says.

    `session`: the conversation that the task belongs to. `output`: a JSON Schema that the answer's `data` fits.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"agent": "copywriter", "task": "Write a launch post", "parameters": {"tone": "dry"}}]
        },
    )

    agent: Annotated[str, Field(min_length=1, max_length=200)]
    task: Annotated[str, Field(min_length=1)]
    parameters: dict[str, Json] | None = None
    model: Annotated[str | None, Field(min_length=1, max_length=500, examples=["openai:gpt-5"])] = None
    session: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    runtime: Annotated[str | None, Field(min_length=1, max_length=63, examples=["native"])] = None
    output: dict[str, Json] | None = None
    stage: Annotated[str | None, Field(max_length=63)] = None
    name: Annotated[str | None, Field(max_length=200, description="Of the run.")] = None

    @property
    def order(self) -> Order:
        said = self.model_dump(exclude={"stage", "name"}, exclude_none=True)
        return Order(**said)


class ExecutionShown(BaseModel):
    """`result`: once it has completed. `error`: once it has failed."""

    id: Annotated[str, Field(examples=["01kex3w2v1m4r7p9s0t2y5z8ab"])]
    agent: Annotated[str, Field(examples=["copywriter"])]
    status: Annotated[Literal["pending", "running", "completed", "failed"], Field(examples=["completed"])]
    result: Annotated[Json, Field(examples=[{"text": "Tea is ready.", "usage": {"tokens": 21}}])] = None
    error: ErrorShown | None = None


class ExecutionLine(ExecutionShown):
    """`name`, `run_status`: of the run that it is; one that waits for a person is `waiting` there."""

    name: Annotated[str, Field(examples=["brave-otter-7f3a"])]
    task: str
    run_status: Annotated[str, Field(examples=["succeeded"])]
    started_at: Moment | None = None
    completed_at: Moment | None = None
    cost: dict[str, int | float]


class AgentStateShown(BaseModel):
    """`last_run`: when the newest execution began; null before the first."""

    name: Annotated[str, Field(examples=["copywriter"])]
    team: Annotated[str, Field(examples=["marketing"])]
    status: Annotated[Literal["idle", "running", "error"], Field(examples=["idle"])]
    last_run: Moment | None = None


@router.post(
    "/execute",
    status_code=201,
    response_model=RunStarted,
    summary="Give an agent a task",
    openapi_extra=limited("start"),
    responses={201: _STREAM} | problems(404, 409),
)
async def execute(
    request: Request, who: Executor, platform: ThePlatform, body: ExecuteBody, wait: Wait = None, key: Key = None
) -> Response:
    """Durable when it is answered, and a run like any other: `Location` says where. Its output is `{text, data?, usage}`.

    With `Accept: text/event-stream` what the agent says and does as it happens, its approvals and its outcome. The
    execution goes on if the reader leaves; `/v1/runs/{id}/events` goes on where a stream was cut.
    """
    watch = _Watch(platform) if MEDIA_TYPE in request.headers.get("accept", "") else None
    try:
        started = await agent_runs.execute(
            platform,
            who,
            body.order,
            stage=body.stage,
            name=body.name,
            key=key,
            led=hops.read(request.headers.get(hops.HEADER, "0")),
            trace=request.headers.get(trace_ids.HEADER),
            before=watch and watch.begin,
        )
    except BaseException:
        if watch is not None:
            watch.leave()
        raise
    if watch is None:
        return await started_response(platform, started, wait)
    return EventStream(
        watch.reader(started.entry.id),
        SHOWN,
        lambda: admitted_still(request, "agents:execute"),
        status=201,
        headers={"Location": f"/v1/runs/{started.entry.id}"},
    )


@router.get(
    "/status/{id}",
    summary="How an execution stands",
    response_model_exclude_none=True,
    responses=problems(404),
)
async def execution_status(
    id: Annotated[str, Path(max_length=200, description="The run's id or name.")],  # noqa: A002  the word of the path
    who: Reader,
    platform: ThePlatform,
) -> ExecutionShown:
    """By the id that `execute` answered."""
    found = await agent_runs.execution_of(platform, who, id)
    return ExecutionShown.model_validate(_shown(found))


@router.get("/{name}/status", summary="What an agent is doing", responses=problems(404))
async def agent_status(name: Name, who: Reader, platform: ThePlatform) -> AgentStateShown:
    """`running` while any execution of it has not ended; `error` if the last one failed; else `idle`."""
    state = await agent_runs.state(platform, who, name)
    return AgentStateShown(name=state.name, team=state.team, status=state.status, last_run=moment(state.last_run))


@router.get("/{name}/runs", summary="The executions of an agent", responses=problems(404))
async def agent_runs_of(
    name: Name, who: Reader, platform: ThePlatform, limit: Limit = 50, cursor: Cursor = None
) -> Paged[ExecutionLine]:
    """Newest first, with what came of each."""
    found, after = await agent_runs.executions(platform, who, name, limit=limit, cursor=cursor)
    return Paged[ExecutionLine](
        items=[ExecutionLine.model_validate({**_shown(each), **_line(each)}) for each in found], next_cursor=after
    )


def _shown(execution: Execution) -> dict[str, Json]:
    return {
        "id": execution.id,
        "agent": execution.agent,
        "status": execution.status,
        "result": execution.result,
        "error": execution.error,
    }


def _line(execution: Execution) -> dict[str, Json]:
    return {
        "name": execution.name,
        "task": execution.task,
        "run_status": execution.run_status,
        "started_at": moment(execution.created_at),
        "completed_at": moment(execution.ended_at),
        "cost": execution.cost,
    }


class _Watch:
    """Looks on from before the beginning, so that the first words of a quick agent are seen too."""

    def __init__(self, platform: Platform) -> None:
        self._streams = platform.live.streams
        self._reader: EventReader | None = None

    def begin(self, run: str) -> None:
        self._reader = self._streams.reader_of_new(run)

    def leave(self) -> None:
        if self._reader is not None:
            self._reader.leave()

    def reader(self, run: str) -> EventReader:
        """Of a run that was there before (the key was used already): what is recorded, then what happens."""
        if self._reader is None or self._reader.channel.run != run:
            self.leave()
            self._reader = self._streams.reader(run)
        return self._reader
