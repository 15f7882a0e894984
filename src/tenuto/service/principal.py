"""Who asks: proven by a token, a key, a password or an outside issuer; or the owner of the directory at the terminal."""

from dataclasses import dataclass
from typing import Literal

from tenuto.ports.engine import Refused

DEFAULT_TENANT = "default"
EVERYTHING = "admin:*"

Kind = Literal["admin", "user", "key", "oidc", "local", "server"]


@dataclass(slots=True, frozen=True)
class Principal:
    """One asker in one request. `tenant`: where it acts; nothing that it asks for is looked for anywhere else.

    `session`: of a person who logged in.
    """

    kind: Kind
    id: str
    name: str
    tenant: str = DEFAULT_TENANT
    permissions: frozenset[str] = frozenset()
    session: str = ""

    def may(self, permission: str) -> bool:
        """Whether it holds the permission: by its own name, by `<noun>:*`, or by holding everything."""
        noun = permission.partition(":")[0]
        return not self.permissions.isdisjoint({permission, f"{noun}:*", EVERYTHING})

    @property
    def by(self) -> str:
        """How what it did says who it was: people and the administrator by name, anything else with what it is."""
        return f"{self.kind}:{self.name}" if self.kind in {"key", "server"} else self.name

    def needs(self, permission: str) -> None:
        if not self.may(permission):
            raise Refused("forbidden", f"this needs the permission `{permission}`", "ask whoever manages your tenant")


def server(tenant: str) -> Principal:
    """The server itself, where it acts by its own rules. It asks for nothing, so it may nothing."""
    return Principal("server", "tenuto", "tenuto", tenant)


def local(name: str | None = None) -> Principal:
    """Whoever may read and write the data directory may do everything in it."""
    return Principal("local", name or "local", name or "local", permissions=frozenset({EVERYTHING}))
