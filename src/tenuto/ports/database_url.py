"""The address of a database: whole for who connects, without its password for who looks."""

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from tenuto.ports.engine import Refused

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

    def dump_command(self, file: object) -> str:
        """How the database is copied while it is in use, by its own tool, which asks for the password."""
        return f"pg_dump --format=custom --file={shlex.quote(str(file))} {shlex.quote(_without_password(self.plain))}"

    @property
    def plain(self) -> str:
        """As PostgreSQL's own tools take it."""
        return f"postgresql:{self.whole.partition(':')[2]}"


def no_backup(url: DatabaseUrl, file: object) -> "Refused":
    """What somebody is told who asks for a copy of what PostgreSQL keeps."""
    from tenuto.ports.engine import Refused

    return Refused("invalid", f"runs are kept in {url}: PostgreSQL makes its own copies", url.dump_command(file))


def _without_password(url: str) -> str:
    return masked(url).replace(":***@", "@", 1)


def masked(url: str) -> str:
    """Without the password, and without parameters, which may hold one too."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    hidden = f"{name}:***" if colon else name
    return urlunsplit((parts.scheme, f"{hidden}{at}{host}", parts.path, "", ""))
