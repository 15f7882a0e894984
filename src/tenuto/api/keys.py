"""`/v1/keys`: API keys of the tenant. The key itself is in one answer, never again."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.changing import Changing
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading
from tenuto.service import keys
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("keys:read")]
Writer = Annotated[Principal, Can("keys:write")]

router = Router(prefix="/v1/keys", tags=["keys"])


class NewKey(BaseModel):
    """`permissions`: none that you do not hold yourself."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=keys.NAME_LIMIT, examples=["ci"])]
    permissions: Annotated[list[str], Field(min_length=1, max_length=200, examples=[["runs:write", "runs:read"]])]
    expires_at: Annotated[AwareDatetime | None, Field(examples=["2027-01-01T00:00:00Z"])] = None


class KeyShown(BaseModel):
    """`prefix`: how the key begins, to know it again. `last_used_at`: to the minute."""

    id: str
    name: str
    prefix: Annotated[str, Field(examples=["tnt_1f0c9f6e2b7a4d35"])]
    permissions: list[str]
    status: Annotated[str, Field(examples=["active"], description="`active`, `expired` or `revoked`.")]
    created_by: Annotated[str, Field(examples=["user:usr_5a0c7d1e9b3f2468"])]
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None


class MadeKey(KeyShown):
    """`key`: shown this once."""

    key: str


@router.post("", status_code=201, summary="Make an API key", responses=problems(409))
async def create(who: Writer, body: NewKey, platform: ThePlatform, tx: Changing) -> MadeKey:
    """It acts in this tenant, may never do more than whoever made it may, and ends with them."""
    expires_at = body.expires_at.timestamp() if body.expires_at else None
    now = platform.clock()
    key, shown = await keys.create(
        tx, who, platform.identity.key_secret, body.name, body.permissions, expires_at=expires_at, at=now
    )
    return MadeKey.model_validate({**keys.key_json(key, now), "key": shown})


@router.get("", summary="List API keys", responses=problems(400))
async def listing(
    who: Reader, platform: ThePlatform, tx: Reading, limit: Limit = 50, cursor: Cursor = None
) -> Paged[KeyShown]:
    page = await keys.listing(tx, who.tenant, limit=limit, cursor=cursor)
    now = platform.clock()
    return Paged(items=[_shown(keys.key_json(key, now)) for key in page.items], next_cursor=page.next_cursor)


@router.get("/{key}", summary="See an API key", responses=problems(404))
async def get(who: Reader, key: str, platform: ThePlatform, tx: Reading) -> KeyShown:
    return _shown(keys.key_json(await keys.get(tx, who.tenant, key), platform.clock()))


@router.delete("/{key}", status_code=204, summary="Revoke an API key", responses=problems(404))
async def revoke(who: Writer, key: str, platform: ThePlatform, tx: Changing) -> None:
    """For good, and within five seconds everywhere. Keys that it made end with it."""
    await keys.revoke(tx, who, key, at=platform.clock())


def _shown(found: dict[str, Any]) -> KeyShown:
    return KeyShown.model_validate(found)
