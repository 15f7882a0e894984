"""Which text a flow's name means: the version named, else what is published on the stage, else the newest.

What was found is remembered: a warm start is a dictionary look-up. A write of this process is seen at once (`forget`), one
of another process within a second. Flows are checked once for each hash.
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tenuto.core.flow import Flow, Library
from tenuto.core.flow.names import wrong_flow_name
from tenuto.core.problems import did_you_mean
from tenuto.documents.load import Loaded, load
from tenuto.ports.flows import Found, NoSuchFlow
from tenuto.ports.stages import MOCK, Stage
from tenuto.ports.store import Store, Transaction
from tenuto.ports.versions import Version
from tenuto.service.aside import aside
from tenuto.service.refusals import Invalid, Refused
from tenuto.service.version_numbers import VersionNumbers
from tenuto.service.weighed import Weighed

DEFAULT_STAGE: Final = "dev"  # where a run is that names none
REMEMBERED: Final = 1.0  # seconds that an answer holds, as far as other processes are concerned
MAX_NAMES: Final = 20_000
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_HASH: Final = re.compile(r"[0-9a-f]{12,64}", re.ASCII)  # or how it begins, as runs show it
_WHOLE_HASH: Final = 64

Key = tuple[str, str, str | None, str | None, bool]  # tenant, flow, version, stage, whether a `call` asks


@dataclass(slots=True, frozen=True)
class Resolved:
    """`version`: the number under which the flow's text was saved."""

    flow: Flow
    version: int


@dataclass(slots=True)
class Published:
    """A `FlowSource` over the store. `clock`: monotonic."""

    store: Store
    library: Library
    clock: Callable[[], float] = time.monotonic
    numbers: VersionNumbers = field(init=False)
    _names: OrderedDict[Key, tuple[float, Resolved]] = field(default_factory=OrderedDict[Key, tuple[float, Resolved]])
    _stages: dict[str, tuple[float, dict[str, Stage]]] = field(
        default_factory=dict[str, tuple[float, dict[str, Stage]]]
    )
    _flows: Weighed[Flow] = field(default_factory=Weighed[Flow])
    _asked: "dict[Key, asyncio.Future[Resolved]]" = field(default_factory=dict[Key, "asyncio.Future[Resolved]"])
    _round: int = 0

    def __post_init__(self) -> None:
        self.numbers = VersionNumbers(self.store, self.clock)

    # --- for who starts a run

    async def resolve(
        self, tenant: str, name: str, version: str | int | None = None, stage: str | None = None
    ) -> Resolved:
        """The flow to start. Refused if there is none, or if it may not run there (`mock` apart, only stages that exist;
        on a production stage only what is published there)."""
        return await self._known((tenant, name, None if version is None else str(version), stage, False))

    async def stage(self, tenant: str, name: str | None) -> Stage:
        """The stage that a run asks for; refused if there is none of that name."""
        name = name or DEFAULT_STAGE
        stages = await self._stages_of(tenant)
        if name == MOCK:
            return stages.get(MOCK) or Stage(tenant, MOCK, len(stages))
        if name not in stages:
            raise no_stage(name, stages)
        return stages[name]

    def forget(self) -> None:
        """Something was saved, published or deleted in this process."""
        self._round += 1
        self.numbers.forget()
        self._names.clear()
        self._asked.clear()
        self._stages.clear()

    # --- for runs that call others

    async def find(
        self, name: str, version: str | None, *, stage: str, tenant: str, beside: str | None = None
    ) -> Found:
        """The port: what a `call` means where its run is. A file beside the document counts for nothing here."""
        del beside
        try:
            flow = (await self._known((tenant, name, version, stage, True))).flow
        except Refused as refused:
            raise NoSuchFlow(f"{refused} ({refused.hint})" if refused.hint else str(refused)) from None
        return Found(flow, flow.hash)

    # --- texts

    async def flow(self, document: str, digest: str) -> Flow:
        """The checked flow of a canonical document; refused if this server cannot run it (any more)."""
        known = self._flows.get(digest)
        if known is not None:
            return known
        loaded = await check(document, "json", self.library)
        if loaded.flow is None:
            raise Invalid("this version cannot run here any more", loaded.errors, "save a version that can")
        self._flows.keep(digest, len(document), loaded.flow)
        return loaded.flow

    # --- inside

    async def _known(self, key: Key) -> Resolved:
        known = self._names.get(key)
        if known is not None and self.clock() < known[0]:
            return known[1]
        asked = self._asked.get(key)
        if asked is None:  # whoever comes meanwhile waits for the same answer
            asked = self._asked[key] = asyncio.ensure_future(self._ask(key))
            asked.add_done_callback(lambda done: self._answered(key, done))
        return await asyncio.shield(asked)

    async def _ask(self, key: Key) -> Resolved:
        begun = self._round
        found = await self._look_up(key)
        if begun == self._round:  # what was read before a change is not remembered after it
            self._remember(key, found)
        return found

    def _answered(self, key: Key, done: "asyncio.Future[Resolved]") -> None:
        if self._asked.get(key) is done:
            del self._asked[key]
        if not done.cancelled():
            done.exception()  # seen, even if nobody waits any more

    async def _look_up(self, key: Key) -> Resolved:
        tenant, name, version, stage, called = key
        where = None if called else await self.stage(tenant, stage)
        async with self.store.read() as tx:
            if where is not None and where.production:
                saved = await _on_production(tx, tenant, name, version, where.name)
            else:
                saved = await version_meant(tx, tenant, name, version, stage)
        self.numbers.learn(tenant, name, saved.hash, saved.number)
        return Resolved(await self.flow(saved.document, saved.hash), saved.number)

    def _remember(self, key: Key, found: Resolved) -> None:
        self._names[key] = (self.clock() + REMEMBERED, found)
        self._names.move_to_end(key)
        while len(self._names) > MAX_NAMES:
            self._names.popitem(last=False)

    async def _stages_of(self, tenant: str) -> dict[str, Stage]:
        known = self._stages.get(tenant)
        if known is not None and self.clock() < known[0]:
            return known[1]
        begun = self._round
        async with self.store.read() as tx:
            stages = {stage.name: stage for stage in await tx.stages.list(tenant)}
        if begun == self._round:
            self._stages[tenant] = (self.clock() + REMEMBERED, stages)
        return stages


async def check(source: bytes | str, kind: str | None, library: Library) -> Loaded:
    """Read and check a document."""
    said = "json" if kind == "json" else "yaml" if kind == "yaml" else None
    return await aside(len(source), load, source, format=said, library=library)


async def version_meant(tx: Transaction, tenant: str, name: str, version: str | None, stage: str | None) -> Version:
    """The version named (by number or hash), else what is published on the stage, else the newest; refused if there is none."""
    if wrong_flow_name(name):
        raise await no_flow(tx, tenant, name)
    if version is not None:
        return await _named(tx, tenant, name, version)
    if stage is not None:
        for publication in await tx.publications.list(tenant, flow=name, stage=stage):
            return await _named(tx, tenant, name, str(publication.version))
    newest = await tx.versions.get(tenant, name)
    if newest is None:
        raise await no_flow(tx, tenant, name)
    return newest


async def no_flow(tx: Transaction, tenant: str, name: str) -> Refused:
    """Why there is nothing to be had by this name."""
    if not wrong_flow_name(name) and await tx.drafts.get(tenant, name) is not None:
        return Refused("not_found", f"`{name}` is only a draft", "save it as a version once it has no problems")
    page = await tx.flows.list(tenant, limit=500)
    hint = (
        did_you_mean(name[:80], [entry.name for entry in page.items]) or "the list of flows shows those that there are"
    )
    return Refused("not_found", f"there is no flow `{name[:80]}`", hint)


def no_stage(name: str, stages: "dict[str, Stage]") -> Refused:
    hint = did_you_mean(name[:80], stages) or f"there are {', '.join(list(stages)[:10])}"
    return Refused("not_found", f"there is no stage `{name[:80]}`", hint)


async def _named(tx: Transaction, tenant: str, name: str, version: str) -> Version:
    if _HASH.fullmatch(version):
        found = await _by_hash(tx, tenant, name, version)
    elif _NUMBER.fullmatch(version):
        found = await tx.versions.get(tenant, name, int(version))
    else:
        found = None
    if found is not None:
        return found
    newest = await tx.versions.get(tenant, name)
    if newest is None:
        raise await no_flow(tx, tenant, name)
    said = version if len(version) < 20 else version[:12]
    raise Refused("not_found", f"`{name}` has no version {said}", f"its versions are 1 to {newest.number}")


async def _by_hash(tx: Transaction, tenant: str, name: str, start: str) -> Version | None:
    """The newest version with that content, by its hash or by how that begins."""
    if len(start) == _WHOLE_HASH:
        return await tx.versions.by_hash(tenant, name, start)
    cursor: str | None = None
    while True:
        page = await tx.versions.history(tenant, name, limit=500, cursor=cursor)
        for entry in page.items:
            if entry.hash.startswith(start):
                return await tx.versions.get(tenant, name, entry.number)
        if page.next_cursor is None:
            return None
        cursor = page.next_cursor


async def _on_production(tx: Transaction, tenant: str, name: str, version: str | None, stage: str) -> Version:
    """Only what somebody published there."""
    published = await tx.publications.list(tenant, flow=name, stage=stage) if not wrong_flow_name(name) else ()
    here = await _named(tx, tenant, name, str(published[0].version)) if published else None
    meant = here if version is None else await _named(tx, tenant, name, version)
    if meant is None or here is None:
        wanted = meant or await version_meant(tx, tenant, name, None, None)
        raise _not_published(name, wanted.number, stage)
    if meant.hash != here.hash:
        raise _not_published(name, meant.number, stage)
    return here


def _not_published(name: str, version: int, stage: str) -> Refused:
    return Refused(
        "not_published",
        f"version {version} of `{name}` is not published on the production stage `{stage}`",
        "publish it there first",
    )
