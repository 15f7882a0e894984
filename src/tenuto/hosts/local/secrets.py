"""Secrets: put into the input of a node last, and taken out of everything that it gives back before it is recorded.

Only `Secret` and `SecretText`, which the heart makes of `${secrets.X}`, are resolved; a value that merely looks like a
recorded secret is data.
"""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from tenuto.core.values import Secret, SecretText
from tenuto.ports.secrets import Secrets
from tenuto.service.redaction import Redactor

PREFIX: Final = "TENUTO_SECRET_"

# What seals the secrets of a server is none of them, though its name looks like one.
_MASTER_KEY: Final = PREFIX + "KEY"


class EnvironmentSecrets:
    """Secrets without a server: `TENUTO_SECRET_<NAME>` in the environment, for every tenant and stage alike."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        del tenant, stage  # the environment knows neither
        key = PREFIX + name.upper()
        if key == _MASTER_KEY:
            raise KeyError(
                f"no secret is called `{name}`: {key} is the key of the server itself, and no flow is given it"
            )
        value = self._environment.get(PREFIX + name, self._environment.get(key))
        if value is None:
            raise KeyError(f"there is no secret `{name}`: set {key} in the environment")
        return value


def mentions_secret(value: Any) -> bool:
    if isinstance(value, Secret | SecretText):
        return True
    if isinstance(value, dict):
        return any(mentions_secret(member) for member in cast("dict[str, Any]", value).values())
    if isinstance(value, list):
        return any(mentions_secret(member) for member in cast("list[Any]", value))
    return False


async def resolve(value: Any, secrets: Secrets, redactor: Redactor, *, tenant: str, stage: str) -> Any:
    """The value with every secret in its place; `KeyError` names the one that is missing."""
    if isinstance(value, Secret):
        found = await secrets.get(value.name, tenant=tenant, stage=stage)
        redactor.add(value.name, found)
        return found
    if isinstance(value, SecretText):
        parts = [await resolve(part, secrets, redactor, tenant=tenant, stage=stage) for part in value.parts]
        return "".join(parts)
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return {key: await resolve(member, secrets, redactor, tenant=tenant, stage=stage) for key, member in members}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [await resolve(member, secrets, redactor, tenant=tenant, stage=stage) for member in items]
    return value


async def own_secrets(
    names: Iterable[str], secrets: Secrets, redactor: Redactor, *, tenant: str, stage: str
) -> dict[str, str]:
    """Those that a node declared and that are set: it may declare more than it asks for, and asking is what fails."""
    own: dict[str, str] = {}
    for name in names:
        try:
            value = await secrets.get(name, tenant=tenant, stage=stage)
        except KeyError:
            continue
        redactor.add(name, value)
        if value:
            own[name] = value
    return own
