"""Sessions: families of refresh tokens. One token of a family is good; whoever shows an older one reveals a theft."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Session:
    """`digest`: of the token that is good now. `tenant`: where the user chose to act."""

    id: str
    user: str
    tenant: str
    digest: str
    created_at: float
    expires_at: float
    revoked_at: float | None = None


class Sessions(Protocol):
    """In a writing transaction a session that was read is locked until its end."""

    async def add(self, session: Session) -> None: ...

    async def get(self, id: str) -> Session | None:  # noqa: A002  the word for it in every layer
        ...

    async def find(self, digest: str) -> Session | None:
        """The session whose token this is, or was: compare with its `digest` to know which."""
        ...

    async def rotate(self, id: str, *, old: str, new: str, expires_at: float) -> bool:  # noqa: A002  as above
        """The next token is good now, and the old one remembered. False if `old` was not the good one, or it is revoked."""
        ...

    async def revoke(self, at: float, *, id: str | None = None, user: str | None = None) -> int:  # noqa: A002  as above
        """That session, or all of a user; how many were good until now. One of the two must be given."""
        ...
