"""Secrets: put into the input of a node last, and taken out of everything that it gives back before it is recorded.

Only `Secret` and `SecretText`, which the heart makes of `${secrets.X}`, are resolved; a value that merely looks like a
recorded secret is data.
"""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import quote, quote_plus

from tenuto.core.values import Secret, SecretText
from tenuto.ports.secrets import BoundSecret, Secrets

PREFIX: Final = "TENUTO_SECRET_"

# What seals the secrets of a server is none of them, though its name looks like one.
_MASTER_KEY: Final = PREFIX + "KEY"

# Shorter values would blank out ordinary text; who has such a secret is told so by `doctor`.
SHORTEST: Final = 4


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


class Redactor:
    """Replaces the values of the secrets that one node was given, and their usual disguises, by `[secret:NAME]`."""

    __slots__ = ("_marks", "bound")

    def __init__(self) -> None:
        self._marks: list[tuple[str, str]] = []
        self.bound: dict[str, tuple[str, ...]] = {}  # by name: the hosts that it may be sent to

    def add(self, name: str, value: str) -> None:
        if isinstance(value, BoundSecret):
            self.bound[name] = value.hosts
        if len(value) < SHORTEST:
            return
        mark = f"[secret:{name}]"
        known = dict(self._marks)
        known.update((form, mark) for form in _forms(value))
        # The longest first: a value inside another must not leave the rest of it standing.
        self._marks = sorted(known.items(), key=lambda pair: -len(pair[0]))

    def __bool__(self) -> bool:
        return bool(self._marks)

    def text(self, text: str) -> str:
        for form, mark in self._marks:
            if form in text:
                text = text.replace(form, mark)
        return text

    def value(self, value: Any) -> Any:
        """A JSON value without secrets, keys of objects included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(member) for member in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {self.text(key): self.value(member) for key, member in cast("dict[str, Any]", value).items()}
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


def _forms(value: str) -> set[str]:
    """The value as it is, in URLs, in JSON, and in base64 at each of the three places where it may begin."""
    raw = value.encode("utf-8", "surrogatepass")
    forms = {value, quote(value, safe=""), quote(value), quote_plus(value), repr(value)[1:-1], raw.hex()}
    forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    forms |= {line for line in value.splitlines() if len(line) >= 2 * SHORTEST}
    for shift in range(3):
        forms |= _base64_forms(raw, shift)
    return {form for form in forms if len(form) >= SHORTEST}


def _base64_forms(raw: bytes, shift: int) -> set[str]:
    """The characters of a base64 text that only this value decides, when `shift` bytes stand before it."""
    encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
    first = (0, 2, 3)[shift]
    # The last character may carry bits of what follows.
    last = len(encoded) if (shift + len(raw)) % 3 == 0 else len(encoded) - 1
    middle = encoded[first:last]
    if len(middle) < SHORTEST * 2:
        return set()
    return {middle, middle.translate(str.maketrans("+/", "-_"))}
