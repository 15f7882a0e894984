"""The address of a database: whole for who connects, without its password for who looks."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit, urlunsplit

SCHEMES: Final = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})


@dataclass(slots=True, frozen=True)
class DatabaseUrl:
    """As a setting has it. Shown, logged or formatted it is masked; `whole` is for the driver alone."""

    whole: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.whole)
        if parts.scheme not in SCHEMES or not (parts.netloc or parts.query) or parts.path in {"", "/"}:
            raise ValueError("an address such as postgresql://user:password@host:5432/name")

    def __str__(self) -> str:
        return masked(self.whole)

    def __repr__(self) -> str:
        return f"DatabaseUrl({masked(self.whole)!r})"

    @property
    def plain(self) -> str:
        """As PostgreSQL's own tools take it."""
        return f"postgresql:{self.whole.partition(':')[2]}"


def masked(url: str) -> str:
    """Without the password, and without parameters, which may hold one too."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    hidden = f"{name}:***" if colon else name
    return urlunsplit((parts.scheme, f"{hidden}{at}{host}", parts.path, "", ""))
