"""`/v1/tools`: what agents may call, with its schema; called by people and programs, too; services registered as tools.

Names have colons and slashes (`mcp:tickets/search`), which stand in the path as they are.
"""

from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Writing
from tenuto.sdk.agents import Tool
from tenuto.service import http_services, tool_calls
from tenuto.service.nodes import Trial
from tenuto.service.principal import Principal
from tenuto.service.tools.services import METHODS, service_json

Json = Any  # pydantic has no better word for a value that is JSON

Reader = Annotated[Principal, Can("tools:read")]
Caller = Annotated[Principal, Can("tools:call")]
Writer = Annotated[Principal, Can("tools:write")]

Name = Annotated[
    str, Path(description="The tool's whole name.", examples=["mcp:tickets/search"], min_length=1, max_length=300)
]
Stage = Annotated[str | None, Query(max_length=63, description="What holds there; `dev` unless said.")]

router = Router(prefix="/v1/tools", tags=["tools"])


class ToolShown(BaseModel):
    """A tool. `trusted`: what it answers comes from the tenant's own systems. `sends`: what it is given leaves them."""

    name: Annotated[str, Field(examples=["mcp:tickets/search"])]
    kind: Annotated[str, Field(examples=["mcp"])]
    description: str
    parameters: Annotated[dict[str, Json], Field(description="JSON Schema of its arguments.")]
    effects: Annotated[str, Field(examples=["idempotent"], description="`once`: a crash never makes it run twice.")]
    durable: Annotated[bool, Field(description="It records steps of its own, and may take days.")]
    timeout: Annotated[float | None, Field(description="Seconds that a call may take.")]
    trusted: bool
    sends: bool


class CallBody(BaseModel):
    """`arguments` must fit the tool's `parameters`. `stage`: whose secrets and variables hold."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"arguments": {"query": "otters"}}]})

    arguments: dict[str, Json] = {}
    stage: Annotated[str | None, Field(max_length=63)] = None


class Called(BaseModel):
    """`run`: the run that it was, to be looked at like any other. An output of more than 64 kB is a file,
    `{file, size, beginning}`: `GET /v1/files/{id}` with the id in `file` answers all of it."""

    run: Annotated[str, Field(examples=["0192f0c1a2b37c4d8e5f60718293a4b5"])]
    name: str | None
    status: Annotated[str, Field(examples=["succeeded"])]
    output: Json = None
    error: dict[str, Json] | None = None


class ServiceBody(BaseModel):
    """A service that is asked by HTTP. `{name}` in the path or query of `url` is filled from the arguments."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://shop.example.com/orders/{id}", "method": "GET"}]},
    )

    url: Annotated[str, Field(max_length=2_000)]
    method: Annotated[str, Field(pattern=f"^({'|'.join(METHODS)})$")] = "POST"
    description: Annotated[str, Field(max_length=4_000)] = ""
    parameters: dict[str, Json] = {"type": "object"}
    headers: Annotated[dict[str, str], Field(max_length=50)] = {}
    secret: Annotated[str, Field(max_length=63, description="The secret whose value goes into `header`.")] = ""
    header: Annotated[str, Field(max_length=100)] = "Authorization"
    scheme: Annotated[str, Field(max_length=50)] = "Bearer"
    effects: Annotated[str | None, Field(pattern="^(once|idempotent)$")] = None
    timeout: Annotated[float, Field(gt=0, le=600)] = 30.0
    trusted: bool = True
    sends: bool | None = None


@router.get("", summary="List tools", responses=problems(404))
async def listing(
    who: Reader,
    platform: ThePlatform,
    stage: Stage = None,
    kind: Annotated[
        str | None, Query(max_length=20, description="Only `node`, `flow`, `agent`, `http`, `mcp`.")
    ] = None,
    q: Annotated[str, Query(max_length=63, description="A part of the name.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Paged[ToolShown]:
    """By name. Of MCP servers, what an administrator approved."""
    found, after = await tool_calls.listing(platform, who, stage=stage, kind=kind, q=q, after=cursor or "", limit=limit)
    return Paged[ToolShown](items=[_shown(tool) for tool in found], next_cursor=after)


@router.post(
    "/{name:path}/call",
    summary="Call a tool",
    openapi_extra=limited("start"),
    responses={202: {"model": Called, "description": "No answer within 30 seconds; look at the run."}}
    | problems(404, 409, 503),
)
async def call(name: Name, body: CallBody, who: Caller, platform: ThePlatform, response: Response) -> Called:
    """Call it as a run of its own, and wait for the answer. The arguments are checked before.

    A flow needs `runs:write` as well, an agent `agents:execute`, a node `nodes:try`.
    """
    trial = await tool_calls.call(platform, who, name, body.arguments, stage=body.stage)
    if trial.outcome is None:
        response.status_code = 202
        response.headers["Location"] = f"/v1/runs/{trial.run}"
    return _called(trial)


@router.get("/{name:path}", summary="Show a tool", responses=problems(404, 503))
async def show(name: Name, who: Reader, platform: ThePlatform, stage: Stage = None) -> ToolShown:
    """One tool with its schema. A name that is nearly right is told what it could mean."""
    return _shown(await tool_calls.get(platform, who, name, stage=stage))


@router.put(
    "/{name:path}",
    summary="Register a service",
    responses={201: {"model": dict[str, Json], "description": "It is new."}} | problems(404, 409),
)
async def put(
    name: Name, body: ServiceBody, who: Writer, platform: ThePlatform, tx: Writing, response: Response
) -> dict[str, Json]:
    """A service by HTTP becomes the tool `http:NAME`. Its host is reached if it is a public one."""
    given = body.model_dump(exclude_none=True)
    service, new = await http_services.put(platform, tx, who, name, given, at=platform.clock())
    response.status_code = 201 if new else 200
    return dict(service_json(service))


@router.delete("/{name:path}", status_code=204, summary="Delete a service", responses=problems(404, 409))
async def delete(name: Name, who: Writer, platform: ThePlatform, tx: Writing) -> None:
    """Agents that name it go on without it."""
    await http_services.delete(platform, tx, who, name, at=platform.clock())


def _shown(tool: Tool) -> ToolShown:
    return ToolShown.model_validate(tool_calls.tool_json(tool))


def _called(trial: Trial) -> Called:
    outcome = trial.outcome
    if outcome is None:
        return Called(run=trial.run, name=None, status="running")
    error = None if outcome.error is None else dict(outcome.error)
    return Called(run=trial.run, name=outcome.name, status=outcome.status, output=outcome.output, error=error)
