"""A store with identities on it and a hand-moved clock: who logs in, with which key, and what the gate makes of it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenuto.ports.memberships import Member
from tenuto.ports.store import Store
from tenuto.service import keys, tenants, users
from tenuto.service.identity import Identity, make_identity
from tenuto.service.passwords import Passwords
from tenuto.service.principal import Principal, local
from tenuto.stores.sql import open_store, temporary_store

PASSWORD = "correct horse battery"
CHEAP = {"time": 1, "memory": 8, "lanes": 1}


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class People:
    store: Store
    data: Path
    clock: Clock = field(default_factory=Clock)
    outside: list[Any] = field(default_factory=list)
    who: Principal = field(default_factory=lambda: local("tester"))
    identity: Identity = field(init=False)

    def __post_init__(self) -> None:
        self.identity = make_identity(
            self.store,
            self.data,
            self.clock,
            passwords=Passwords(**CHEAP),
            outside=self.outside,
            steady=self.clock,
        )

    async def user(self, login: str = "ada", roles: tuple[str, ...] = ("developer",), **more: Any) -> Member:
        kept = await self.identity.passwords.hashed(PASSWORD)
        async with self.store.write() as tx:
            return await users.create(
                tx, more.get("who", self.who), users.NewUser(login, "", PASSWORD, roles), kept, at=self.clock()
            )

    async def key(self, *permissions: str, who: Principal | None = None, expires_at: float | None = None) -> str:
        return (await self.made_key(*permissions, who=who, expires_at=expires_at))[1]

    async def made_key(self, *permissions: str, who: Principal | None = None, expires_at: float | None = None) -> Any:
        async with self.store.write() as tx:
            return await keys.create(
                tx,
                who or self.who,
                self.identity.key_secret,
                "test",
                permissions,
                expires_at=expires_at,
                at=self.clock(),
            )

    async def tenant(self, name: str) -> str:
        async with self.store.write() as tx:
            return (await tenants.create(tx, self.who, name, at=self.clock())).id

    async def log_in(self, login: str = "ada", password: str = PASSWORD, **more: Any) -> Any:
        return await self.identity.login.login(login, password, **more)

    async def identify(self, credential: str, tenant: str | None = None) -> Principal:
        return await self.identity.gate.identify(credential, tenant)

    async def actions(self, tenant: str = "default") -> list[str]:
        """What the audit says, oldest first."""
        async with self.store.read() as tx:
            return [entry.action for entry in await tx.audit.after(tenant, 0)]


@asynccontextmanager
async def some_people(data: Path, *, url: str | None = None, **more: Any) -> AsyncGenerator[People]:
    """`url`: of a PostgreSQL, instead of a SQLite that nothing remains of."""
    store = await (temporary_store() if url is None else open_store(data, url))
    try:
        yield People(store, data, **more)
    finally:
        await store.close()
