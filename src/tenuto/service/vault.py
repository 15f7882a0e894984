"""The vault: secrets of a tenant and a stage, sealed in the store, opened at the moment when a node is given one.

A write of this process is seen at once, one of another within seconds. What is remembered meanwhile is sealed.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tenuto.ports.sealed import ANY_STAGE, Sealed, SealedEntry
from tenuto.ports.secrets import BoundSecret, Secrets
from tenuto.ports.store import Store, Transaction
from tenuto.service.master_keys import MasterKey, MasterKeys
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.refusals import Refused
from tenuto.service.sealing import Unopened, rewrap, seal, unseal

REMEMBERED: Final = 2.0  # seconds, as far as other processes are concerned
MOST: Final = 10_000  # places remembered
_AT_ONCE: Final = 100  # secrets rotated in one transaction

Place = tuple[str, str, str]  # tenant, stage, name


@dataclass(slots=True)
class Vault:
    """A `Secrets` over the store. `environment`: what holds below it, for the default tenant alone. `clock`: monotonic."""

    store: Store
    keys: MasterKeys
    environment: Secrets | None = None
    clock: Callable[[], float] = time.monotonic
    _known: dict[Place, tuple[float, Sealed | None]] = field(default_factory=dict[Place, tuple[float, Sealed | None]])
    _round: int = 0

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        """The one of the stage, else the one of every stage, else the environment's. `KeyError` with a sentence."""
        place = tenant, stage, name
        sealed = await self._find(place)
        if sealed is not None:
            return await self._opened_now(place, sealed)
        if self.environment is not None and tenant == DEFAULT_TENANT:
            return await self.environment.get(name, tenant=tenant, stage=stage)
        raise KeyError(_nowhere(name, stage))

    async def put(self, tx: Transaction, entry: SealedEntry, value: str) -> SealedEntry:
        """Seal a value in its place; the version follows the one before."""
        before = await tx.sealed.get(entry.tenant, entry.stage, entry.name)
        entry = replace(entry, version=before.version + 1 if before else 1)
        await tx.sealed.put(seal(entry, value, self.keys.all()[0]))
        tx.after_commit(self.forget)
        return entry

    async def _opened_now(self, place: Place, sealed: Sealed) -> str:
        """What is remembered may be under a key that another process has just rotated away."""
        try:
            return self.opened(sealed)
        except KeyError:
            self._known.pop(place, None)
            again = await self._find(place)
            if again is None or again == sealed:
                raise
            return self.opened(again)

    def opened(self, sealed: Sealed) -> str:
        """`KeyError` with a sentence if it does not open."""
        try:
            value = unseal(sealed, self._key_of(sealed))
        except Unopened as error:
            raise KeyError(str(error)) from None
        return BoundSecret(value, sealed.hosts) if sealed.hosts else value

    def forget(self) -> None:
        """Something was written in this process."""
        self._round += 1
        self._known.clear()

    async def rotate(self) -> int:
        """Wrap the key of every secret in the newest master key; how many were wrapped in another. Harmless twice."""
        newest, done = self.keys.all()[0], 0
        while moved := await self._rotate_some(newest):
            done += moved
        self.forget()
        return done

    async def _rotate_some(self, newest: MasterKey) -> int:
        async with self.store.write() as tx:
            some = await tx.sealed.not_under(newest.id, limit=_AT_ONCE)
            for sealed in some:
                await tx.sealed.put(replace(sealed, wrapped=self._rewrapped(sealed, newest), key_id=newest.id))
        return len(some)

    def _rewrapped(self, sealed: Sealed, newest: MasterKey) -> bytes:
        try:
            return rewrap(sealed, self._key_of(sealed), newest)
        except Unopened as error:
            where = f"tenant `{sealed.tenant}`, stage `{sealed.stage}`"
            raise Refused("unreadable", f"{error} ({where})", "set or delete it, then rotate again") from None

    def _key_of(self, sealed: Sealed) -> MasterKey:
        keys: Mapping[str, MasterKey] = {key.id: key for key in self.keys.all()}
        if sealed.key_id not in keys:
            raise Unopened(
                f"the secret `{sealed.name}` was sealed with the master key {sealed.key_id}, which is not here:"
                " put it behind the newest in TENUTO_SECRET_KEY or secret.key, or set the secret again"
            )
        return keys[sealed.key_id]

    async def _find(self, place: Place) -> Sealed | None:
        known = self._known.get(place)
        if known is not None and self.clock() < known[0]:
            return known[1]
        begun = self._round
        tenant, stage, name = place
        async with self.store.read() as tx:
            found = await tx.sealed.get(tenant, stage, name) or await tx.sealed.get(tenant, ANY_STAGE, name)
        if begun == self._round:  # what was read before a change is not remembered after it
            self._remember(place, found)
        return found

    def _remember(self, place: Place, found: Sealed | None) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[place] = (self.clock() + REMEMBERED, found)


def _nowhere(name: str, stage: str) -> str:
    return (
        f"there is no secret `{name}` for the stage `{stage}`: set it with `tenuto secrets set {name}`, or over the API"
    )
