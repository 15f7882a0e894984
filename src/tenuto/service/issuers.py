"""Who else may say who somebody is: an issuer of OpenID Connect, and what its tokens are worth here. Plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast


@dataclass(slots=True, frozen=True)
class Issuer:
    """`audience`: what `audience_claim` must hold (for access tokens of Cognito that claim is `client_id`).

    `token_use`: what that claim must be, where the issuer has it. `jwks`: where the keys are, if the issuer does not say.
    `roles`: from values of `roles_claim` to roles here; `default_roles`: of everybody. `tenant`: where they act, unless
    `tenant_claim` names another of `tenants` (from values of that claim to tenants here).
    """

    issuer: str
    audience: str
    audience_claim: str = "aud"
    token_use: str | None = None
    jwks: str | None = None
    roles_claim: str = "roles"
    roles: Mapping[str, str] = field(default_factory=dict[str, str])
    default_roles: tuple[str, ...] = ()
    tenant: str | None = "default"
    tenant_claim: str | None = None
    tenants: Mapping[str, str] = field(default_factory=dict[str, str])


def read_issuers(given: Any) -> dict[str, Issuer]:
    """`[oidc.NAME]` of the settings. `ValueError` says what such a table takes."""
    if not isinstance(given, dict):
        raise ValueError("a table `[oidc.NAME]` for each issuer")  # noqa: TRY004  what settings catch
    return {name: _issuer(name, table) for name, table in cast("dict[str, Any]", given).items()}


def _issuer(name: str, given: Any) -> Issuer:
    known = {each.name for each in fields(Issuer)}
    if not isinstance(given, dict) or not {"issuer", "audience"} <= given.keys() <= known:
        raise ValueError(f"`issuer`, `audience` and, if need be, the others in oidc.{name}: {', '.join(sorted(known))}")
    table = cast("dict[str, Any]", given)
    for key, value in table.items():
        if not _fits(key, value):
            raise ValueError(f"another kind of value for `{key}` of oidc.{name}")
    if not table["issuer"].startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ValueError(f"an https address as the issuer of oidc.{name}")
    plain: dict[str, Any] = {**table, "default_roles": tuple(table.get("default_roles", ()))}
    return Issuer(**plain)


def _fits(key: str, value: Any) -> bool:
    if key in {"roles", "tenants"}:
        return isinstance(value, dict) and all(isinstance(each, str) for each in cast("dict[str, Any]", value).values())
    if key == "default_roles":
        return isinstance(value, list) and all(isinstance(each, str) for each in cast("list[Any]", value))
    return isinstance(value, str) and bool(value)
