"""Users of the installation. What somebody may do somewhere stands in memberships."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class User:
    """`login`: an e-mail address or a name, unique over the installation, as the use case normalised it.

    `password_hash` None: nobody can log in as this user with a password.
    """

    id: str
    login: str
    name: str
    created_at: float
    password_hash: str | None = None
    password_changed_at: float | None = None
    disabled: bool = False


class Users(Protocol):
    """In a writing transaction a user that was read is locked until its end: two logins count one after the other."""

    async def add(self, user: User) -> None:
        """`Taken` if the id or the login is."""
        ...

    async def get(self, id: str) -> User | None:  # noqa: A002  the word for it in every layer
        ...

    async def by_login(self, login: str) -> User | None: ...

    async def update(self, user: User) -> bool:
        """All but its id and when it was made. False if there is none; `Taken` if the login is."""
        ...

    async def delete(self, id: str) -> bool:  # noqa: A002  as above
        """With its memberships and sessions."""
        ...
