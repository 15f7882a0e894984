"""Tokens of outside issuers: signed with RS256 or ES256 by a key that the issuer publishes, for us, and not expired.

The header of a token chooses among the issuer's published keys by name, and nothing else: not the algorithm beyond those
two, not a key of its own, not a place to fetch one from.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from joserfc import jwt
from joserfc.errors import JoseError

from tenuto.ports.store import Store
from tenuto.sdk.http import HttpClient
from tenuto.service.gate import Standing
from tenuto.service.issuers import Issuer
from tenuto.service.jwks import KeySet
from tenuto.service.roles import permissions_of

ALGORITHMS: Final = frozenset({"RS256", "ES256"})
_HEADER: Final = frozenset({"alg", "kid", "typ"})
_TYPES: Final = frozenset({"JWT", "jwt", "at+jwt", "application/at+jwt"})
_SKEW: Final = 60  # seconds that the issuer's clock may differ
_LONGEST: Final = 86_400 + _SKEW  # seconds: a token that lives longer is no access token
_LONGEST_SUBJECT: Final = 255


class OutsideTokens:
    """Proves tokens of the issuers that the settings name. `clock`: monotonic; by it their keys grow old."""

    def __init__(
        self, store: Store, issuers: Mapping[str, Issuer], http: HttpClient, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._issuers = {each.issuer: (name, each) for name, each in issuers.items()}
        self._keys = {each.issuer: KeySet(each.issuer, each.jwks, http, clock) for each in issuers.values()}

    async def prove(self, credential: str, at: float) -> Standing | None:
        if not self._issuers or credential.count(".") != 2:
            return None
        header, claimed = (_peek(part) for part in credential.split(".")[:2])
        found = self._issuers.get(str(claimed.get("iss")))
        if found is None or not _plain_header(header):
            return None
        name, issuer = found
        claims = await self._verified(credential, header, issuer)
        if claims is None or not _holds(claims, issuer, at):
            return None
        return await self._standing(name, issuer, claims)

    async def _verified(self, token: str, header: Mapping[str, Any], issuer: Issuer) -> Mapping[str, Any] | None:
        key = await self._keys[issuer.issuer].get(header["kid"], header["alg"])
        if key is None:
            return None
        try:
            return jwt.decode(token, key, algorithms=[header["alg"]]).claims
        except (JoseError, ValueError, RecursionError):
            return None

    async def _standing(self, name: str, issuer: Issuer, claims: Mapping[str, Any]) -> Standing | None:
        tenant = _tenant(issuer, claims)
        if tenant is None:
            return None
        async with self._store.read() as tx:
            if await tx.tenants.get(tenant) is None:
                return None
            permissions = await permissions_of(tx, tenant, _roles(issuer, claims))
        shown = next((claims[key] for key in ("name", "email", "username") if isinstance(claims.get(key), str)), None)
        until = float(claims["exp"])
        return Standing("oidc", f"{name}/{claims['sub']}", shown or claims["sub"], {tenant: permissions}, until)


def _plain_header(header: Mapping[str, Any]) -> bool:
    kid = header.get("kid")
    named = isinstance(kid, str) and 0 < len(kid) <= _LONGEST_SUBJECT
    return named and header.keys() <= _HEADER and header.get("alg") in ALGORITHMS and header.get("typ", "JWT") in _TYPES


def _holds(claims: Mapping[str, Any], issuer: Issuer, at: float) -> bool:
    """Every claim, to the letter. Times are whole numbers; a token that has no end is none."""
    subject = claims.get("sub")
    if claims.get("iss") != issuer.issuer or not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        return False
    if not _is_for_us(claims.get(issuer.audience_claim), issuer.audience):
        return False
    if issuer.token_use is not None and claims.get("token_use") != issuer.token_use:
        return False
    ends, begins = claims.get("exp"), [claims[name] for name in ("nbf", "iat") if name in claims]
    if type(ends) is not int or any(type(each) is not int for each in begins):
        return False
    return at < ends <= at + _LONGEST and all(each <= at + _SKEW for each in begins)


def _is_for_us(claimed: Any, audience: str) -> bool:
    return claimed == audience or (isinstance(claimed, list) and audience in cast("list[Any]", claimed))


def _tenant(issuer: Issuer, claims: Mapping[str, Any]) -> str | None:
    claimed = claims.get(issuer.tenant_claim) if issuer.tenant_claim else None
    if isinstance(claimed, str):
        return issuer.tenants.get(claimed)
    return issuer.tenant


def _roles(issuer: Issuer, claims: Mapping[str, Any]) -> list[str]:
    """Those that the settings give for what the token says; what they do not mention is worth nothing."""
    claimed = claims.get(issuer.roles_claim)
    words = claimed.split() if isinstance(claimed, str) else claimed
    said = [word for word in cast("list[Any]", words) if isinstance(word, str)] if isinstance(words, list) else []
    return [*issuer.default_roles, *(issuer.roles[word] for word in said if word in issuer.roles)]


def _peek(part: str) -> Mapping[str, Any]:
    """What a part of a token says, before anybody has vouched for it: only good for choosing who might."""
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", found) if isinstance(found, dict) else {}
