"""Who is it? A credential goes in, a `Principal` comes out, or a refusal.

Each kind of credential has a prover beside its noun (`administrator`, `keys`, `login`, `oidc`); the gate asks them in turn,
remembers what they found for at most five seconds, by digest, and chooses the tenant. Passing costs a dictionary look-up.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from tenuto.service.principal import DEFAULT_TENANT, EVERYTHING, Kind, Principal
from tenuto.service.refusals import Refused

REMEMBERED: Final = 5.0  # seconds: so long may a revoked credential still be taken
_KEPT: Final = 10_000
_LONGEST: Final = 8_192  # characters of a credential
_LONGEST_TENANT: Final = 200

_ALL: Final = frozenset({EVERYTHING})

HOW = "send `Authorization: Bearer <token>` or `X-API-Key: <key>`"


@dataclass(slots=True, frozen=True)
class Standing:
    """What a proven credential is worth. `grants`: permissions by tenant, the usual tenant first; None: all, in every tenant.

    `until`: when it ends by itself. `session`: of a person who logged in.
    """

    kind: Kind
    id: str
    name: str
    grants: Mapping[str, frozenset[str]] | None
    until: float | None = None
    session: str = ""


def _principal(standing: Standing, tenant: str, permissions: frozenset[str]) -> Principal:
    return Principal(standing.kind, standing.id, standing.name, tenant, permissions, standing.session)


class Prover(Protocol):
    """Knows one kind of credential."""

    async def prove(self, credential: str, at: float) -> Standing | None:
        """What it is worth now; None where it is not of this kind, or worth nothing."""
        ...


@dataclass(slots=True, frozen=True)
class Attempt:
    """Something that was refused, for the audit log."""

    act: str
    why: str
    who: Principal | None = None
    where: str = ""
    client: str = ""


async def _unheard(_: Attempt) -> None:
    return


async def _only_default(tenant: str) -> bool:
    return tenant == DEFAULT_TENANT


@dataclass(slots=True)
class Gate:
    """`exists`: whether there is such a tenant. `report`: is told of everything that was refused."""

    provers: Sequence[Prover]
    clock: Callable[[], float]
    exists: Callable[[str], Awaitable[bool]] = _only_default
    report: Callable[[Attempt], Awaitable[None]] = _unheard
    _seen: OrderedDict[bytes, tuple[float, Standing]] = field(
        default_factory=OrderedDict[bytes, tuple[float, Standing]]
    )
    _tenants: dict[str, float] = field(default_factory=dict[str, float])
    _round: int = 0

    async def identify(self, credential: str, tenant: str | None = None) -> Principal:
        """Who holds the credential, acting in that tenant, or in its usual one. Refused: `unauthenticated`, `not_found`."""
        standing = await self._standing(credential)
        return await self._placed(standing, tenant)

    def forget(self) -> None:
        """Ask anew from now on: something about who may do what has changed."""
        self._round += 1
        self._seen.clear()
        self._tenants.clear()

    async def _standing(self, credential: str) -> Standing:
        now = self.clock()
        digest = hashlib.sha256(credential.encode("utf-8", "surrogatepass")).digest()
        known = self._seen.get(digest)
        if known is not None and 0 <= now - known[0] < REMEMBERED and _lasts(known[1], now):
            return known[1]
        begun = self._round
        standing = await self._proven(credential, now)
        if begun == self._round:  # what was read before a change is not remembered after it
            self._remember(digest, now, standing)
        return standing

    async def _proven(self, credential: str, now: float) -> Standing:
        if not 0 < len(credential) <= _LONGEST or not credential.isascii():
            raise unproven()
        for prover in self.provers:
            standing = await prover.prove(credential, now)
            if standing is not None and _lasts(standing, now):
                return standing
        raise unproven()

    def _remember(self, digest: bytes, now: float, standing: Standing) -> None:
        self._seen[digest] = (now, standing)
        self._seen.move_to_end(digest)
        while len(self._seen) > _KEPT:
            self._seen.popitem(last=False)

    async def _placed(self, standing: Standing, tenant: str | None) -> Principal:
        if tenant is not None and not 0 < len(tenant) <= _LONGEST_TENANT:
            raise Refused("malformed", "X-Tenant-Id holds no id of a tenant", "leave it away, or name one of yours")
        if standing.grants is None:
            chosen = tenant or DEFAULT_TENANT
            await self._check_exists(chosen)
            return _principal(standing, chosen, _ALL)
        if not standing.grants:
            raise Refused("no_tenant", "you are a member of no tenant", "ask an administrator to make you one")
        chosen = tenant or next(iter(standing.grants))
        if chosen not in standing.grants:
            raise no_tenant(chosen)
        return _principal(standing, chosen, standing.grants[chosen])

    async def _check_exists(self, tenant: str) -> None:
        now, begun = self.clock(), self._round
        if 0 <= now - self._tenants.get(tenant, -REMEMBERED) < REMEMBERED:
            return
        if not await self.exists(tenant):
            raise no_tenant(tenant)
        if begun == self._round and len(self._tenants) < _KEPT:
            self._tenants[tenant] = now


def closed() -> Gate:
    """Lets nobody in: nobody has said who may."""
    return Gate((), time.time)


def unproven() -> Refused:
    """One answer to every credential that is not good, whatever is wrong with it."""
    return Refused("unauthenticated", "this credential is not valid, or no longer", HOW)


def no_tenant(tenant: str) -> Refused:
    return Refused("not_found", f"there is no tenant `{tenant[:80]}`", "`GET /me` names yours")


def _lasts(standing: Standing, now: float) -> bool:
    return standing.until is None or now < standing.until
