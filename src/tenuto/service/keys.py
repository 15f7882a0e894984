"""API keys: 256 random bits for programs. The key is shown once; what is kept is a keyed digest of it.

A key acts in the tenant in which it was made, and never may more than whoever made it may now: it follows the fall of its
maker, and dies with it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from tenuto.core.durations import parse_duration
from tenuto.ports.journal import StorageFull
from tenuto.ports.keys import Key
from tenuto.ports.records import Page, Unavailable
from tenuto.ports.store import Store, Transaction
from tenuto.service.audit import audit
from tenuto.service.gate import Standing
from tenuto.service.permissions import canonical, check_within, common, expand
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.roles import permissions_of
from tenuto.service.runs import moment

MARK: Final = "tnt_"
FILE: Final = "keys.key"
COARSE: Final = 60.0  # seconds: how exactly it is remembered when a key was last used
NAME_LIMIT: Final = 100
_GENERATIONS: Final = 8  # of keys that keys made


def digest_of(secret: bytes, key: str) -> str:
    """What is kept: without the server's secret a stolen table is worth nothing."""
    return hmac.new(secret, key.encode(), hashlib.sha256).hexdigest()


async def create(
    tx: Transaction,
    who: Principal,
    secret: bytes,
    name: str,
    permissions: Iterable[str],
    *,
    expires_at: float | None = None,
    at: float,
) -> tuple[Key, str]:
    """A new key of the tenant, and the text that is shown this once."""
    names = canonical(permissions)
    _check(name, names, expires_at, at)
    check_within(names, who.permissions)
    id_ = secrets.token_hex(8)
    shown = f"{MARK}{id_}_{secrets.token_urlsafe(32)}"
    key = Key(
        id=id_,
        tenant=who.tenant,
        name=name,
        prefix=f"{MARK}{id_}",
        digest=digest_of(secret, shown),
        permissions=tuple(sorted(names)),
        created_by=f"{who.kind}:{who.id}",
        created_at=at,
        expires_at=expires_at,
    )
    await tx.keys.add(key)
    details = {"name": name, "permissions": key.permissions, "expires_at": moment(expires_at)}
    await audit(tx, who, "keys.create", id_, details, at=at)
    return key, shown


async def listing(tx: Transaction, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Key]:
    return await tx.keys.list(tenant, limit=limit, cursor=cursor)


async def get(tx: Transaction, tenant: str, key: str) -> Key:
    found = await tx.keys.get(tenant, key)
    if found is None:
        raise Refused("not_found", f"there is no key `{key[:80]}`", "`GET /v1/keys` lists them")
    return found


async def revoke(tx: Transaction, who: Principal, key: str, *, at: float) -> None:
    """For good, everywhere within five seconds. Keys that it made die with it."""
    found = await get(tx, who.tenant, key)
    await tx.keys.revoke(who.tenant, found.id, at)
    await audit(tx, who, "keys.revoke", found.id, {"name": found.name}, at=at)


def lifetime(text: str) -> float:
    """Seconds that a key is to last, from words such as `90d`."""
    seconds = parse_duration(text)
    if seconds is None or seconds <= 0:
        raise Refused("invalid", f"`{text[:40]}` is no time that a key could last", "such as 12h or 90d")
    return seconds


def _check(name: str, names: frozenset[str], expires_at: float | None, at: float) -> None:
    if not 0 < len(name) <= NAME_LIMIT:
        raise Refused("invalid", f"a key's name has 1 to {NAME_LIMIT} characters", "say what it is for")
    if not names:
        raise Refused("invalid", "a key without permissions is good for nothing", 'such as ["runs:read"]')
    if expires_at is not None and expires_at <= at:
        raise Refused("invalid", "the key would have expired already", "give a time to come")


@dataclass(slots=True)
class KeyProver:
    """Proves keys of the API."""

    store: Store
    secret: bytes
    _noted: dict[str, float] = field(default_factory=dict[str, float])

    async def prove(self, credential: str, at: float) -> Standing | None:
        prefix = _prefix(credential)
        if prefix is None:
            return None
        async with self.store.read() as tx:
            key = await tx.key_ring.by_prefix(prefix)
            kept = key.digest if key else "0" * 64  # as slowly for a key that never was
            same = hmac.compare_digest(kept, digest_of(self.secret, credential))
            if key is None or not same:
                return None
            permissions = await self._worth(tx, key, at)
        if permissions is None:
            return None
        await self._note(key, at)
        return Standing("key", key.id, key.name, {key.tenant: permissions}, key.expires_at)

    async def _worth(self, tx: Transaction, key: Key, at: float) -> frozenset[str] | None:
        """What a key may now: of what it was given, what its maker still has."""
        found = expand(key.permissions)
        for _ in range(_GENERATIONS):
            if not lives(key, at):
                return None
            kind, _, maker = key.created_by.partition(":")
            if kind == "user":
                has = await _of_user(tx, key.tenant, maker)
                return None if has is None else common(found, has)
            parent = await tx.keys.get(key.tenant, maker) if kind == "key" else None
            if parent is None:
                return None if kind == "key" else found
            key, found = parent, common(found, parent.permissions)
        return None

    async def _note(self, key: Key, at: float) -> None:
        """When it was last used, now and then. It is a convenience: a full disk locks nobody out."""
        last = max(key.last_used_at or 0.0, self._noted.get(key.id, 0.0))
        if at - last < COARSE:
            return
        if len(self._noted) > 10_000:
            self._noted.clear()
        self._noted[key.id] = at
        try:
            async with self.store.write() as tx:
                await tx.key_ring.used(key.tenant, key.id, at)
        except (OSError, StorageFull, Unavailable):
            return


def lives(key: Key, at: float) -> bool:
    return key.revoked_at is None and (key.expires_at is None or at < key.expires_at)


async def _of_user(tx: Transaction, tenant: str, user: str) -> frozenset[str] | None:
    found = await tx.users.get(user)
    membership = await tx.memberships.get(tenant, user)
    if found is None or found.disabled or membership is None:
        return None
    return await permissions_of(tx, tenant, membership.roles)


def _prefix(credential: str) -> str | None:
    """`tnt_<id>_<secret>`: the secret may hold any letter of base64, the id none but hexadecimal ones."""
    if not credential.startswith(MARK):
        return None
    id_, _, secret = credential[len(MARK) :].partition("_")
    if not id_.isalnum() or not 0 < len(id_) <= 32 or not secret:
        return None
    return f"{MARK}{id_}"


def key_json(key: Key, at: float) -> dict[str, object]:
    """As the API and `--json` show it: never the key itself."""
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "permissions": list(key.permissions),
        "status": _status(key, at),
        "created_by": key.created_by,
        "created_at": moment(key.created_at),
        "expires_at": moment(key.expires_at),
        "revoked_at": moment(key.revoked_at),
        "last_used_at": moment(key.last_used_at),
    }


def _status(key: Key, at: float) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "active" if lives(key, at) else "expired"
