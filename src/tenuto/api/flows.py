"""`/v1/flows`: saved, validated, listed, compared, published, taken along."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import Path, Query, Response
from fastapi.requests import Request

from tenuto.api.access import Can
from tenuto.api.documents import AS_YAML, DOCUMENT_BODY, Document, wants_yaml
from tenuto.api.errors import problems
from tenuto.api.flow_shapes import (
    DiffShown,
    DraftLine,
    Finding,
    FlowLine,
    FlowShown,
    ImportedAgent,
    ImportedShown,
    PublicationLine,
    PublicationShown,
    PublishBody,
    SavedFlow,
    Validation,
    VersionLine,
)
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.publications import Publication, PublicationChange
from tenuto.service import agent_lines, bundles, flow_json, flows, publications, transfer
from tenuto.service.flows import YAML
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

ZIP: Final = "application/zip"
_FILES: Final[dict[str, Any]] = {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}
_ZIP_BODY: Final[dict[str, Any]] = {"requestBody": {"required": True, **_FILES}}

Reader = Annotated[Principal, Can("flows:read")]
Writer = Annotated[Principal, Can("flows:write")]
Publisher = Annotated[Principal, Can("flows:publish")]
Name = Annotated[str, Path(description="The flow's name.", examples=["research"])]
Stage = Annotated[str, Path(description="The stage's name.", examples=["prod"])]
Version = Annotated[str, Path(description="A number or a hash.", examples=["3"])]
WhichVersion = Annotated[
    str | None, Query(max_length=64, description="A version's number or hash; without it, the newest.", examples=["3"])
]

router = Router(prefix="/v1/flows", tags=["flows"], documents=True)
large = Router(prefix="/v1/flows", tags=["flows"])  # its bodies are bundles
drafts = Router(prefix="/v1/drafts", tags=["flows"])


@router.post(
    "",
    status_code=201,
    summary="Save a flow",
    response_model_exclude_none=True,
    openapi_extra=DOCUMENT_BODY,
    responses={200: {"model": SavedFlow, "description": "It is there already: the newest version says the same."}}
    | problems(409, 415),
)
async def save(
    who: Writer,
    document: Document,
    platform: ThePlatform,
    tx: Writing,
    response: Response,
    *,
    draft: Annotated[bool, Query(description="Keep it as a draft, whatever problems it has.")] = False,
    name: Annotated[str, Query(max_length=63, description="Of a draft whose document does not say it.")] = "",
) -> SavedFlow:
    """Each change is a new version; what means the same as the newest is none, and answers 200."""
    if draft:
        saved = await flows.save_draft(platform.flows, tx, who, document, name)
    else:
        saved = await flows.save(platform.flows, tx, who, document)
    response.status_code = 201 if saved.new else 200
    return SavedFlow.model_validate(flow_json.saved_json(saved))


@router.post(
    "/validate", summary="Check a flow", response_model_exclude_none=True, openapi_extra=DOCUMENT_BODY,
    responses=problems(415),
)  # fmt: skip
async def validate(who: Reader, document: Document) -> Validation:
    """Says what is wrong with a document, and never saves it. Problems are an answer here: 200."""
    del who
    flow = document.loaded.flow
    return Validation(
        ok=flow is not None,
        name=document.name or None,
        hash=flow.hash if flow else None,
        problems=[_finding(each) for each in document.loaded.problems],
    )


@router.get("", summary="List flows")
async def listing(
    who: Reader,
    platform: ThePlatform,
    tx: Reading,
    limit: Limit = 50,
    cursor: Cursor = None,
    q: Annotated[str, Query(max_length=63, description="A part of the name.")] = "",
) -> Paged[FlowLine]:
    """By name, each with its newest version and where it is published."""
    page = await flows.listing(platform.flows, tx, who, q=q, limit=limit, cursor=cursor)
    return Paged[FlowLine](
        items=[FlowLine.model_validate(flow_json.listed_json(each)) for each in page.items],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/{name}",
    response_model=FlowShown,
    summary="Show a flow",
    responses={200: AS_YAML} | problems(404, 415),
)
async def show(
    name: Name,
    who: Reader,
    request: Request,
    platform: ThePlatform,
    tx: Reading,
    *,
    version: WhichVersion = None,
    draft: Annotated[bool, Query(description="Its draft instead of a version.")] = False,
) -> Any:
    """The newest version, or the one asked for. With `Accept: application/yaml` the text as it was written.

    A flow that has never been saved without problems is shown as the draft that it is.
    """
    shown = await flows.get(platform.flows, tx, who, name, version, draft=draft)
    if wants_yaml(request):
        return Response(flows.text_of(shown, YAML), media_type=YAML)
    if shown.version is not None:
        return flow_json.shown_json(shown)
    assert shown.draft is not None
    found = await flows.read(shown.draft.source.encode(), shown.draft.media_type, platform.flows.library)
    return flow_json.draft_json(shown.draft, found.loaded.document, found.loaded.problems)


@router.delete("/{name}", status_code=204, summary="Delete a flow", responses=problems(404, 409))
async def delete(
    name: Name,
    who: Writer,
    platform: ThePlatform,
    tx: Writing,
    *,
    draft: Annotated[bool, Query(description="Only its draft.")] = False,
) -> None:
    """Forget a flow with all its versions. Refused while it is published or has runs that have not ended; the runs that
    have ended stay readable."""
    if draft:
        await flows.delete_draft(tx, who, name)
    else:
        await flows.delete(platform.flows, tx, who, name)


@router.get("/{name}/versions", summary="List the versions of a flow", responses=problems(404))
async def history(name: Name, who: Reader, tx: Reading, limit: Limit = 50, cursor: Cursor = None) -> Paged[VersionLine]:
    """The newest first."""
    page = await flows.history(tx, who, name, limit=limit, cursor=cursor)
    return Paged[VersionLine](
        items=[VersionLine.model_validate(flow_json.version_json(each)) for each in page.items],
        next_cursor=page.next_cursor,
    )


@router.get(
    "/{name}/versions/{version}",
    response_model=FlowShown,
    summary="Show a version of a flow",
    responses={200: AS_YAML} | problems(404),
)
async def show_version(
    name: Name, version: Version, who: Reader, request: Request, platform: ThePlatform, tx: Reading
) -> Any:
    """By its number or its hash. A version never changes."""
    shown = await flows.get(platform.flows, tx, who, name, version)
    if wants_yaml(request):
        return Response(flows.text_of(shown, YAML), media_type=YAML)
    return flow_json.shown_json(shown)


@router.get("/{name}/diff", summary="Compare two versions", responses=problems(404))
async def diff(
    name: Name,
    who: Reader,
    tx: Reading,
    before: Annotated[str | None, Query(alias="from", max_length=64, examples=["2"])] = None,
    after: Annotated[str | None, Query(alias="to", max_length=64, examples=["3"])] = None,
) -> DiffShown:
    """Which paths differ between two versions; the newest and the one before it, unless others are asked for."""
    return DiffShown.model_validate(flow_json.diff_json(await flows.diff(tx, who, name, before, after)))


@router.get("/{name}/stages", summary="Where a flow is published", responses=problems(404))
async def stages(name: Name, who: Reader, tx: Reading) -> Paged[PublicationShown]:
    """Each stage that has a version of it."""
    found = await publications.of_flow(tx, who, name)
    return Paged[PublicationShown](items=[_publication(each) for each in found])


@router.get("/{name}/publications", summary="What was published when", responses=problems(404))
async def published(
    name: Name, who: Reader, tx: Reading, limit: Limit = 50, cursor: Cursor = None
) -> Paged[PublicationLine]:
    """What was published and taken back, the newest first."""
    page = await publications.history(tx, who, name, limit=limit, cursor=cursor)
    return Paged[PublicationLine](items=[_publication_line(each) for each in page.items], next_cursor=page.next_cursor)


@router.put("/{name}/stages/{stage}", summary="Publish a version", responses=problems(404, 409))
async def publish(
    name: Name, stage: Stage, body: PublishBody, who: Publisher, platform: ThePlatform, tx: Writing
) -> PublicationShown:
    """Let a version hold in a stage, in place of the one before; an older one takes it back to that. Runs that are on
    their way keep the version they began with."""
    return _publication(await publications.publish(platform.flows, tx, who, name, stage, body.version))


@router.delete("/{name}/stages/{stage}", status_code=204, summary="Unpublish a flow", responses=problems(404, 409))
async def unpublish(name: Name, stage: Stage, who: Publisher, platform: ThePlatform, tx: Writing) -> None:
    """Take the flow back from a stage: its triggers there end, its runs go on."""
    await publications.unpublish(platform.flows, tx, who, name, stage)


@router.get(
    "/{name}/export",
    response_class=Response,
    summary="Export a flow",
    responses={
        200: {
            **_FILES,
            "description": "A zip with the flow, those that it calls, the agents that it names, and `tenuto.toml`.",
        }
    }
    | problems(404),
)
async def export(name: Name, who: Reader, platform: ThePlatform, tx: Reading, version: WhichVersion = None) -> Response:
    """As files fit for Git: the flow, the flows that it calls, the agents of your own that it names, and the names of what
    else it needs. Never a secret."""
    files = await transfer.export(platform.flows, tx, who, name, version, platform.registry)
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return Response(bundles.pack(files), media_type=ZIP, headers=headers)


@large.post(
    "/import",
    status_code=201,
    summary="Import flows",
    response_model_exclude_none=True,
    openapi_extra=_ZIP_BODY,
    responses=problems(409, 415),
)
async def import_(who: Writer, request: Request, platform: ThePlatform) -> ImportedShown:
    """A zip as `export` makes it, all of it or nothing: each flow becomes a version, and so does each agent, which takes the
    permission `agents:write` as well. Nothing is published."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != ZIP:
        raise Refused("unsupported_media_type", "a bundle is a zip file", f"send `Content-Type: {ZIP}`")
    files = await asyncio.to_thread(bundles.unpack, await request.body())
    bundle, texts = await transfer.read(platform.flows, files)
    async with platform.store.write() as tx:
        done = await transfer.admit(platform.flows, tx, who, bundle, texts)
    return ImportedShown(
        flows=[SavedFlow.model_validate(flow_json.saved_json(each)) for each in done.saved],
        agents=[ImportedAgent.model_validate(agent_lines.saved_json(each)) for each in done.agents],
        problems=[_finding(each) for each in done.problems],
    )


@drafts.get("", summary="List drafts")
async def written(who: Reader, tx: Reading, limit: Limit = 50, cursor: Cursor = None) -> Paged[DraftLine]:
    """What is being written, by name of the flow; some of it has never been saved as a version."""
    page = await flows.drafts(tx, who, limit=limit, cursor=cursor)
    return Paged[DraftLine](
        items=[DraftLine.model_validate(flow_json.draft_line_json(each)) for each in page.items],
        next_cursor=page.next_cursor,
    )


def _finding(problem: Any) -> Finding:
    return Finding.model_validate(flow_json.problem_json(problem))


def _publication(publication: Publication) -> PublicationShown:
    return PublicationShown.model_validate(flow_json.publication_json(publication))


def _publication_line(change: PublicationChange) -> PublicationLine:
    return PublicationLine.model_validate(flow_json.publication_change_json(change))
