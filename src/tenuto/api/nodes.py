"""`/v1/nodes`: the node library, and one node tried alone."""

from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.paging import Cursor, Limit
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.sdk.package import Package
from tenuto.service import nodes
from tenuto.service.nodes import NodeCard, Trial
from tenuto.service.principal import Principal

Json = Any  # pydantic has no better word for a value that is JSON

Reader = Annotated[Principal, Can("nodes:read")]
Trier = Annotated[Principal, Can("nodes:try")]

Type = Annotated[str, Path(description="The node's type.", examples=["http.request"])]

router = Router(prefix="/v1/nodes", tags=["nodes"])


class NodeShown(BaseModel):
    """A node of the library. `structure`: built into every flow. `trouble`: why it cannot be used, where it cannot."""

    type: Annotated[str, Field(examples=["http.request"])]
    package: Annotated[str, Field(examples=["http"])]
    description: str
    structure: bool
    effects: Annotated[str, Field(examples=["idempotent"], description="`once`: a crash never makes it run twice.")]
    ports: list[str]
    input_schema: Annotated[dict[str, Json] | None, Field(description="JSON Schema of what stands in `with`.")]
    output_schema: dict[str, Json] | None
    secrets: Annotated[list[str], Field(description="Names of the secrets that it reads by itself.")]
    timeout: Annotated[float | None, Field(description="Seconds that an attempt may take, unless the flow says.")]
    trouble: str = ""


class PackageShown(BaseModel):
    """The card of a package: what a palette groups by."""

    name: Annotated[str, Field(examples=["http"])]
    title: Annotated[str, Field(examples=["HTTP"])]
    icon: str
    description: str
    nodes: list[str]


class NodePage(BaseModel):
    """A page of nodes, by package. `packages`: all of them, whatever the page."""

    items: list[NodeShown]
    packages: list[PackageShown]
    next_cursor: str | None = None


class TryBody(BaseModel):
    """`input`: what would stand in `with`; nothing in it is an expression. `stage`: whose variables and secrets hold."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"input": {"value": 1}}]})

    input: dict[str, Json] = {}
    stage: Annotated[str | None, Field(max_length=63)] = None


class Tried(BaseModel):
    """`run`: the run that it was, to be looked at like any other."""

    run: Annotated[str, Field(examples=["0192f0c1a2b37c4d8e5f60718293a4b5"])]
    name: str | None
    status: Annotated[str, Field(examples=["succeeded"])]
    output: Json = None
    error: dict[str, Json] | None = None


@router.get("", summary="List nodes", responses=problems(404))
async def listing(
    who: Reader,
    platform: ThePlatform,
    limit: Limit = 50,
    cursor: Cursor = None,
    package: Annotated[str | None, Query(max_length=63, description="Only those of this package.")] = None,
    q: Annotated[str, Query(max_length=63, description="A part of the type.")] = "",
) -> NodePage:
    """The library: what every flow has, what is installed, what the project brings, each with its form."""
    del who
    registry = platform.registry
    found, after = nodes.listing(registry, package=package, q=q, after=cursor or "", limit=limit)
    cards = [_package(card) for card in nodes.packages(registry)]
    return NodePage(items=[_node(card) for card in found], packages=cards, next_cursor=after)


@router.get("/{type}", summary="Show a node", responses=problems(404))
async def show(type: Type, who: Reader, platform: ThePlatform) -> NodeShown:  # noqa: A002  the word of the path
    """One node with its form, its ports and its effects."""
    del who
    return _node(nodes.get(platform.registry, type))


@router.post(
    "/{type}/try",
    summary="Try a node",
    openapi_extra=limited("start"),
    responses={202: {"model": Tried, "description": "It has not ended within 30 seconds; look at the run."}}
    | problems(404, 409),
)
async def attempt(
    type: Type,  # noqa: A002  the word of the path
    body: TryBody,
    who: Trier,
    platform: ThePlatform,
    response: Response,
) -> Tried:
    """Run one node alone, as a run of a flow that has only this node, and wait for it. It really does what it does.

    Needs `runs:write` as well, and is refused on the production stage.
    """
    trial = await nodes.attempt(platform, who, type, body.input, stage=body.stage)
    if trial.outcome is None:
        response.status_code = 202
        response.headers["Location"] = f"/v1/runs/{trial.run}"
    return _tried(trial)


def _node(card: NodeCard) -> NodeShown:
    return NodeShown.model_validate(card, from_attributes=True)


def _package(card: Package) -> PackageShown:
    return PackageShown(
        name=card.name, title=card.title, icon=card.icon, description=card.description, nodes=list(card.nodes)
    )


def _tried(trial: Trial) -> Tried:
    outcome = trial.outcome
    if outcome is None:
        return Tried(run=trial.run, name=None, status="running")
    error = None if outcome.error is None else dict(outcome.error)
    return Tried(run=trial.run, name=outcome.name, status=outcome.status, output=outcome.output, error=error)
