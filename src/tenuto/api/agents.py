"""`/v1/agents`: what agents there are, and their files. What they do is in `agent_runs`."""

from typing import Annotated, Any, Final, Literal

from fastapi import Header, Path, Query, Request, Response

from tenuto.api.access import Can
from tenuto.api.agent_shapes import AgentBody, AgentLine, AgentShown, AgentVersionLine, SavedAgent
from tenuto.api.documents import wants
from tenuto.api.errors import problems
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading, Writing
from tenuto.documents.agent_text import agent_text
from tenuto.service import agent_lines, agents
from tenuto.service.agents import JSON, MARKDOWN, MEDIA_TYPES, Shown
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("agents:read")]
Writer = Annotated[Principal, Can("agents:write")]
Name = Annotated[str, Path(max_length=200, description="The agent's name.", examples=["copywriter"])]
Number = Annotated[int, Path(ge=1, le=999_999_999, description="Of the version.", examples=[3])]
Match = Annotated[
    str | None,
    Header(alias="If-Match", max_length=500, description="The `ETag` that it must have now; refused with 412 else."),
]

_EXAMPLE: Final = """\
---
name: editor
description: Edits.
model: inherit
tools: [ask_person]
---

You are an editor.
"""
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "The agent's file, or the same as JSON; at most 1 MB.",
        "content": {
            MARKDOWN: {"schema": {"type": "string"}, "example": _EXAMPLE},
            JSON: {"schema": AgentBody.model_json_schema()},
        },
    }
}
_AS_MARKDOWN: Final[dict[str, Any]] = {"content": {MARKDOWN: {"schema": {"type": "string"}, "example": _EXAMPLE}}}

router = Router(prefix="/v1/agents", tags=["agents"], documents=True)


@router.get("", summary="List agents", response_model_exclude_none=False)
async def listing(
    who: Reader,
    platform: ThePlatform,
    tx: Reading,
    limit: Limit = 50,
    cursor: Cursor = None,
    team: Annotated[str | None, Query(max_length=200, description="Only of that team.", examples=["marketing"])] = None,
    source: Annotated[Literal["catalog", "store", "folder"] | None, Query(description="Only from there.")] = None,
    q: Annotated[str, Query(max_length=63, description="A part of the name.")] = "",
) -> Paged[AgentLine]:
    """By name: those that come with Tenuto, and in their place what was saved here under the same name."""
    page = await agents.listing(platform.agents, tx, who, team=team, source=source, q=q, limit=limit, cursor=cursor)
    return Paged[AgentLine](
        items=[AgentLine.model_validate(agent_lines.line_json(each)) for each in page.items],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/{name}", response_model=AgentShown, summary="Show an agent", responses={200: _AS_MARKDOWN} | problems(404)
)
async def show(name: Name, who: Reader, request: Request, platform: ThePlatform, response: Response) -> Any:
    """With `Accept: text/markdown` its file as it was written. `ETag` is the hash of what it means."""
    async with platform.store.read() as tx:
        shown = await agents.show(platform.agents, tx, who, name)
    return await _answer(shown, who, request, platform, response)


@router.put(
    "/{name}",
    status_code=201,
    summary="Save an agent",
    openapi_extra=_BODY,
    responses={200: {"model": SavedAgent, "description": "It is there already: the newest version says the same."}}
    | problems(409, 412, 415),
)
async def save(
    name: Name, who: Writer, request: Request, platform: ThePlatform, response: Response, match: Match = None
) -> SavedAgent:
    """Each change is a new version; what means the same as the newest is none, and answers 200. Runs in flight keep theirs.

    A tool that is not there is a warning, not a refusal: the agent runs without it.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    checked = await agents.read(platform.agents, who, await request.body(), media_type, name)
    async with platform.store.write() as tx:
        saved = await agents.save(platform.agents, tx, who, name, checked, match=_hashes(match))
    response.status_code = 201 if saved.new else 200
    response.headers["ETag"] = f'"{saved.hash}"'
    return SavedAgent.model_validate(agent_lines.saved_json(saved, checked.problems))


@router.delete("/{name}", status_code=204, summary="Delete an agent", responses=problems(404, 409, 412))
async def delete(name: Name, who: Writer, platform: ThePlatform, tx: Writing, match: Match = None) -> None:
    """It is not found any more, its versions stay readable. One that comes with Tenuto comes to light again."""
    await agents.delete(platform.agents, tx, who, name, match=_hashes(match))


@router.get("/{name}/versions", summary="List the versions of an agent", responses=problems(404))
async def history(
    name: Name, who: Reader, platform: ThePlatform, tx: Reading, limit: Limit = 50, cursor: Cursor = None
) -> Paged[AgentVersionLine]:
    """The newest first; also of an agent that was deleted. One that comes with Tenuto has none."""
    page = await agents.history(platform.agents, tx, who, name, limit=limit, cursor=cursor)
    return Paged[AgentVersionLine](
        items=[AgentVersionLine.model_validate(agent_lines.version_json(each)) for each in page.items],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/{name}/versions/{version}",
    response_model=AgentShown,
    summary="Show a version of an agent",
    responses={200: _AS_MARKDOWN} | problems(404),
)
async def show_version(
    name: Name, version: Number, who: Reader, request: Request, platform: ThePlatform, response: Response
) -> Any:
    """A version never changes."""
    async with platform.store.read() as tx:
        shown = await agents.show_version(platform.agents, tx, who, name, version)
    return await _answer(shown, who, request, platform, response)


async def _answer(shown: Shown, who: Principal, request: Request, platform: ThePlatform, response: Response) -> Any:
    """No transaction is open here: servers may be asked which of its tools there are."""
    tag = f'"{shown.agent.version}"'
    if wants(request, MARKDOWN, MEDIA_TYPES):
        text = shown.version.source if shown.version else agent_text(shown.agent)
        return Response(text, media_type=MARKDOWN, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return agent_lines.shown_json(shown, await agents.lacking(platform.agents, who, shown.agent))


def _hashes(match: str | None) -> list[str]:
    """Of `If-Match: "9f86d081884c", W/"…"`, or `*`."""
    return [each.strip().removeprefix("W/").strip('"') for each in (match or "").split(",") if each.strip()]
