"""What `tenuto keys`, `users` and `audit` do, on the store of the data directory. A server that owns it sees it in seconds."""

import asyncio
import getpass
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from tenuto.cli.house import Place, place_of, user
from tenuto.cli.look import ago, line, note, say
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.service.principal import Principal, local

T = TypeVar("T")
Act = Callable[[Any, Principal], Awaitable[T]]

_PAGE = 500


def create_key(
    data: Path | None,
    tenant: str,
    name: str,
    permissions: Sequence[str],
    roles: Sequence[str],
    expires: str | None,
    *,
    json: bool,
) -> int:
    from tenuto.service import keys
    from tenuto.service.roles import check_giving, permissions_of

    async def act(registrar: Any, who: Principal) -> Any:
        now = time.time()
        async with registrar.store.write() as tx:
            await check_giving(tx, who, roles)
            wanted = roles or ([] if permissions else ["developer"])
            names = {*permissions, *await permissions_of(tx, tenant, wanted)}
            until = None if expires is None else now + keys.lifetime(expires)
            return await keys.create(tx, who, registrar.identity.key_secret, name, names, expires_at=until, at=now)

    key, shown = _do(data, tenant, act, make=True)
    if json:
        say(line({**keys.key_json(key, time.time()), "key": shown}))
    else:
        say(shown)
        note("this is the key; it is not shown again")
    return 0


def list_keys(data: Path | None, tenant: str, *, json: bool) -> int:
    from tenuto.service import keys

    async def act(registrar: Any, who: Principal) -> Any:
        async with registrar.store.read() as tx:
            return await keys.listing(tx, who.tenant, limit=_PAGE)

    page = _do(data, tenant, act)
    found = [keys.key_json(key, time.time()) for key in page.items]
    if json:
        say(line({"items": found, "next_cursor": page.next_cursor}))
    elif not found:
        note("no keys: `tenuto keys create NAME` makes one")
    else:
        rows = [_key_row(shown, key) for shown, key in zip(found, page.items, strict=True)]
        Painter.for_stdout().table(rows, heads=("id", "name", "", "used", "may"))
    return 0


def revoke_key(data: Path | None, tenant: str, key: str, *, json: bool) -> int:
    from tenuto.service import keys

    async def act(registrar: Any, who: Principal) -> None:
        async with registrar.store.write() as tx:
            await keys.revoke(tx, who, key, at=time.time())

    _do(data, tenant, act)
    say(line({"id": key, "revoked": True}) if json else f"revoked {key}")
    return 0


def create_user(data: Path | None, tenant: str, login: str, name: str, roles: Sequence[str], *, json: bool) -> int:
    from tenuto.service import users

    async def act(registrar: Any, who: Principal) -> Any:
        kept = await registrar.identity.passwords.hashed(password)
        async with registrar.store.write() as tx:
            new = users.NewUser(login, name, password, tuple(roles) or ("viewer",))
            return await users.create(tx, who, new, kept, at=time.time())

    users.check_login(login)
    password = _password(login)
    member = _do(data, tenant, act, make=True)
    if json:
        say(line(users.member_json(member)))
    else:
        say(f"{member.user.login} can log in, as {', '.join(member.roles)} ({member.user.id})")
    return 0


def list_users(data: Path | None, tenant: str, *, json: bool) -> int:
    from tenuto.service import users

    async def act(registrar: Any, who: Principal) -> Any:
        async with registrar.store.read() as tx:
            return await users.listing(tx, who.tenant, limit=_PAGE)

    page = _do(data, tenant, act)
    if json:
        say(line({"items": [users.member_json(each) for each in page.items], "next_cursor": page.next_cursor}))
    elif not page.items:
        note("no users: `tenuto users create LOGIN` makes one")
    else:
        Painter.for_stdout().table([_user_row(each) for each in page.items], heads=("id", "login", "roles", "", ""))
    return 0


def disable_user(data: Path | None, tenant: str, login: str, *, disabled: bool, json: bool) -> int:
    from tenuto.service import users

    async def act(registrar: Any, who: Principal) -> Any:
        async with registrar.store.write() as tx:
            known = await tx.users.by_login(users.normal_login(login))
            change = users.Change(disabled=disabled)
            return await users.change(tx, who, known.id if known else login, change, None, at=time.time())

    member = _do(data, tenant, act)
    if json:
        say(line(users.member_json(member)))
    else:
        say(f"{member.user.login} can log in {'no more' if disabled else 'again'}")
    return 0


def verify_audit(data: Path | None, *, json: bool) -> int:
    from tenuto.service import anchors

    place = place_of(data)

    async def act(registrar: Any, _: Principal) -> Any:
        return await anchors.verify(registrar.store, place.data / anchors.FILE)

    verdict = _do(data, None, act)
    if json:
        findings = [asdict(each) for each in verdict.findings]
        ok = not findings
        say(line({"ok": ok, "entries": verdict.entries, "anchors": verdict.anchors, "findings": findings}))
        return int(not ok)
    for each in verdict.findings:
        say(f"{each.tenant} {each.seq}: {each.text}")
    read = f"entries: {verdict.entries}, anchors: {verdict.anchors}"
    say(f"the audit is not whole ({read})" if verdict.findings else f"the audit is whole ({read})")
    return int(bool(verdict.findings))


def _key_row(shown: dict[str, Any], key: Any) -> list[Cell]:
    used = "never" if key.last_used_at is None else ago(time.time() - key.last_used_at)
    colour = "green" if shown["status"] == "active" else "bright_black"
    return [
        Cell(key.id),
        Cell(key.name, "bold"),
        Cell(shown["status"], colour),
        Cell(used),
        Cell(_few(key.permissions)),
    ]


def _user_row(member: Any) -> list[Cell]:
    user = member.user
    state = ("disabled", "red") if user.disabled else ("active", "green")
    return [
        Cell(user.id),
        Cell(user.login, "bold"),
        Cell(", ".join(member.roles)),
        Cell(*state),
        Cell(user.name if user.name != user.login else "", "bright_black"),
    ]


def _few(permissions: Sequence[str]) -> str:
    more = f" and {len(permissions) - 3} more" if len(permissions) > 3 else ""
    return ", ".join(permissions[:3]) + more


def _password(login: str) -> str:
    """From a prompt that shows nothing, asked twice, or all of stdin."""
    if not sys.stdin.isatty():
        return sys.stdin.read().rstrip("\r\n")
    password = getpass.getpass(f"Password of {login}: ", sys.stderr)
    if password != getpass.getpass("The same again: ", sys.stderr):
        raise Refused("invalid", "the two are not the same", "try again")
    return password


def _do(data: Path | None, tenant: str | None, act: Act[T], *, make: bool = False) -> T:
    """`tenant`: in which whoever sits here acts. `make`: the directory; who only looks leaves nothing behind."""
    from tenuto.bootstrap.identity import open_identity

    place = place_of(data)
    _check_there(place, make=make)

    async def work() -> T:
        async with open_identity(place.settings) as registrar:
            if tenant is not None:
                async with registrar.store.read() as tx:
                    if await tx.tenants.get(tenant) is None:
                        raise Refused("not_found", f"there is no tenant `{tenant}`", "see --tenant")
            return await act(registrar, replace(local(user()), tenant=tenant or "default"))

    return asyncio.run(work())


def _check_there(place: Place, *, make: bool) -> None:
    if make:
        place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    elif not place.data.exists():
        raise Refused("not_found", f"there is nothing in {place.data}", "see --data, or start with `tenuto up`")
