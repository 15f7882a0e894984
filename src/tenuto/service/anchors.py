"""Whether the audit is whole. The chain shows what was edited, deleted or put in another order; what was cut off its end is
shown by anchors: the last hash of each tenant's chain, put down outside of the store every hour, in a file and in the log.

Whoever can write to the store and to the file can still lie: send the log lines somewhere else to be sure.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

from tenuto.ports.audit import AuditEntry
from tenuto.ports.store import Store
from tenuto.service.audit import FIRST, digest

FILE: Final = "audit.heads"
EVERY: Final = 3_600.0  # seconds
_PAGE: Final = 1_000
_SHOWN: Final = 100  # findings of one chain: after the first the rest may follow from it

_log = logging.getLogger("tenuto.audit")


@dataclass(slots=True, frozen=True)
class Anchor:
    """The end of a chain at a moment."""

    at: float
    tenant: str
    seq: int
    hash: str


@dataclass(slots=True, frozen=True)
class Finding:
    """What is wrong, and at which entry."""

    tenant: str
    seq: int
    text: str


@dataclass(slots=True, frozen=True)
class Verdict:
    """`entries`: how many were read. `anchors`: how many were compared with them."""

    entries: int
    anchors: int
    findings: Sequence[Finding]


async def anchor(store: Store, file: Path, at: float) -> list[Anchor]:
    """Put down where each chain ends, if it has grown."""
    known = {each.tenant: each for each in read_anchors(file)}
    new: list[Anchor] = []
    async with store.read() as tx:
        for tenant in await tx.audit.tenants():
            head = await tx.audit.head(tenant)
            if head is not None and (tenant not in known or known[tenant].hash != head.hash):
                new.append(Anchor(round(at, 3), tenant, head.seq, head.hash))
    if new:
        await asyncio.to_thread(_write, file, new)
    for each in new:
        _log.info("audit head: tenant %s, entry %d, hash %s", each.tenant, each.seq, each.hash)
    return new


async def keep_anchored(store: Store, file: Path, clock: Callable[[], float], every: float = EVERY) -> None:
    """Now, every hour, and when it is told to end."""
    try:
        while True:
            await _anchored(store, file, clock())
            await asyncio.sleep(every)
    finally:
        await _anchored(store, file, clock())


async def _anchored(store: Store, file: Path, at: float) -> None:
    try:
        await anchor(store, file, at)
    except Exception:  # noqa: BLE001  a full disk today must not end the anchors of tomorrow
        _log.exception("the audit could not be anchored")


async def verify(store: Store, file: Path | None = None) -> Verdict:
    """Read every chain from its beginning, and compare it with the anchors."""
    anchors = read_anchors(file) if file is not None else []
    async with store.read() as tx:
        tenants = sorted({*await tx.audit.tenants(), *(each.tenant for each in anchors)})
    entries, findings = 0, list[Finding]()
    for tenant in tenants:
        expected = {each.seq: each.hash for each in anchors if each.tenant == tenant}
        count, found = await _verify_chain(store, tenant, expected)
        entries += count
        findings += found
    return Verdict(entries, len(anchors), findings)


async def _verify_chain(store: Store, tenant: str, anchored: dict[int, str]) -> tuple[int, list[Finding]]:
    findings: list[Finding] = []
    count, seq, previous = 0, 0, FIRST
    async for entry in _chain(store, tenant):
        count += 1
        said = _wrong(entry, seq, previous, anchored.pop(entry.seq, None))
        if len(findings) < _SHOWN:
            findings += [Finding(tenant, entry.seq, text) for text in said]
        seq, previous = entry.seq, entry.hash
    gone = [number for number in anchored if number > seq]
    if gone:
        findings.append(Finding(tenant, seq, f"the chain ends at {seq}; {max(gone)} entries were there once"))
    return count, findings


def _wrong(entry: AuditEntry, seq: int, previous: str, anchored: str | None) -> list[str]:
    found: list[str] = []
    if entry.seq != seq + 1:
        found.append(f"it follows {seq}: what was between them is gone")
    elif entry.previous != previous:
        found.append("it does not follow from the entry before it")
    if digest(entry) != entry.hash:
        found.append("it was changed after it was written")
    elif anchored is not None and anchored != entry.hash:
        found.append("it is not the entry that was anchored: the chain was written anew")
    return found


async def _chain(store: Store, tenant: str) -> AsyncIterator[AuditEntry]:
    seq = 0
    while True:
        async with store.read() as tx:
            page = await tx.audit.after(tenant, seq, limit=_PAGE)
        for entry in page:
            yield entry
        if len(page) < _PAGE:
            return
        seq = page[-1].seq


def read_anchors(file: Path) -> list[Anchor]:
    """All of them, the oldest first. A line that was torn by a power failure is none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    return [each for each in map(_anchor, lines) if each is not None]


def _anchor(line: str) -> Anchor | None:
    try:
        found = cast("dict[str, Any]", json.loads(line))
        return Anchor(float(found["at"]), str(found["tenant"]), int(found["seq"]), str(found["hash"]))
    except (ValueError, KeyError, TypeError):
        return None


def _write(file: Path, anchors: list[Anchor]) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.writelines(json.dumps(asdict(each)) + "\n" for each in anchors)
