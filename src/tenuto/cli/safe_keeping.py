"""What `tenuto secrets …` does, on the store of the data directory. A server that owns it sees it within seconds."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from tenuto.cli.house import Place, place_of, user
from tenuto.cli.look import ago, line, note, plural, say
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.ports.sealed import ANY_STAGE
from tenuto.service.principal import Principal, local
from tenuto.settings import Settings

T = TypeVar("T")


@dataclass(slots=True)
class Desk:
    """An open vault, and who works on it."""

    vault: Any
    who: Principal
    settings: Settings


def put(data: Path | None, tenant: str, name: str, stage: str, hosts: list[str], *, json: bool) -> int:
    from tenuto.service import secrets

    async def act(desk: Desk) -> Any:
        async with desk.vault.store.write() as tx:
            return await secrets.put(desk.vault, tx, desk.who, name, value, stage=stage, hosts=hosts)

    value = _value(name)
    place = place_of(data)
    place.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = at_desk(place, tenant, act)
    where = "every stage" if stage == ANY_STAGE else f"stage {stage}"
    say(line(secrets.secret_json(made)) if json else f"{name} is set for {where}")
    return 0


def listing(data: Path | None, tenant: str, stage: str | None, limit: int, *, json: bool) -> int:
    from tenuto.service import secrets

    async def act(desk: Desk) -> Any:
        async with desk.vault.store.read() as tx:
            return await secrets.listing(tx, desk.who, stage=stage, limit=limit)

    page = at_desk(place_of(data), tenant, act)
    if json:
        say(line({"items": [secrets.secret_json(each) for each in page.items], "next_cursor": page.next_cursor}))
    elif not page.items:
        note("no secrets: `tenuto secrets set NAME` sets one")
    else:
        Painter.for_stdout().table([_row(each) for each in page.items], heads=("name", "stage", "set", "", ""))
    return 0


def delete(data: Path | None, tenant: str, name: str, stage: str, *, json: bool) -> int:
    from tenuto.service import secrets

    async def act(desk: Desk) -> None:
        async with desk.vault.store.write() as tx:
            await secrets.delete(desk.vault, tx, desk.who, name, stage=stage)

    at_desk(place_of(data), tenant, act)
    say(line({"name": name, "stage": stage, "deleted": True}) if json else f"deleted {name}")
    return 0


def rotate(data: Path | None, *, forget: bool, json: bool) -> int:
    from tenuto.service import secrets

    async def act(desk: Desk) -> Any:
        return await secrets.rotate(desk.vault, desk.who, forget=forget)

    done = at_desk(place_of(data), "default", act)
    if json:
        say(line({"key": done.key, "rewrapped": done.rewrapped, "forgotten": done.forgotten}))
    else:
        say(f"{plural(done.rewrapped, 'secret')} sealed with the key {done.key}")
        if done.forgotten:
            say(f"{plural(done.forgotten, 'older key')} removed: backups from before now cannot be read any more")
    return 0


def _row(entry: Any) -> list[Cell]:
    import time

    return [
        Cell(entry.name, "bold"),
        Cell(entry.stage, "green"),
        Cell(ago(time.time() - entry.at)),
        Cell(f"by {entry.by}, version {entry.version}", "bright_black"),
        Cell(f"for {', '.join(entry.hosts)}" if entry.hosts else "", "yellow"),
    ]


def _value(name: str) -> str:
    """From a prompt that shows nothing, or all of stdin."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name}: ", sys.stderr)
    value = sys.stdin.read()
    return value[:-1].removesuffix("\r") if value.endswith("\n") else value


def at_desk(place: Place, tenant: str, act: Callable[[Desk], Awaitable[T]]) -> T:
    """What is done with an open vault."""
    from tenuto.bootstrap.vault import open_vault

    if not place.data.exists():
        raise Refused("not_found", f"there is nothing in {place.data}", "see --data, or start with `tenuto up`")

    async def work() -> T:
        async with open_vault(place.settings) as vault:
            async with vault.store.read() as tx:
                if await tx.tenants.get(tenant) is None:
                    raise Refused("not_found", f"there is no tenant `{tenant}`", "see --tenant")
            return await act(Desk(vault, replace(local(user()), tenant=tenant), place.settings))

    return asyncio.run(work())
