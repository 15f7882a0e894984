"""Logging in: a password against a session. A session is a family of refresh tokens, each good once; the access tokens
that they fetch live for minutes. Showing a refresh token twice ends the family: one of the two who had it was a thief.
"""

import hashlib
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from tenuto.ports.sessions import Session
from tenuto.ports.store import Store, Transaction
from tenuto.ports.users import User
from tenuto.service.audit import audit
from tenuto.service.backoff import Backoff
from tenuto.service.gate import Gate, Standing
from tenuto.service.limits import household
from tenuto.service.passwords import Passwords
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.roles import grants_of
from tenuto.service.tokens import LIFETIME, Tokens
from tenuto.service.users import is_login, normal_login

FILE: Final = "jwt.key"
MARK: Final = "tnr_"
IDLE: Final = 14 * 86_400.0  # seconds: a session that nobody uses for so long is over
LONGEST: Final = 90 * 86_400.0  # and one that is used, after this
_TRIES: Final = 10  # of one login from one address, until one waits
_TRIES_OF_ALL: Final = 100  # of one login, from wherever


@dataclass(slots=True, frozen=True)
class Tickets:
    """What a login or a refresh gives. `refresh`: shown once, good once."""

    access: str
    refresh: str
    refresh_lasts: float
    user: User
    tenant: str
    access_lasts: int = LIFETIME


class TooMany(Refused):
    """Too many failures: `wait` seconds until the next try is heard."""

    def __init__(self, wait: float) -> None:
        self.wait = max(1, math.ceil(wait))
        super().__init__("rate_limited", "too many failed logins", f"wait {self.wait} s, then try again")


@dataclass(slots=True, kw_only=True)
class Login:
    """`gate` is told when what it remembers no longer holds. `steady`: monotonic; by it one waits after failures."""

    store: Store
    passwords: Passwords
    tokens: Tokens
    gate: Gate
    clock: Callable[[], float]
    steady: Callable[[], float] = time.monotonic
    _near: Backoff = field(default_factory=lambda: Backoff(_TRIES))
    _all: Backoff = field(default_factory=lambda: Backoff(_TRIES_OF_ALL))

    async def login(self, login: str, password: str, *, tenant: str | None = None, client: str = "") -> Tickets:
        """Begin a session. Whatever is wrong, the answer is the same and takes as long."""
        now = self.clock()
        known = hashlib.sha256(normal_login(login).encode("utf-8", "surrogatepass")).digest()
        near = household(client)
        self._check_pace(known, near)
        user = await self._proven(login, password)
        if user is None:
            self._near.failed((known, near), self.steady())
            self._all.failed(known, self.steady())
            async with self.store.write() as tx:
                await audit(tx, None, "login", details={"client": client}, outcome="refused", at=now)
            raise wrong()
        self._near.succeeded((known, near))
        self._all.succeeded(known)
        return await self._begin(user, password, tenant, now)

    async def refresh(self, token: str) -> Tickets:
        """The next pair of tokens. One that was used before ends its session."""
        now = self.clock()
        tickets: Tickets | None = None
        async with self.store.write() as tx:
            session = await tx.sessions.find(_digest(token)) if token.startswith(MARK) else None
            if session is not None and _lives(session, now):
                tickets = await self._rotated(tx, session, token, now)
        if tickets is None:  # what was revoked on the way is committed first
            raise over()
        return tickets

    async def logout(self, who: Principal | None, token: str | None = None) -> None:
        """End the session of who asks, or of the refresh token. Its access tokens are refused from now on."""
        now = self.clock()
        async with self.store.write() as tx:
            session = who.session if who else ""
            if token:
                found = await tx.sessions.find(_digest(token))
                session = found.id if found else session
            if session and await tx.sessions.revoke(now, id=session):
                await audit(tx, who, "logout", session, at=now)
                tx.after_commit(self.gate.forget)

    async def change_password(self, who: Principal, old: str, new: str) -> None:
        """One's own. It ends all sessions, this one too."""
        now = self.clock()
        if who.kind != "user":
            raise Refused("forbidden", "only somebody who logged in has a password to change", "log in first")
        known = who.id.encode()
        self._check_pace(known, "")
        async with self.store.read() as tx:
            user = await tx.users.get(who.id)
        if user is None or not await self.passwords.fits(old, user.password_hash):
            self._near.failed((known, ""), self.steady())
            raise Refused("forbidden", "the old password is not right", "ask whoever manages your tenant for a new one")
        kept = await self.passwords.hashed(new)
        async with self.store.write() as tx:
            current = await tx.users.get(who.id)
            if current is None or current.password_hash != user.password_hash:
                raise Refused("conflict", "the password was changed by somebody else just now", "log in again")
            await tx.users.update(replace(current, password_hash=kept, password_changed_at=now))
            await tx.sessions.revoke(now, user=who.id)
            await audit(tx, who, "users.password", who.id, at=now)
            tx.after_commit(self.gate.forget)

    def _check_pace(self, known: bytes, client: str) -> None:
        now = self.steady()
        wait = max(self._near.wait((known, client), now), self._all.wait(known, now))
        if wait > 0:
            raise TooMany(wait)

    async def _proven(self, login: str, password: str) -> User | None:
        normal = normal_login(login)
        async with self.store.read() as tx:
            user = await tx.users.by_login(normal) if is_login(normal) else None
        fits = await self.passwords.fits(password, user.password_hash if user else None)
        return user if user is not None and fits and not user.disabled else None

    async def _begin(self, proven: User, password: str, tenant: str | None, now: float) -> Tickets:
        renewed = await self._rehashed(proven, password)
        token = _new_token()
        async with self.store.write() as tx:
            user = await tx.users.get(proven.id)
            if user is None or user.disabled or user.password_hash != proven.password_hash:
                raise wrong()  # it changed while the password was compared
            chosen = await _chosen_tenant(tx, user, tenant)
            session = Session(
                id=f"ses_{secrets.token_hex(12)}",
                user=user.id,
                tenant=chosen,
                digest=_digest(token),
                created_at=now,
                expires_at=now + IDLE,
            )
            await tx.sessions.add(session)
            if renewed:
                await tx.users.update(replace(user, password_hash=renewed))
            who = Principal("user", user.id, user.name, chosen)
            await audit(tx, who, "login", session.id, at=now)
        return self._tickets(user, session, token, now)

    async def _rehashed(self, user: User, password: str) -> str | None:
        """With today's costs, if it was kept with others."""
        outdated = user.password_hash is not None and self.passwords.outdated(user.password_hash)
        return await self.passwords.hashed(password) if outdated else None

    async def _rotated(self, tx: Transaction, session: Session, token: str, now: float) -> Tickets | None:
        user = await tx.users.get(session.user)
        fresh = _new_token()
        until = min(now + IDLE, session.created_at + LONGEST)
        if user is not None and not user.disabled:
            old, new = _digest(token), _digest(fresh)
            if await tx.sessions.rotate(session.id, old=old, new=new, expires_at=until):
                return self._tickets(user, replace(session, expires_at=until), fresh, now)
        await tx.sessions.revoke(now, id=session.id)
        who = Principal("user", session.user, user.name if user else "", session.tenant)
        await audit(tx, who, "login.reused", session.id, outcome="refused", at=now)
        tx.after_commit(self.gate.forget)
        return None

    def _tickets(self, user: User, session: Session, token: str, now: float) -> Tickets:
        access = self.tokens.issue(user.id, session.id, session.tenant, now)
        return Tickets(access, token, session.expires_at - now, user, session.tenant)


@dataclass(slots=True, frozen=True)
class SessionProver:
    """Proves access tokens: the session must still hold, and its user still be welcome."""

    store: Store
    tokens: Tokens

    async def prove(self, credential: str, at: float) -> Standing | None:
        access = self.tokens.read(credential, at) if credential.count(".") == 2 else None
        if access is None:
            return None
        async with self.store.read() as tx:
            session = await tx.sessions.get(access.session)
            user = await tx.users.get(access.user)
            if session is None or session.user != access.user or not _lives(session, at):
                return None
            if user is None or user.disabled:
                return None
            grants = await grants_of(tx, user.id, access.tenant)
        return Standing("user", user.id, user.name, grants, access.expires_at, session.id)


def wrong() -> Refused:
    """The one answer to a login that failed, and to everything that might be wrong with it."""
    return Refused("unauthenticated", "login and password do not fit", "mind capitals; or ask for a new password")


def over() -> Refused:
    return Refused("unauthenticated", "this session is over", "log in again")


def _lives(session: Session, at: float) -> bool:
    return session.revoked_at is None and at < session.expires_at


async def _chosen_tenant(tx: Transaction, user: User, wanted: str | None) -> str:
    tenants = [one.tenant for one in await tx.memberships.of_user(user.id)]
    if not tenants:
        raise Refused("no_tenant", "you are a member of no tenant", "ask an administrator to make you one")
    if wanted is not None and wanted not in tenants:
        raise Refused(
            "not_found", f"there is no tenant `{wanted[:80]}`", "log in without one, and `GET /me` names yours"
        )
    return wanted or tenants[0]


def _new_token() -> str:
    return MARK + secrets.token_urlsafe(32)


def _digest(token: str) -> str:
    """Dice need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
