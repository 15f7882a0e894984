"""What a node may ask of its run, answered by the local host. One for each attempt; made cheaply, most are never asked."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from tenuto.core.inputs import Input, StepDone, StepMismatch, StepStarting
from tenuto.core.values import digest
from tenuto.hosts.local.acks import awaited_ack
from tenuto.hosts.local.called import Called
from tenuto.hosts.local.outputs import usage_of
from tenuto.hosts.local.owner import Asker
from tenuto.hosts.local.run_files import RunFiles
from tenuto.hosts.local.words import Words
from tenuto.ports.engine import Live
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import BrokenNode, NodeError, Suspended, UnknownNode
from tenuto.sdk.http import Http
from tenuto.sdk.port import Port
from tenuto.sdk.values import to_json
from tenuto.service.hops import hops_of
from tenuto.service.trace_ids import header_of

if TYPE_CHECKING:  # most runs know no agents
    from tenuto.sdk.agents.house import Agents

T = TypeVar("T")


class Halt(BaseException):
    """The node may not go on: a person has to decide first. Leaves the function; nothing is told of it."""


class LocalContext:
    """`prefix`: before the keys of all that a node asks which runs inside the one whose context is `within`."""

    __slots__ = (
        "_attempt", "_files", "_inner", "_prefix", "_secrets", "_used", "_waits", "_words", "cancelled", "covered",
    )  # fmt: skip

    def __init__(
        self, attempt: Asker, secrets: Mapping[str, str], *, within: "LocalContext | None" = None, prefix: str = ""
    ) -> None:
        self._attempt = attempt
        self._secrets = secrets
        self._prefix = prefix
        self._used = None if within is None else within.keys()
        self._waits: list[Suspended] | None = None if within is None else within.waits()
        # What runs inside a `once` step needs none of its own: where that one is in doubt, so is all of it.
        self.covered = within is not None and (within.covered or attempt.definition.effects == "once")
        self._inner: list[LocalContext] | None = None
        self._files: RunFiles | None = None
        self._words: Words | None = None
        self.cancelled = False

    # --- who and when

    @property
    def run(self) -> str:
        return self._attempt.owner.state.about.run

    @property
    def path(self) -> str:
        return self._attempt.command.path

    @property
    def attempt(self) -> int:
        return self._attempt.command.attempt

    @property
    def idempotency_key(self) -> str:
        key = self._attempt.command.key
        return f"{key}/{self._prefix[:-1]}" if self._prefix else key

    @property
    def deadline(self) -> float | None:
        timeout = self._attempt.timeout
        return None if timeout is None else self._attempt.started_at + timeout

    @property
    def held(self) -> bool:
        state = self._attempt.owner.state
        if not state.over and not state.paused:
            return False
        ns = state.nodes.get(self.path)
        return ns is not None and not ns.scope.is_final

    def cut(self) -> None:
        self.cancelled = True
        for inner in self._inner or ():
            inner.cut()

    # --- what is shared

    @property
    def http(self) -> Http:
        owner, redactor = self._attempt.owner, self._attempt.redactor
        bound = redactor.bound if redactor else {}
        trace = header_of(self.run, self.path)
        return owner.services.http.view(self.idempotency_key, hops_of(owner.state.about.trigger), bound, trace)

    @property
    def files(self) -> RunFiles:
        if self._files is None:
            self._files = RunFiles(self._attempt)
        return self._files

    @property
    def agents(self) -> "Agents":
        house, about = self._attempt.owner.services.agents, self._attempt.owner.state.about
        if house is None:
            raise NodeError("there are no agents here", type="agent", retry=False)
        return house.of(about.tenant, about.stage)

    def secret(self, name: str) -> str:
        if name not in self._attempt.definition.secrets:
            node = self._attempt.definition.name
            raise NodeError(f"`{node}` did not declare the secret `{name}`", type="secret", retry=False)
        value = self._secrets.get(name)
        if value is None:
            message = (
                f"there is no secret `{name}`: set it with `tenuto secrets set {name}` for a server,"
                f" or TENUTO_SECRET_{name.upper()} in the environment"
            )
            raise NodeError(message, type="secret", retry=False)
        return value

    # --- steps

    async def step(
        self,
        key: str,
        call: Callable[..., Awaitable[T] | T],
        *args: Any,
        effects: Literal["idempotent", "once"] = "idempotent",
        **kwargs: Any,
    ) -> T:
        key = self._claim(key)
        command = self._attempt.command
        input_hash = digest(self._attempt.redacted(to_json([list(args), kwargs], f"the arguments of step `{key}`")))
        recorded = command.steps.get(key)
        if recorded is not None:
            if recorded[0] in {input_hash, ""}:  # "": a person said what came of it
                self._attempt.spent = self._attempt.spent or usage_of(recorded[1]) is not None
                return cast("T", recorded[1])
            await self._mismatch(key)
        if effects == "once" and not self.covered:
            await self._start_once(key, input_hash)
        started_at = self._now()
        self.keys()[key] = True
        try:
            result = call(*args, **kwargs)
            output = self._attempt.redacted(to_json(await result if isawaitable(result) else result, f"step `{key}`"))
        finally:
            self.keys()[key] = False
        await self._record(key, input_hash, output, started_at)
        return cast("T", output)

    def recorded(self, key: str) -> bool:
        return self._prefix + key in self._attempt.command.steps

    async def suspend(
        self,
        key: str,
        *,
        signal: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the run waits, not this function
        ask: Any = None,
    ) -> Any:
        key = self._claim(key)
        recorded = self._attempt.command.steps.get(key)
        if recorded is not None:
            return recorded[1]
        wait = Suspended(key, signal=signal or f"{self.path}/{key}", seconds=timeout, ask=ask)
        self.waits().append(wait)
        raise wait

    async def call_flow(
        self,
        flow: str,
        input: Any = None,  # noqa: A002  the word of the document
        *,
        version: str | None = None,
        key: str | None = None,
    ) -> Any:
        if key is None:
            called = f"{self._prefix}flow:{flow}:"
            key = f"flow:{flow}:{sum(1 for each in self._used or () if each.startswith(called))}"
        whole = self._prefix + key
        if self.keys().get(whole):
            return await self._call_flow(flow, input, version, whole)
        return await self.step(key, self._call_flow, flow, input, version, whole)

    async def _call_flow(self, flow: str, given: Any, version: str | None, key: str) -> Any:
        return await self._attempt.owner.call_flow(self.path, flow, given, version, key)

    async def call_node(self, type: str, arguments: Mapping[str, Any], *, key: str) -> Any:  # noqa: A002  the word of the library
        definition = self._definition(type)
        if self.keys().get(self._prefix + key):
            return await self._run_node(definition, arguments, key)

        async def run(_: str, given: Mapping[str, Any]) -> Any:
            return await self._run_node(definition, given, key)

        return await self.step(key, run, type, dict(arguments), effects=definition.effects)

    def _definition(self, name: str) -> NodeDefinition:
        try:
            return self._attempt.owner.services.registry[name]
        except BrokenNode as error:
            raise NodeError(str(error), type="node", retry=False) from None
        except KeyError as error:
            said = str(error) if isinstance(error, UnknownNode) else f"there is no node `{name}`"
            raise NodeError(said, type="node", retry=False) from None

    async def _run_node(self, definition: NodeDefinition, given: Mapping[str, Any], key: str) -> Any:
        called = Called(self._attempt, definition)
        secrets = await called.reveal()
        scope = asyncio.timeout(definition.timeout)
        try:
            async with scope:
                result = await self._invoke(definition, definition.bind(given), called, secrets, key)
            return called.redacted(to_json(result.value if type(result) is Port else result, f"`{definition.name}`"))
        except Exception as error:
            if scope.expired() and isinstance(error, TimeoutError):
                message = f"`{definition.name}` took longer than {definition.timeout:g} s"
                raise NodeError(message, type="timeout") from None
            raise called.failed(error) from error

    async def _invoke(
        self,
        definition: NodeDefinition,
        arguments: dict[str, Any],
        called: Called,
        secrets: Mapping[str, str],
        key: str,
    ) -> Any:
        kind = LocalContext if definition.is_async else ThreadContext
        context = kind(called, secrets, within=self, prefix=f"{self._prefix}{key}/")
        self._inner = [*(self._inner or ()), context]
        try:
            if definition.is_async:
                return await definition.function(**arguments, ctx=context)
            function = partial(definition.function, **arguments, ctx=context)
            result = await self._attempt.owner.services.threads.run(function)
            return await result if isawaitable(result) else result
        finally:
            self._inner.remove(context)

    def keys(self) -> dict[str, bool]:
        """All that were asked for in this attempt, and whether their steps are under way."""
        if self._used is None:
            self._used = {}
        return self._used

    def waits(self) -> list[Suspended]:
        """All that this attempt has come to wait for, whichever of its parts."""
        if self._waits is None:
            self._waits = []
        return self._waits

    def _claim(self, key: str) -> str:
        """The whole key, which nobody else may ask for in this attempt."""
        key, used = self._prefix + key, self.keys()
        if key in used:
            raise NodeError(
                f"the step `{key}` was asked for twice in one attempt; keys are unique", type="step", retry=False
            )
        used[key] = False
        return key

    async def _mismatch(self, key: str) -> None:
        """The step was recorded with another input: it and all later ones are forgotten, unless that would repeat an effect."""
        command, state = self._attempt.command, self._attempt.owner.state
        await self._tell(StepMismatch(self._now(), command.path, command.attempt, key))
        ns = state.nodes.get(command.path)
        if ns is None or ns.status != "running":
            raise Halt
        keys = list(command.steps)
        for later in keys[keys.index(key) :] if key in command.steps else ():
            del command.steps[later]

    async def _start_once(self, key: str, input_hash: str) -> None:
        command, state = self._attempt.command, self._attempt.owner.state
        await self._tell(StepStarting(self._now(), command.path, command.attempt, key, input_hash))
        ns = state.nodes.get(command.path)
        if ns is None or ns.open_step != key:
            raise Halt  # the run no longer wants it
        self._attempt.open_step = key

    async def _record(self, key: str, input_hash: str, output: Any, started_at: float) -> None:
        attempt, command = self._attempt, self._attempt.command
        if self._words is not None:
            self._words.recorded(key)
        usage = usage_of(output)
        attempt.spent = attempt.spent or usage is not None
        await self._tell(
            StepDone(self._now(), command.path, command.attempt, key, input_hash, output, usage, started_at)
        )
        if attempt.open_step == key:
            attempt.open_step = None

    async def _tell(self, said: Input) -> None:
        """Durable when this returns."""
        durable, ack = awaited_ack()
        self._attempt.owner.tell(said, ack)
        await durable

    def _now(self) -> float:
        return self._attempt.owner.services.clock()

    # --- what is seen and not recorded

    @property
    def spoken(self) -> list[dict[str, Any]]:
        """The words that were streamed since the last step, for who begins to watch in the middle of them."""
        return [] if self._words is None else [self._attempt.redacted(delta) for delta in self._words.replayed()]

    def stream(self, delta: Any) -> None:
        hub, run = self._attempt.owner.services.hub, self.run
        if isinstance(delta, dict):
            self._words = self._words or Words()
            self._words.hear(cast("dict[str, Any]", delta))
        if run in hub.listeners:
            hub.tell(Live(run, "delta", self.path, data=self._attempt.redacted(to_json(delta, "delta"))))

    def log(self, message: str, **fields: Any) -> None:
        attempt, services = self._attempt, self._attempt.owner.services
        line = attempt.redacted(
            {
                "at": services.clock(),
                "path": self.path,
                "text": str(message),
                **({"fields": _shown(fields)} if fields else {}),
            }
        )
        services.logs.add(self.run, line)
        if self.run in services.hub.listeners:
            services.hub.tell(Live(self.run, "log", self.path, data=line))

    def run_sync(self, awaitable: Awaitable[T]) -> T:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()
        raise NodeError("`ctx.run_sync` is for a plain `def`; an `async def` awaits", type="node", retry=False)


class ThreadContext(LocalContext):
    """For a plain `def`: the same words, said from another thread."""

    __slots__ = ("_loop", "_pending")

    def __init__(
        self, attempt: Asker, secrets: Mapping[str, str], *, within: LocalContext | None = None, prefix: str = ""
    ) -> None:
        super().__init__(attempt, secrets, within=within, prefix=prefix)
        self._loop = asyncio.get_running_loop()
        self._pending: set[asyncio.Task[Any]] = set()

    def cut(self) -> None:
        super().cut()
        for task in self._pending:
            task.cancel()

    def run_sync(self, awaitable: Awaitable[T]) -> T:
        return asyncio.run_coroutine_threadsafe(self._awaited(awaitable), self._loop).result()

    async def _awaited(self, awaitable: Awaitable[T]) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._pending.add(task)
        try:
            return await awaitable
        finally:
            self._pending.discard(task)

    def stream(self, delta: Any) -> None:
        self._on_loop(super().stream, to_json(delta, "delta"))

    def log(self, message: str, **fields: Any) -> None:
        self._on_loop(super().log, str(message), **_shown(fields))

    def _on_loop(self, call: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        if threading.current_thread() is threading.main_thread() and asyncio._get_running_loop() is self._loop:  # noqa: SLF001
            call(*args, **kwargs)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: call(*args, **kwargs))


def _shown(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields of a log line as text and numbers: a log must not fail a node."""
    return {
        key: value if isinstance(value, str | int | float | bool | None) else repr(value)
        for key, value in fields.items()
    }
