"""Running one node once: from the command to the word that tells the heart what came of it.

A turn in a task (see `runners`), a thread where it is a plain `def`, nothing else on the hot path: a timer only if there
is a timeout, a context only made, never wired. Whatever a node raises, returns or refuses to do ends here as an input of the heart;
nothing of it reaches the loop.

A function that is told to stop (`cut`) is cancelled and has the grace to return; only then is its end told, so that an
attempt never runs beside the next one. One that does not return is told to be `stuck`, and whatever it does later is
ignored.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import partial
from inspect import isawaitable
from typing import Any, Literal

from tenuto.core.commands import RunNode
from tenuto.core.inputs import Doubt, Failed, Input, Starting, Succeeded, Suspended
from tenuto.hosts.local.context import Halt, LocalContext, ThreadContext
from tenuto.hosts.local.outputs import message_of, usage_of
from tenuto.hosts.local.owner import Owner
from tenuto.hosts.local.pools import Ticket
from tenuto.hosts.local.raised import lines_of, place_of
from tenuto.hosts.local.secrets import Redactor, mentions_secret, own_secrets, resolve
from tenuto.ports.engine import Live
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import BrokenNode, InDoubt, NodeError, UnknownNode
from tenuto.sdk.errors import Suspended as SuspendedBySdk
from tenuto.sdk.port import Port
from tenuto.sdk.values import to_json

LONGEST_MESSAGE = 500
_NUMBER = re.compile(r"([0-9]+)")

_NO_SECRETS: Mapping[str, str] = {}

Cut = Literal["timeout", "cancelled", "closing"]


class Attempt:
    """One execution of one node: (path, attempt, wake)."""

    __slots__ = (
        "_gone",
        "_ticket",
        "_timer",
        "command",
        "context",
        "cut",
        "definition",
        "open_step",
        "owner",
        "redactor",
        "spent",
        "started_at",
        "task",
        "timeout",
    )

    def __init__(self, owner: Owner, command: RunNode, definition: NodeDefinition) -> None:
        self.owner = owner
        self.command = command
        self.definition = definition
        self.timeout = command.timeout if command.timeout is not None else definition.timeout
        self.task: asyncio.Task[None] | None = None
        self.cut: Cut | None = None
        self.context: LocalContext | None = None
        self.redactor: Redactor | None = None
        self.open_step: str | None = None  # a `once` step under way
        self.spent = False  # a step has told its usage
        self.started_at = 0.0
        self._gone = False
        self._timer: asyncio.TimerHandle | None = None
        self._ticket: Ticket | None = None

    # --- beginning

    def start(self) -> None:
        """Begin now, or when the node's pool has a place."""
        pool = self.owner.services.pools.get(self.command.pool)
        if pool is None:
            self._admitted()
        else:
            self._ticket = pool.acquire(self._admitted)

    def _admitted(self) -> None:
        command = self.command
        if self.definition.effects == "once" and not command.started:
            said = Starting(self.owner.services.clock(), command.path, command.attempt)
            self.owner.tell(said, self._start_is_durable)
        else:
            self._begin()

    def _start_is_durable(self, error: BaseException | None) -> None:
        ns = self.owner.state.nodes.get(self.command.path)
        wanted = ns is not None and ns.started  # else it is about to be cancelled
        if error is None and wanted and self.cut is None and not self._gone:
            self._begin()

    def _begin(self) -> None:
        services, command = self.owner.services, self.command
        self.started_at = services.clock()
        services.runners.begin(self, self.owner.state.about.tenant)
        run = self.owner.state.about.run
        if run in services.hub.listeners:
            services.hub.tell(Live(run, "running", command.path, data=self.shown()))

    def shown(self) -> dict[str, Any]:
        """Which attempt it is, and since when it runs."""
        return {"attempt": self.command.attempt, "at": self.started_at}

    # --- stopping

    def stop(self, cut: Cut) -> None:
        """Ask the function to return. Its end is told when it has, or when the grace is over."""
        if self._gone:
            return
        first, self.cut = self.cut is None, cut
        if self.task is None:
            self._leave(self._never_ran())
            return
        if self.context is not None:
            self.context.cut()
        if first:
            self.task.cancel()
        if self._timer is not None:
            self._timer.cancel()
        grace = self.owner.services.options.grace
        self._timer = asyncio.get_running_loop().call_later(grace, self._give_up)

    def abandon(self) -> None:
        """The host closes: the function is cancelled, and nothing is recorded of it."""
        self.cut = "closing"
        if self.context is not None:
            self.context.cut()
        if self.task is not None:
            self.task.cancel()

    def _give_up(self) -> None:
        if not self.definition.is_async:
            threads = self.owner.services.threads
            threads.give_up()
            if self.task is not None:
                self.task.add_done_callback(lambda _: threads.take_back())
        grace = self.owner.services.options.grace
        why = f"`{self.definition.name}` did not return within {grace:g} s of being told to stop"
        if self.definition.effects == "once" or self.open_step:
            self._leave(self._doubt(why))
        elif self.cut == "cancelled":
            self._leave(self._failed("cancelled", why, retry=False))
        else:
            self._leave(self._failed("stuck", why, retry=False))

    def _never_ran(self) -> Input | None:
        if self.cut == "closing":
            return None
        return self._failed("cancelled", "cancelled before it began", retry=False)

    # --- running

    @property
    def off(self) -> bool:
        return self.cut is not None

    async def run(self) -> None:
        if self.timeout is not None:  # what was spent waiting for its turn is not its own
            self._timer = asyncio.get_running_loop().call_later(self.timeout, self.stop, "timeout")
        try:
            definition, given = self.definition, self.command.input
            secrets = _NO_SECRETS
            if definition.secrets or self.owner.state.flow.secrets:
                given, secrets = await self._reveal(given)
            arguments = definition.bind(given)
            if definition.is_async:
                context = self.context = LocalContext(self, secrets)
                result = await definition.function(**arguments, ctx=context)
            else:
                result = await self._in_thread(arguments, secrets)
            said: Input | None = self._returned(result)
        except BaseException as error:  # noqa: BLE001  a node may raise anything, and none of it may reach the loop
            said = self._raised(error)
        self._leave(said)

    async def _in_thread(self, arguments: dict[str, Any], secrets: Mapping[str, str]) -> Any:
        context = self.context = ThreadContext(self, secrets)
        function = partial(self.definition.function, **arguments, ctx=context)
        result = await self.owner.services.threads.run(function)
        return await result if isawaitable(result) else result

    async def _reveal(self, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """The input with its secrets, and the values of those that the node declared."""
        about, port = self.owner.state.about, self.owner.services.secrets
        redactor = Redactor()
        try:
            if mentions_secret(given):
                given = await resolve(given, port, redactor, tenant=about.tenant, stage=about.stage)
            own = await own_secrets(self.definition.secrets, port, redactor, tenant=about.tenant, stage=about.stage)
        except KeyError as error:
            raise NodeError(str(error.args[0]), type="secret", retry=False) from None
        finally:
            if redactor:
                self.redactor = redactor
        return given, own

    def _returned(self, result: Any) -> Input:
        definition = self.definition
        port = definition.ports[0]
        if type(result) is Port:
            if result.name not in definition.ports:
                known = ", ".join(definition.ports)
                return self._failed(
                    "port", f"`{definition.name}` fired the port `{result.name}`; it has {known}", retry=False
                )
            port, result = result.name, result.value
        output = to_json(result)
        if self.redactor is not None:
            output = self.redactor.value(output)
        if self.cut == "timeout" and definition.effects != "once":
            return self._timed_out()
        now = self.owner.services.clock()
        usage = None if self.spent else usage_of(output)
        return Succeeded(now, self.command.path, self.command.attempt, output, port, self.started_at, usage)

    def _raised(self, error: BaseException) -> Input | None:
        if self.cut is None and _from_outside(error):
            return None  # the loop is being taken down around us
        if self.cut == "closing" or isinstance(error, Halt):
            return None
        if self.cut is not None and not isinstance(error, SuspendedBySdk):
            return self._stopped(error)
        if isinstance(error, SuspendedBySdk):
            return self._suspended(error)
        if isinstance(error, InDoubt):
            return self._doubt(self._message(error))
        if isinstance(error, NodeError):
            return self._failed(
                error.type, self._message(error), retry=error.retry, retry_after=error.retry_after, fresh=error.fresh
            )
        self._tell_where(error)
        return self._failed(_kind(error), self._message(error))

    def _tell_where(self, error: BaseException) -> None:
        """Into the run's log: what a node raises that is not a `NodeError` is a surprise, and somebody has to find it."""
        where = place_of(error, self.definition.where)
        if where and self.context is not None:
            self.context.log(f"raised at {where}", traceback=lines_of(error))

    def _stopped(self, error: BaseException) -> Input:
        """It was told to stop, and did so by raising."""
        if self.definition.effects == "once" or self.open_step is not None:
            return self._doubt("it timed out" if self.cut == "timeout" else "it was cancelled while it ran")
        if self.cut == "timeout":
            return self._timed_out()
        message = "cancelled" if isinstance(error, asyncio.CancelledError) else self._message(error)
        return self._failed("cancelled", message, retry=False)

    def _suspended(self, error: SuspendedBySdk) -> Input:
        """Where parts of it came to wait at once, it waits for each of them."""
        waits = [] if self.context is None else sorted(self.context.waits(), key=_place)
        try:
            first, *more = [self._shown(wait.awaits) for wait in waits or [error]]
        except NodeError as refused:
            return self._failed(refused.type, self._message(refused), retry=False)
        awaits = {**first, "also": more} if more else first
        return Suspended(self.owner.services.clock(), self.command.path, self.command.attempt, awaits)

    def _shown(self, awaits: dict[str, Any]) -> dict[str, Any]:
        return {**awaits, "ask": self.redacted(to_json(awaits["ask"], "ask"))} if "ask" in awaits else awaits

    # --- words for the heart

    def redacted(self, value: Any) -> Any:
        return value if self.redactor is None else self.redactor.value(value)

    def _timed_out(self) -> Failed:
        return self._failed("timeout", f"it took longer than {self.timeout:g} s")

    def _doubt(self, why: str) -> Doubt:
        return Doubt(self.owner.services.clock(), self.command.path, self.command.attempt, why, self.open_step)

    def _failed(
        self, kind: str, message: str, *, retry: bool = True, retry_after: float | None = None, fresh: bool = False
    ) -> Failed:
        services = self.owner.services
        return Failed(
            services.clock(),
            self.command.path,
            self.command.attempt,
            kind,
            message,
            retry,
            retry_after,
            fresh,
            services.dice.random(),
            self.started_at or None,
        )

    def _message(self, error: BaseException) -> str:
        text = message_of(error)
        if self.redactor is not None:
            text = self.redactor.text(text)
        return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"

    def _leave(self, said: Input | None) -> None:
        if self._gone:
            return
        self._gone = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._ticket is not None:
            self._ticket.release()
        self.owner.left(self.command.path, said)


def _kind(error: BaseException) -> str:
    if isinstance(error, UnknownNode | BrokenNode):
        return "node"
    name = type(error).__name__
    return "timeout" if name == "TimeoutError" else name


def _place(wait: SuspendedBySdk) -> list[str | int]:
    """Where it stands in the node, whichever part came to wait first: `call:2/tool:1` before `call:10/tool:1`."""
    return [int(part) if part.isdecimal() else part for part in _NUMBER.split(wait.key)]


def _from_outside(error: BaseException) -> bool:
    """Whether somebody else than the node's own code cancelled the task, or closes it."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, GeneratorExit) and asyncio._get_running_loop() is None  # noqa: SLF001  the only way to ask
