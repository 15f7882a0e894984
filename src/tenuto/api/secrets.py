"""`/v1/secrets`: set and deleted, listed by name. A value goes in and never comes out."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.sealed import ANY_STAGE, SealedEntry
from tenuto.service import secrets
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("secrets:read")]
Writer = Annotated[Principal, Can("secrets:write")]
Where: Final = "For which stage; `*` is every stage that has none of its own."
Stage = Annotated[str, Query(max_length=63, description=Where, examples=["prod"])]
OfStage = Annotated[
    str | None, Query(max_length=63, description="Only those of this stage; `*`: those of every stage.")
]

router = Router(prefix="/v1/secrets", tags=["secrets"])


class SecretShown(BaseModel):
    """All that is ever told of a secret. `version` counts its values."""

    name: Annotated[str, Field(examples=["SLACK_TOKEN"])]
    stage: Annotated[str, Field(examples=["prod"])]
    version: Annotated[int, Field(examples=[1])]
    updated_at: Moment
    by: Annotated[str, Field(examples=["ann"])]
    hosts: Annotated[list[str], Field(examples=[["slack.com"]])]


class SecretBody(BaseModel):
    """The value, 4 characters to 64 kB."""

    model_config = ConfigDict(
        extra="forbid", hide_input_in_errors=True, json_schema_extra={"examples": [{"value": "xoxb-…"}]}
    )

    value: Annotated[str, Field(max_length=secrets.LONGEST, json_schema_extra={"writeOnly": True})]
    hosts: Annotated[
        list[Annotated[str, Field(max_length=253)]],
        Field(
            max_length=secrets.MOST_HOSTS,
            description="Nodes that are given it reach these hosts alone (`slack.com`, `*.slack.com`); none: any.",
            examples=[["slack.com"]],
        ),
    ] = []


@router.get("", summary="List secrets", responses=problems(404))
async def listing(
    who: Reader, tx: Reading, stage: OfStage = None, limit: Limit = 50, cursor: Cursor = None
) -> Paged[SecretShown]:
    """By name, with the stage that each is for. Values are never shown."""
    page = await secrets.listing(tx, who, stage=stage, limit=limit, cursor=cursor)
    return Paged[SecretShown](items=[_shown(entry) for entry in page.items], next_cursor=page.next_cursor)


@router.put(
    "/{name}",
    summary="Set a secret",
    responses={201: {"model": SecretShown, "description": "It is new."}} | problems(404),
)
async def put(
    name: str,
    body: SecretBody,
    who: Writer,
    platform: ThePlatform,
    tx: Writing,
    response: Response,
    stage: Stage = ANY_STAGE,
) -> SecretShown:
    """A new secret, or another value for one. The next node that asks for it is given this value."""
    made = await secrets.put(
        platform.vault, tx, who, name, body.value, stage=stage, hosts=body.hosts, at=platform.clock()
    )
    response.status_code = 201 if made.version == 1 else 200
    return _shown(made)


@router.delete("/{name}", status_code=204, summary="Delete a secret", responses=problems(404))
async def delete(name: str, who: Writer, platform: ThePlatform, tx: Writing, stage: Stage = ANY_STAGE) -> None:
    """Only there: the one of a stage and the one of every stage are two."""
    await secrets.delete(platform.vault, tx, who, name, stage=stage, at=platform.clock())


def _shown(entry: SealedEntry) -> SecretShown:
    return SecretShown.model_validate(secrets.secret_json(entry))
