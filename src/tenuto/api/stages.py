"""`/v1/stages`: where versions are published."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.paging import Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.stages import Stage
from tenuto.service import stages
from tenuto.service.flow_json import stage_json
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("flows:read")]
Publisher = Annotated[Principal, Can("flows:publish")]

Name = Annotated[str, Field(max_length=63, examples=["pre-prod"])]
Order = Annotated[int, Field(ge=0, le=1_000, examples=[2], description="Its place among the others, from 0.")]

Which = Annotated[str, Path(description="The stage's name.", examples=["staging"])]

router = Router(prefix="/v1/stages", tags=["stages"])


class StageShown(BaseModel):
    """A stage. At most one of a tenant is production: there only runs what is published there."""

    name: Name
    order: Order
    production: bool


class NewStage(BaseModel):
    """Without `order` it comes behind the others."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    order: Order | None = None
    production: bool = False


class StageChange(BaseModel):
    """What is left out stays as it is. `production: true` moves the mark here."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"production": True}]})

    order: Order | None = None
    production: bool | None = None


@router.get("", summary="List stages")
async def listing(who: Reader, tx: Reading) -> Paged[StageShown]:
    """In the order in which a flow moves through them. There are few, so this is one page."""
    return Paged[StageShown](items=[_shown(stage) for stage in await stages.listing(tx, who)])


@router.post("", status_code=201, summary="Create a stage", responses=problems(409))
async def create(body: NewStage, who: Publisher, platform: ThePlatform, tx: Writing) -> StageShown:
    """The name `mock` is reserved."""
    made = await stages.create(platform.flows, tx, who, body.name, order=body.order, production=body.production)
    return _shown(made)


@router.get("/{name}", summary="Show a stage", responses=problems(404, 409))
async def show(name: Which, who: Reader, tx: Reading) -> StageShown:
    """Its place, and whether it is production."""
    return _shown(await stages.get(tx, who, name))


@router.patch("/{name}", summary="Change a stage", responses=problems(404, 409))
async def change(name: Which, body: StageChange, who: Publisher, platform: ThePlatform, tx: Writing) -> StageShown:
    """Move it, or move the mark of production."""
    made = await stages.change(platform.flows, tx, who, name, order=body.order, production=body.production)
    return _shown(made)


@router.delete("/{name}", status_code=204, summary="Delete a stage", responses=problems(404, 409))
async def delete(name: Which, who: Publisher, platform: ThePlatform, tx: Writing) -> None:
    """Only an empty one; its own variables and secrets go with it."""
    await stages.delete(platform.flows, tx, who, name)


def _shown(stage: Stage) -> StageShown:
    return StageShown.model_validate(stage_json(stage))
