"""A view of a context whose steps and waits carry a prefix: for what runs inside another node, such as an agent that another
agent calls. Everything else is the context's own."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeVar, cast

from tenuto.sdk.agents.house import Agents
from tenuto.sdk.context import Context, Files
from tenuto.sdk.http import Http

T = TypeVar("T")


class Scoped:
    """`prefix` ends with its slash. `agent`: who speaks here; said with everything that it streams and logs."""

    def __init__(self, ctx: Context, prefix: str, *, agent: str = "") -> None:
        self._ctx = ctx
        self._prefix = prefix
        self._agent = agent
        self._flows: dict[str, int] = {}

    # --- as it is

    @property
    def run(self) -> str:
        return self._ctx.run

    @property
    def path(self) -> str:
        return self._ctx.path

    @property
    def attempt(self) -> int:
        return self._ctx.attempt

    @property
    def deadline(self) -> float | None:
        return self._ctx.deadline

    @property
    def cancelled(self) -> bool:
        return self._ctx.cancelled

    @property
    def held(self) -> bool:
        return self._ctx.held

    @property
    def http(self) -> Http:
        return self._ctx.http

    @property
    def files(self) -> Files:
        return self._ctx.files

    @property
    def agents(self) -> Agents:
        return self._ctx.agents

    def secret(self, name: str) -> str:
        return self._ctx.secret(name)

    def run_sync(self, awaitable: Awaitable[T]) -> T:
        return self._ctx.run_sync(awaitable)

    # --- with the prefix

    @property
    def idempotency_key(self) -> str:
        return f"{self._ctx.idempotency_key}/{self._prefix[:-1]}"

    async def step(
        self,
        key: str,
        call: Callable[..., Awaitable[T] | T],
        *args: Any,
        effects: Literal["idempotent", "once"] = "idempotent",
        **kwargs: Any,
    ) -> T:
        return await self._ctx.step(self._prefix + key, call, *args, effects=effects, **kwargs)

    def recorded(self, key: str) -> bool:
        return self._ctx.recorded(self._prefix + key)

    async def suspend(
        self,
        key: str,
        *,
        signal: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the run waits, not this function
        ask: Any = None,
    ) -> Any:
        return await self._ctx.suspend(self._prefix + key, signal=signal, timeout=timeout, ask=ask)

    async def call_node(self, type: str, arguments: Mapping[str, Any], *, key: str) -> Any:  # noqa: A002  the word of the library
        return await self._ctx.call_node(type, arguments, key=self._prefix + key)

    async def call_flow(
        self,
        flow: str,
        input: Any = None,  # noqa: A002  the word of the document
        *,
        version: str | None = None,
        key: str | None = None,
    ) -> Any:
        if key is None:
            called = self._flows.get(flow, 0)
            self._flows[flow] = called + 1
            key = f"flow:{flow}:{called}"
        return await self._ctx.call_flow(flow, input, version=version, key=self._prefix + key)

    # --- with the name of who speaks

    def stream(self, delta: Any) -> None:
        if self._agent and isinstance(delta, dict):
            said = cast("dict[str, Any]", delta)
            under = self._prefix + said["under"] if "under" in said else self._prefix[:-1]
            delta = {"agent": self._agent, **said, "under": under}
        self._ctx.stream(delta)

    def log(self, message: str, **fields: Any) -> None:
        if self._agent:
            fields = {"agent": self._agent, **fields}
        self._ctx.log(message, **fields)
