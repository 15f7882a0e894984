"""`/v1/variables`: what `vars.NAME` means in the runs of a stage."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.secrets import OfStage, Stage
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.sealed import ANY_STAGE
from tenuto.ports.values import Value
from tenuto.service import variables
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("variables:read")]
Writer = Annotated[Principal, Can("variables:write")]

router = Router(prefix="/v1/variables", tags=["variables"])


class VariableShown(BaseModel):
    """A variable of a stage, or of every stage (`*`)."""

    name: Annotated[str, Field(examples=["TONE"])]
    stage: Annotated[str, Field(examples=["*"])]
    value: Annotated[Any, Field(examples=["friendly"])]
    updated_at: Moment
    by: Annotated[str, Field(examples=["ann"])]


class VariableBody(BaseModel):
    """Any JSON value, up to 64 kB."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"value": "friendly"}]})

    value: Any


@router.get("", summary="List variables", responses=problems(404))
async def listing(
    who: Reader, tx: Reading, stage: OfStage = None, limit: Limit = 50, cursor: Cursor = None
) -> Paged[VariableShown]:
    """By name, with the stage that each is for. Those of `tenuto.toml` lie below these and are not listed."""
    page = await variables.listing(tx, who, stage=stage, limit=limit, cursor=cursor)
    return Paged[VariableShown](items=[_shown(value) for value in page.items], next_cursor=page.next_cursor)


@router.get("/{name}", summary="Show a variable", responses=problems(404))
async def show(name: str, who: Reader, tx: Reading, stage: Stage = ANY_STAGE) -> VariableShown:
    """Exactly there: what holds for every stage is at `*`."""
    return _shown(await variables.get(tx, who, name, stage=stage))


@router.put("/{name}", summary="Set a variable", responses=problems(404))
async def put(
    name: str, body: VariableBody, who: Writer, platform: ThePlatform, tx: Writing, stage: Stage = ANY_STAGE
) -> VariableShown:
    """A new variable, or another value for one. Runs that have begun keep what they were given."""
    made = await variables.put(platform.variables, tx, who, name, body.value, stage=stage, at=platform.clock())
    return _shown(made)


@router.delete("/{name}", status_code=204, summary="Delete a variable", responses=problems(404))
async def delete(name: str, who: Writer, platform: ThePlatform, tx: Writing, stage: Stage = ANY_STAGE) -> None:
    """Only there: the one of a stage and the one of every stage are two."""
    await variables.delete(platform.variables, tx, who, name, stage=stage, at=platform.clock())


def _shown(value: Value) -> VariableShown:
    return VariableShown.model_validate(variables.variable_json(value))
