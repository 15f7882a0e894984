"""A context for testing nodes without a host: everything in memory, nothing durable, all of it there to be looked at.

Give it what the world would answer (`secrets`, `signals`, `flows`, `steps` of an earlier run) and read what the node did
(`logs`, `deltas`, `steps`, `stored`).
"""

import asyncio
import hashlib
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, BinaryIO, Literal, TypeVar

from tenuto.sdk import FileRef, NodeError, Port, Suspended
from tenuto.sdk.agents import Agents
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.definition import definition_of
from tenuto.sdk.http import Http, HttpClient
from tenuto.sdk.values import to_json

T = TypeVar("T")
Flow = Callable[[Any], Any]
NodeFunction = Callable[..., Any]  # below `@node`


class MemoryFiles:
    """`ctx.files` in a dictionary; `contents` by the id in the reference."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    async def put(self, content: bytes, *, name: str = "file", media_type: str = "application/octet-stream") -> FileRef:
        key = hashlib.sha256(content).hexdigest()
        self.contents[key] = content
        return {"$file": key, "name": name, "media_type": media_type, "size": len(content)}

    async def get(self, file: FileRef) -> bytes:
        try:
            return self.contents[file["$file"]]
        except KeyError:
            raise NodeError("there is no such file", type="file", retry=False) from None

    async def open(self, file: FileRef) -> BinaryIO:
        return BytesIO(await self.get(file))


class FakeContext:
    """A `tenuto.sdk.Context` for tests."""

    def __init__(
        self,
        *,
        secrets: Mapping[str, str] | None = None,
        signals: Mapping[str, Any] | None = None,
        flows: Mapping[str, Flow] | None = None,
        steps: Mapping[str, Any] | None = None,
        agents: Agents | None = None,
        nodes: Sequence[NodeFunction] = (),
        http: HttpClient | None = None,
        attempt: int = 1,
    ) -> None:
        self.run = "test-run"
        self.path = "node"
        self.attempt = attempt
        self.idempotency_key = f"{self.run}/{self.path}"
        self.deadline: float | None = None
        self.cancelled = False
        self.held = False
        self.files = MemoryFiles()
        self.steps: dict[str, Any] = dict(steps or {})
        self.logs: list[tuple[str, dict[str, Any]]] = []
        self.deltas: list[Any] = []
        self._asked: set[str] = set()
        self._secrets = secrets or {}
        self._signals = signals or {}
        self._flows = flows or {}
        self._agents = agents
        self._nodes = {made.name: made for made in map(definition_of, nodes) if made is not None}
        self._under_way: set[str] = set()
        self._http = http

    @property
    def http(self) -> Http:
        if self._http is None:
            self._http = HttpClient()
        return self._http.view(self.idempotency_key)

    async def step(
        self,
        key: str,
        call: Callable[..., Awaitable[T] | T],
        *args: Any,
        effects: Literal["idempotent", "once"] = "idempotent",
        **kwargs: Any,
    ) -> T:
        """Answer from `steps`, or call and keep the result there."""
        del effects
        if key in self._asked:
            raise NodeError(f"the step `{key}` was asked twice in one attempt", type="step", retry=False)
        self._asked.add(key)
        if key not in self.steps:
            self._under_way.add(key)
            made = call(*args, **kwargs)
            self.steps[key] = to_json(await made if inspect.isawaitable(made) else made, f"the result of step `{key}`")
            self._under_way.discard(key)
        return self.steps[key]

    def recorded(self, key: str) -> bool:
        """Whether it is among the `steps`, or a signal that was given answers it."""
        return key in self.steps or f"{self.path}/{key}" in self._signals

    async def suspend(
        self,
        key: str,
        *,
        signal: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  nothing waits here
        ask: Any = None,
    ) -> Any:
        """Answer with the signal if it was given, `{"timeout": True}` if it was given as `TimeoutError`, else end as a host would."""
        name = signal or f"{self.path}/{key}"
        if name not in self._signals:
            raise Suspended(key, signal=name, seconds=timeout, ask=ask)
        payload = self._signals[name]
        return {"timeout": True} if payload is TimeoutError else {"signal": payload}

    def secret(self, name: str) -> str:
        if name not in self._secrets:
            raise NodeError(
                f"the secret `{name}` is not set; give it to FakeContext(secrets=...)", type="secret", retry=False
            )
        return self._secrets[name]

    def stream(self, delta: Any) -> None:
        self.deltas.append(delta)

    def log(self, message: str, **fields: Any) -> None:
        self.logs.append((message, fields))

    @property
    def agents(self) -> Agents:
        if self._agents is None:
            raise NodeError("there are no agents; give a house to FakeContext(agents=...)", type="agent", retry=False)
        return self._agents

    async def call_flow(
        self,
        flow: str,
        input: Any = None,  # noqa: A002  the word of the document
        *,
        version: str | None = None,
        key: str | None = None,
    ) -> Any:
        del version, key
        if flow not in self._flows:
            raise NodeError(
                f"there is no flow `{flow}`; give it to FakeContext(flows=...)", type="not_found", retry=False
            )
        return self._flows[flow](input)

    async def call_node(self, type: str, arguments: Mapping[str, Any], *, key: str) -> Any:  # noqa: A002  the word of the library
        """Run one of the `nodes` that were given; its secrets are those of the test."""
        definition = self._nodes.get(type)
        if definition is None:
            raise NodeError(f"there is no node `{type}`; give it to FakeContext(nodes=...)", type="node", retry=False)

        async def run(given: Mapping[str, Any]) -> Any:
            made = definition.function(**definition.bind(given), ctx=Scoped(self, f"{key}/"))
            made = await made if inspect.isawaitable(made) else made
            return made.value if isinstance(made, Port) else made

        return await (run(arguments) if key in self._under_way else self.step(key, run, dict(arguments)))

    def run_sync(self, awaitable: Awaitable[T]) -> T:
        async def wait() -> T:
            try:
                return await awaitable
            finally:  # connections belong to a loop, and this one ends here
                if self._http is not None:
                    await self._http.aclose()

        return asyncio.run(wait())
