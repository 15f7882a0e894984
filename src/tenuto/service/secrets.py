"""Secrets: set and deleted, listed by name. Nobody is ever told a value; only a node that is about to run is given it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenuto.ports.records import Page
from tenuto.ports.sealed import ANY_STAGE, SealedEntry
from tenuto.ports.store import Transaction
from tenuto.service.audit import SYSTEM, audit
from tenuto.service.given_names import check_name, check_stage, where
from tenuto.service.master_keys import FileKeys
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment
from tenuto.service.vault import Vault

SHORTEST: Final = 4  # a shorter one could not be told from ordinary text, and so not be kept out of a journal
LONGEST: Final = 64 * 1024
MOST_HOSTS: Final = 20
_HOST: Final = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]*:[0-9a-f:.]+", re.ASCII)
_RESERVED: Final = "KEY"  # TENUTO_SECRET_KEY is the master key


async def put(
    vault: Vault,
    tx: Transaction,
    who: Principal,
    name: str,
    value: str,
    *,
    stage: str = ANY_STAGE,
    hosts: Sequence[str] = (),
    at: float | None = None,
) -> SealedEntry:
    """A new secret, or another value for one. `hosts`: where it may be sent, `example.com` or `*.example.com`."""
    _check_secret_name(name)
    _check_value(value)
    bound = _checked_hosts(hosts)
    await check_stage(tx, who, stage)
    now = time.time() if at is None else at
    made = await vault.put(tx, SealedEntry(who.tenant, stage, name, 0, who.by, now, hosts=bound), value)
    await audit(tx, who, "secrets.set", name, {"stage": stage, "version": made.version, "hosts": bound}, at=now)
    return made


async def listing(
    tx: Transaction, who: Principal, *, stage: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[SealedEntry]:
    """By name; of one stage, if it is asked for."""
    if stage is not None:
        await check_stage(tx, who, stage)
    return await tx.sealed.list(who.tenant, stage=stage, limit=limit, cursor=cursor)


async def delete(
    vault: Vault, tx: Transaction, who: Principal, name: str, *, stage: str = ANY_STAGE, at: float | None = None
) -> None:
    """Forget it there; what holds for every stage stays, and the other way round."""
    check_name(name)
    await check_stage(tx, who, stage)
    if not await tx.sealed.delete(who.tenant, stage, name):
        raise Refused("not_found", f"there is no secret `{name}` for {where(stage)}", "the list of secrets shows where")
    tx.after_commit(vault.forget)
    await audit(tx, who, "secrets.delete", name, {"stage": stage}, at=at)


@dataclass(slots=True, frozen=True)
class Rotation:
    """`key`: the id of the master key that seals from now on. `forgotten`: older keys that are gone."""

    key: str
    rewrapped: int
    forgotten: int = 0


async def rotate(vault: Vault, who: Principal, *, forget: bool = False) -> Rotation:
    """Put every secret of every tenant under the newest master key: a new one in the file, or the first of those given.

    A crash in between loses nothing: each secret is under a key that is still there. `forget`: remove the older keys, once
    nothing is under them; what was backed up before cannot be read without them.
    """
    file = vault.keys if isinstance(vault.keys, FileKeys) else None
    if forget and file is None:
        raise Refused("invalid", "TENUTO_SECRET_KEY names the keys", "take the older ones out of it after the rotation")
    if file is not None:
        file.add()
    rewrapped = await vault.rotate()
    forgotten = file.forget_older() if file is not None and forget else 0
    done = Rotation(vault.keys.all()[0].id, rewrapped, forgotten)
    async with vault.store.write() as tx:
        await audit(
            tx, who, "secrets.rotate", done.key, {"rewrapped": rewrapped, "forgotten": forgotten}, tenant=SYSTEM
        )
    return done


def secret_json(entry: SealedEntry) -> dict[str, object]:
    """As the API and `--json` show it."""
    return {
        "name": entry.name,
        "stage": entry.stage,
        "version": entry.version,
        "updated_at": moment(entry.at),
        "by": entry.by,
        "hosts": [*entry.hosts],
    }


def _check_secret_name(name: str) -> None:
    check_name(name)
    if name.upper() == _RESERVED:
        raise Refused(
            "invalid", "a secret cannot be called `KEY`", "TENUTO_SECRET_KEY is the master key; say whose key it is"
        )


def _checked_hosts(hosts: Sequence[str]) -> tuple[str, ...]:
    found = tuple(sorted({host.strip().lower().rstrip(".") for host in hosts}))
    wrong = next((host for host in found if _HOST.fullmatch(host) is None), None)
    if wrong is not None or len(found) > MOST_HOSTS:
        said = f"`{(wrong or '')[:100]}` is no host" if wrong is not None else f"more than {MOST_HOSTS} hosts"
        raise Refused(
            "invalid", said, "write `api.example.com`, or `*.example.com` for all below it; no scheme, no port"
        )
    return found


def _check_value(value: str) -> None:
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > LONGEST:
        raise Refused("too_large", f"a secret of {size} bytes is larger than {LONGEST}", "keep the file elsewhere")
    if len(value) < SHORTEST:
        said = f"a secret of fewer than {SHORTEST} characters cannot be kept out of logs"
        raise Refused("invalid", said, "take a longer one, or make it a variable")
