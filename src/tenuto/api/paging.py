"""Lists: `?limit=&cursor=` in, `{items, next_cursor}` out."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

Item = TypeVar("Item")

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
Cursor = Annotated[
    str | None, Query(max_length=2_000, description="`next_cursor` of the page before; without it, the first page.")
]


class Paged(BaseModel, Generic[Item]):
    """One page. `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: Annotated[str | None, Field(examples=[None])] = None
