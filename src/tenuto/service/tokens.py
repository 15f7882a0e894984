"""Access tokens: JWTs that say who and which session, for fifteen minutes. What somebody may do is not in them, but looked up.

We make them and we read them, so nothing is negotiable: the header is this header, the claims are these claims. Refresh
tokens are no JWTs but dice, so that neither can stand for the other.
"""

import secrets
from dataclasses import dataclass
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

LIFETIME: Final = 900  # seconds
_ALGORITHM: Final = "HS256"
_HEADER: Final = {"alg": _ALGORITHM, "typ": "at+jwt"}
ISSUER: Final = "tenuto"
AUDIENCE: Final = "tenuto:api"
_TEXTS: Final = ("iss", "aud", "sub", "sid", "tenant", "jti")
_TIMES: Final = ("iat", "nbf", "exp")
_SKEW: Final = 5  # seconds that servers' clocks may differ, for a token that begins now


@dataclass(slots=True, frozen=True)
class Access:
    """What a token that holds says. `user`, `session`, `tenant`: their ids."""

    user: str
    session: str
    tenant: str
    expires_at: float


class Tokens:
    """`key`: of this installation, from its own file."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(key)

    def issue(self, user: str, session: str, tenant: str, at: float) -> str:
        now = int(at)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": user,
            "sid": session,
            "tenant": tenant,
            "jti": secrets.token_hex(16),
            "iat": now,
            "nbf": now,
            "exp": now + LIFETIME,
        }
        return jwt.encode(_HEADER, claims, self._key, algorithms=[_ALGORITHM])

    def read(self, token: str, at: float) -> Access | None:
        """What it says, if it is ours to the letter and holds now."""
        try:
            found = jwt.decode(token, self._key, algorithms=[_ALGORITHM])
        except (JoseError, ValueError, RecursionError):
            return None
        claims = found.claims
        if found.header != _HEADER or not _well_formed(claims):
            return None
        if (claims["iss"], claims["aud"]) != (ISSUER, AUDIENCE) or not _holds(claims, at):
            return None
        return Access(claims["sub"], claims["sid"], claims["tenant"], float(claims["exp"]))


def _well_formed(claims: dict[str, Any]) -> bool:
    texts = all(isinstance(claims.get(name), str) and claims[name] for name in _TEXTS)
    times = all(type(claims.get(name)) is int for name in _TIMES)
    return texts and times and len(claims) == len(_TEXTS) + len(_TIMES)


def _holds(claims: dict[str, Any], at: float) -> bool:
    begun = claims["iat"] <= at + _SKEW and claims["nbf"] <= at + _SKEW
    return begun and at < claims["exp"] <= claims["iat"] + LIFETIME
