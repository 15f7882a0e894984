"""Runs that other runs start: the `call` node, and `ctx.call_flow`.

The version is resolved once and recorded in `child.started` before the child begins; its text is kept with the parent,
so that it is found again whatever became of the file. The child's id follows from the command, so that starting it
twice is harmless.
"""

import asyncio
import hashlib
import re
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from tenuto.core.commands import CancelNode, StartChild
from tenuto.core.inputs import ChildBegun, ChildEnded, Failed
from tenuto.core.machine import PAUSE
from tenuto.hosts.local.history import History
from tenuto.hosts.local.outputs import message_of
from tenuto.hosts.local.predecessors import UNFINISHED
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.services import Services
from tenuto.ports.engine import Outcome, Refused, StartRequest
from tenuto.ports.flows import Found, NoSuchFlow
from tenuto.ports.journal import RunQuery, StorageFull
from tenuto.sdk.errors import NodeError
from tenuto.service.hops import carried
from tenuto.service.inputs import prepare

MAX_DEPTH = 16
FILE_LABEL = "file"  # of a run: where its document was read from
_PAGE = 500

_HASH = re.compile(r"[0-9a-f]{64}")


class Parents(Protocol):
    """What children need of the host."""

    services: Services

    async def start(self, request: StartRequest) -> str: ...

    async def cancel(self, run: str, *, by: str | None = None, reason: str | None = None) -> None: ...

    async def signal(
        self, run: str, name: str, payload: Any, *, by: str | None = None, key: str | None = None
    ) -> None: ...

    async def outcome(self, run: str, *, until: frozenset[str] = frozenset()) -> Outcome: ...

    async def ended_run(self, run: str) -> tuple[Outcome, Mapping[str, float]] | None:
        """How a run ended and what it used; None if it has not."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None], run: Run | None = None) -> None: ...


class Children:
    def __init__(self, host: Parents, history: History) -> None:
        self._host = host
        self._history = history
        self._clock = host.services.clock
        self._grace = host.services.options.grace
        self._beginning: set[str] = set()

    # --- the `call` node

    def begin(self, parent: Run, command: StartChild) -> None:
        if command.run not in self._beginning:
            self._beginning.add(command.run)
            self._host.spawn(self._begin(parent, command), parent)

    async def _begin(self, parent: Run, command: StartChild) -> None:
        try:
            await self._start(parent, command)
        except (NoSuchFlow, Refused) as error:
            kind = "input" if getattr(error, "code", "") == "invalid" else "call"
            parent.tell(Failed(self._clock(), command.path, command.attempt, kind, str(error), retry=False))
        except StorageFull:
            retry = parent.services.options.storage_retry * 4
            asyncio.get_running_loop().call_later(retry, self.begin, parent, command)
        except Exception as error:  # noqa: BLE001  where flows come from is others' code; only this node may suffer
            if not self._host.services.closing:
                message = message_of(error)
                parent.tell(Failed(self._clock(), command.path, command.attempt, "call", message, retry=False))
        finally:
            self._beginning.discard(command.run)

    async def _start(self, parent: Run, command: StartChild) -> None:
        if await self.report(parent, command.path, command.run):
            return
        found = await self.find(parent, command.flow, command.version)
        request = self._request(parent, found, command.run, command.input, command.depth)
        parent.keep(found.flow.hash, await self._history.document(found.flow))
        await parent.ask(ChildBegun(self._clock(), command.path, command.run, found.version))
        still = parent.state.todo.get(command.path)
        if isinstance(still, StartChild) and still.run == command.run:
            await self._begin_run(parent, request)

    async def _begin_run(self, parent: Run, request: StartRequest) -> None:
        """The child of a run that has been paused meanwhile begins in a pause."""
        run = await self._host.start(request)
        if parent.state.paused:
            with suppress(Refused):  # it has ended by itself
                await self._host.signal(run, PAUSE, None, by="parent")

    async def pass_on(self, parent: str, name: str, *, by: str | None, key: str | None) -> None:
        """Tell every open child what its parent was told."""
        query = RunQuery(statuses=UNFINISHED, parent=parent, limit=_PAGE)
        while page := await self._host.services.journal.runs(query):
            for child in page:
                with suppress(Refused):  # it has ended by itself
                    await self._host.signal(child.id, name, None, by=by, key=key)
            query = replace(query, cursor=page[-1].age)

    def _request(self, parent: Run, found: Found, run: str, given: Any, depth: int) -> StartRequest:
        about = parent.state.about
        labels = {FILE_LABEL: found.file} if found.file else {}
        return StartRequest(
            flow=found.flow,
            input=prepare(found.flow.input_schema, given),
            run=run,
            stage=about.stage,
            tenant=about.tenant,
            labels=labels,
            trigger=carried(about.trigger),
            parent=parent.id,
            depth=depth,
        )

    async def report(self, parent: Run, path: str, child: str) -> bool:
        """Tell the parent how its child ended, if it has."""
        found = await self._host.ended_run(child)
        if found is None:
            return False
        self._tell(parent, path, *found)
        return True

    def ended(self, parent: Run, outcome: Outcome, usage: Mapping[str, float]) -> None:
        """A child has ended; its parent is in memory. One that was called from inside a node tells its caller itself."""
        for path, command in list(parent.state.todo.items()):
            if isinstance(command, StartChild | CancelNode) and command.run == outcome.id:
                self._tell(parent, path, outcome, usage)

    def _tell(self, parent: Run, path: str, outcome: Outcome, usage: Mapping[str, float]) -> None:
        error = dict(outcome.error) if outcome.error is not None else None
        said = ChildEnded(self._clock(), path, outcome.id, outcome.status, outcome.output, error, dict(usage) or None)
        said.jitter = parent.services.dice.random()
        parent.tell(said)

    def cancel(self, parent: Run, command: CancelNode) -> None:
        self._host.spawn(self._cancel(parent, command), parent)

    async def _cancel(self, parent: Run, command: CancelNode) -> None:
        assert command.run is not None
        try:
            await self._host.cancel(command.run, by="parent")
        except Refused:
            if await self.report(parent, command.path, command.run):
                return
            self._never_began(parent, command)
            return
        # The child tells its end by itself; one that takes longer than its nodes' grace is not waited for.
        asyncio.get_running_loop().call_later(self._grace * 2, self._never_began, parent, command)

    def _never_began(self, parent: Run, command: CancelNode) -> None:
        assert command.run is not None
        error = {"type": "cancelled", "message": "cancelled", "node": None, "attempts": 1}
        self._tell(parent, command.path, Outcome(command.run, "", "cancelled", None, error), {})

    # --- from inside a node

    async def call_flow(self, parent: Run, path: str, name: str, given: Any, version: str | None, key: str) -> Any:
        about = parent.state.about
        if about.depth + 1 > MAX_DEPTH:
            raise NodeError(f"calls are nested deeper than {MAX_DEPTH}", type="too_deep", retry=False)
        run = hashlib.sha256(f"{about.run}/{path}/{key}".encode()).hexdigest()[:32]
        try:
            found = await self.find(parent, name, version)
            await self._begin_run(parent, self._request(parent, found, run, given, about.depth + 1))
        except (NoSuchFlow, Refused) as error:
            kind = "input" if getattr(error, "code", "") == "invalid" else "call"
            raise NodeError(str(error), type=kind, retry=False) from None
        return await self._outcome(run, name)

    async def _outcome(self, run: str, name: str) -> Any:
        try:
            outcome = await self._host.outcome(run)
        except asyncio.CancelledError:
            self._host.spawn(self._stop(run))
            raise
        if outcome.status == "succeeded":
            return outcome.output
        error = outcome.error or {}
        message = f"the flow `{name}` {outcome.status}: {error.get('message', '')}"
        raise NodeError(message, type=str(error.get("type", outcome.status)), retry=False)

    async def _stop(self, run: str) -> None:
        with suppress(Refused):  # it has ended by itself
            await self._host.cancel(run, by="parent")

    # --- which flow

    async def find(self, parent: Run, name: str, version: str | None) -> Found:
        """The flow, by its text where the version names one that was kept."""
        if version is not None and _HASH.fullmatch(version):
            try:
                return Found(await self._history.flow(version), version, parent.entry.labels.get(FILE_LABEL))
            except KeyError:
                raise NoSuchFlow(f"the flow `{name}` of version {version[:12]} is not kept here") from None
        about = parent.state.about
        beside = parent.entry.labels.get(FILE_LABEL)
        return await self._host.services.flows.find(
            name, version, stage=about.stage, tenant=about.tenant, beside=beside
        )
