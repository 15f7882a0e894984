"""`/v1/mcp-servers`: servers whose tools agents may call; what they define is approved, and approved anew when it changes."""

from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.service import mcp_servers
from tenuto.service.mcp_servers import ServerState
from tenuto.service.principal import Principal

Json = Any  # pydantic has no better word for a value that is JSON

Writer = Annotated[Principal, Can("tools:write")]
Server = Annotated[str, Path(description="The server's name.", examples=["tickets"], max_length=63)]
Stage = Annotated[str | None, Query(max_length=63, description="Whose secrets it is asked with; `dev` unless said.")]

router = Router(prefix="/v1/mcp-servers", tags=["tools"])


class ToolOfServer(BaseModel):
    """`state`: `approved`, `changed` or `new` (refused until approved), or `gone`. `diff`: what differs from what was approved."""

    name: Annotated[str, Field(examples=["search"])]
    state: Annotated[str, Field(examples=["approved"])]
    description: str
    hash: Annotated[str, Field(description="Of its definition as it is shown; to be sent back when it is approved.")]
    diff: list[str]


class ServerShown(BaseModel):
    """Of its environment and headers only the names are told. `trouble`: why it could not be asked."""

    name: Annotated[str, Field(examples=["tickets"])]
    source: Annotated[str, Field(examples=["registered"], description="Or `settings`.")]
    command: list[str]
    env: list[str]
    secrets: Annotated[dict[str, str], Field(description="By variable, the name of the secret that it holds.")]
    url: str
    headers: list[str]
    secret: str
    header: str
    scheme: str
    timeout: float
    trusted: bool
    trouble: str
    asked: Annotated[bool, Field(description="False: nobody has, so its tools are not known. Showing it asks it.")]
    tools: list[ToolOfServer]


class Servers(BaseModel):
    """All of them."""

    items: list[ServerShown]
    next_cursor: str | None = None


class ServerBody(BaseModel):
    """A `url`, or a `command` of this machine (which needs `admin:system`); secrets are named, never sent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "tickets", "url": "https://mcp.example.com/mcp", "secret": "tickets"}]
        },
    )

    name: Annotated[str, Field(max_length=63)]
    url: Annotated[str, Field(max_length=2_000)] = ""
    headers: Annotated[dict[str, str], Field(max_length=50)] = {}
    secret: Annotated[str, Field(max_length=63, description="The secret whose value goes into `header`.")] = ""
    header: Annotated[str, Field(max_length=100)] = "Authorization"
    scheme: Annotated[str, Field(max_length=50)] = "Bearer"
    command: Annotated[list[str], Field(max_length=100)] = []
    env: Annotated[dict[str, str], Field(max_length=100)] = {}
    secrets: Annotated[dict[str, str], Field(max_length=100)] = {}
    timeout: Annotated[float, Field(gt=0, le=600)] = 60.0
    trusted: Annotated[bool, Field(description="What it answers is the tenant's own, not text of strangers.")] = False


class ApproveBody(BaseModel):
    """By tool, the hash of the definition that was looked at."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tools": {"search": "5feceb66…"}}]})

    tools: Annotated[dict[str, str], Field(min_length=1, max_length=500)]


@router.get("", summary="List MCP servers")
async def listing(who: Writer, platform: ThePlatform) -> Servers:
    """With the tools that were approved. Nobody is asked."""
    return Servers(items=[_shown(state) for state in await mcp_servers.listing(platform, who)])


@router.post("", status_code=201, summary="Register an MCP server", responses=problems(409))
async def register(
    body: ServerBody, who: Writer, platform: ThePlatform, response: Response, stage: Stage = None
) -> ServerShown:
    """It is asked at once what it offers, and that is approved. One that does not answer is asked again later.

    A server of that name is put in its place.
    """
    given = body.model_dump(exclude={"name"}, exclude_unset=True)
    state = await mcp_servers.register(platform, who, body.name, given, stage=stage)
    response.headers["Location"] = f"/v1/mcp-servers/{body.name}"
    return _shown(state)


@router.get("/{server}", summary="Show an MCP server", responses=problems(404))
async def show(server: Server, who: Writer, platform: ThePlatform, stage: Stage = None) -> ServerShown:
    """Asks it what it offers now, and shows what has changed since it was approved."""
    return _shown(await mcp_servers.get(platform, who, server, stage=stage))


@router.post("/{server}/approve", summary="Approve definitions", responses=problems(404, 409, 503))
async def approve(
    server: Server, body: ApproveBody, who: Writer, platform: ThePlatform, stage: Stage = None
) -> ServerShown:
    """What was looked at is what is approved: a definition that has changed meanwhile is refused."""
    return _shown(await mcp_servers.approve(platform, who, server, body.tools, stage=stage))


@router.delete("/{server}", status_code=204, summary="Delete an MCP server", responses=problems(404, 409))
async def delete(server: Server, who: Writer, platform: ThePlatform) -> None:
    """With everything that was approved of it."""
    await mcp_servers.delete(platform, who, server)


def _shown(state: ServerState) -> ServerShown:
    return ServerShown.model_validate(mcp_servers.state_json(state))
