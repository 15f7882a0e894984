"""The public keys of an issuer: fetched when they are needed, kept for minutes, asked for anew at most once a minute.

They come from where the settings say, and never from where a token says.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import HttpClient

Key = RSAKey | ECKey

KEPT: Final = 600.0  # seconds
PAUSE: Final = 60.0  # between two requests, whatever strangers send
_TIMEOUT: Final = 5.0
_MOST: Final = 50
_SMALLEST_RSA: Final = 2_048  # bits
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})

_log = logging.getLogger("tenuto.oidc")


class KeySet:
    """`jwks`: where it is; without it the issuer's own document says. `http` reaches what the settings allow.
    `clock`: monotonic."""

    def __init__(self, issuer: str, jwks: str | None, http: HttpClient, clock: Callable[[], float]) -> None:
        self._issuer = issuer
        self._jwks = jwks
        self._http = http
        self._clock = clock
        self._keys: dict[str, Key] = {}
        self._fetched = float("-inf")
        self._asked = float("-inf")
        self._lock = asyncio.Lock()

    async def get(self, kid: str, algorithm: str) -> Key | None:
        """The key of that name, if it is one for that algorithm."""
        if kid not in self._keys or self._clock() - self._fetched > KEPT:
            async with self._lock:
                await self._refresh(kid)
        key = self._keys.get(kid)
        return key if key is not None and _suits(key, algorithm) else None

    async def _refresh(self, kid: str) -> None:
        now = self._clock()
        fresh = kid in self._keys and now - self._fetched <= KEPT
        if fresh or now - self._asked < PAUSE:
            return
        self._asked = now
        try:
            self._keys = _read(await self._fetch())
            self._fetched = now
        except (NodeError, ValueError) as error:  # what is known holds on, until its issuer is heard again
            _log.warning("the keys of %s cannot be read: %s", self._issuer, error)

    async def _fetch(self) -> Mapping[str, Any]:
        if self._jwks is None:
            said = await self._json(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != self._issuer:
                raise ValueError(f"it calls itself {said.get('issuer')!r}")
            self._jwks = str(said.get("jwks_uri", ""))
        return await self._json(self._jwks)

    async def _json(self, url: str) -> Mapping[str, Any]:
        check_url(url)
        answer = await self._http.view().get(url, timeout=_TIMEOUT, redirects=0)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise ValueError(f"{url} holds no object")  # noqa: TRY004  what came is wrong, not the type of an argument
        return cast("Mapping[str, Any]", found)


def check_url(url: str) -> None:
    """https, or this very machine. Whether that may be reached is for the client to say."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError(f"{url} is not https")


def _read(document: Mapping[str, Any]) -> dict[str, Key]:
    keys = document.get("keys")
    if not isinstance(keys, list):
        raise ValueError("there are no keys in it")  # noqa: TRY004  as above
    found: dict[str, Key] = {}
    for each in cast("list[Any]", keys)[:_MOST]:
        key = _key(each)
        if key is not None:
            found[str(each["kid"])] = key
    return found


def _key(given: Any) -> Key | None:
    """One that signs, has a name, and is public; others are not for us."""
    if not isinstance(given, dict) or not isinstance(cast("dict[str, Any]", given).get("kid"), str):
        return None
    jwk = cast("dict[str, Any]", given)
    if jwk.get("use", "sig") != "sig" or "d" in jwk:
        return None
    try:
        if jwk.get("kty") == "RSA":
            key = RSAKey.import_key({name: jwk[name] for name in ("kty", "n", "e")})
            return key if key.public_key.key_size >= _SMALLEST_RSA else None
        if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
            return ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")})
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    return None


def _suits(key: Key, algorithm: str) -> bool:
    return isinstance(key, RSAKey) == (algorithm == "RS256")
