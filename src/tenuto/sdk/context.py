"""What a node may ask of the run it is part of. Hosts implement it; `tenuto.testing.FakeContext` is the one for tests.

In a plain `def` (which runs in a thread) everything that is not awaited works as it stands; `ctx.run_sync(...)` waits for
the rest: `ctx.run_sync(ctx.step("charge", charge, order))`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from typing import BinaryIO

    from tenuto.sdk.agents.house import Agents
    from tenuto.sdk.http import Http

T = TypeVar("T")

# `{"$file": id, "name": ..., "media_type": ..., "size": ...}`: a JSON value that stands for content kept elsewhere.
FileRef = dict[str, Any]


class Files(Protocol):
    """Content too large or too binary for a value. What travels between nodes is the reference."""

    async def put(self, content: bytes, *, name: str = "file", media_type: str = "application/octet-stream") -> FileRef:
        """Keep the content, durable when this returns; its reference."""
        ...

    async def get(self, file: FileRef) -> bytes:
        """The whole content. `NodeError` of type `file` if this run may not see it, or there is none."""
        ...

    async def open(self, file: FileRef) -> BinaryIO:
        """The content as a readable stream, for libraries that want one."""
        ...


class Context(Protocol):
    """One attempt of one node in one run."""

    @property
    def run(self) -> str:
        """The id of the run."""
        ...

    @property
    def path(self) -> str:
        """Where the node stands: `plan`, `search[3].ask`."""
        ...

    @property
    def attempt(self) -> int:
        """Counts from 1."""
        ...

    @property
    def idempotency_key(self) -> str:
        """The same on every attempt: hand it to services that drop duplicates."""
        ...

    @property
    def deadline(self) -> float | None:
        """When this attempt times out, in seconds since the epoch; None if it does not."""
        ...

    @property
    def cancelled(self) -> bool:
        """Whether the attempt should stop. A plain `def` asks now and then; an `async def` is cancelled where it awaits."""
        ...

    @property
    def held(self) -> bool:
        """Whether nothing new should begin: the run's budget is used up, or it is paused. Who waits for a moment then (`suspend`
        with a short `timeout`) goes on when that is over."""
        ...

    @property
    def http(self) -> Http:
        """A client that reaches public addresses only (and what `TENUTO_HTTP_ALLOW` names)."""
        ...

    @property
    def files(self) -> Files:
        """Content that travels by reference."""
        ...

    @property
    def agents(self) -> Agents:
        """Agents, models and tools, as the run's tenant and stage may see them. `NodeError` of type `agent` where there are none."""
        ...

    async def step(
        self,
        key: str,
        call: Callable[..., Awaitable[T] | T],
        *args: Any,
        effects: Literal["idempotent", "once"] = "idempotent",
        **kwargs: Any,
    ) -> T:
        """Call once per key and record the result; when the node runs again, the record answers instead of the call.

        The result must be JSON. `effects="once"`: its start is recorded first, and if a crash leaves it in doubt a person decides.
        """
        ...

    def recorded(self, key: str) -> bool:
        """Whether a step (or an answer) of that key is on record. If an earlier attempt recorded it, asking for it answers at once."""
        ...

    async def suspend(
        self,
        key: str,
        *,
        signal: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the run waits, not this function
        ask: Any = None,
    ) -> Any:
        """End here, cost nothing, and run again when the signal is there or `timeout` seconds have passed.

        The second time it answers at once: `{"signal": payload}` or `{"timeout": True}`. The signal's name is
        `<path>/<key>` unless given. `ask` is shown to whoever shall answer. Parts of a node that run side by side (`gather`)
        may each come to wait: all is asked at once, and the node runs again with each answer.
        """
        ...

    def secret(self, name: str) -> str:
        """The value of a secret that the node declared. `NodeError` of type `secret` if it did not, or it is not set."""
        ...

    def stream(self, delta: Any) -> None:
        """Show a piece of the output to whoever watches. Not recorded."""
        ...

    def log(self, message: str, **fields: Any) -> None:
        """A line for the run's log: bounded, kept per run, not in the journal."""
        ...

    async def call_flow(
        self,
        flow: str,
        input: Any = None,  # noqa: A002  the word of the document
        *,
        version: str | None = None,
        key: str | None = None,
    ) -> Any:
        """Run another flow and wait for its output: a step. `key` names it; without one, the flow and how often it was called do.

        Inside a step of the very same key it is part of that step.
        """
        ...

    async def call_node(self, type: str, arguments: Mapping[str, Any], *, key: str) -> Any:  # noqa: A002  the word of the library
        """Run a node of the library inside this one, and its output: a step of that key, with the node's own effects.

        It is bound to its form, given the secrets that it declared, and its own steps and waits carry the prefix `key/`.
        Inside a step of the very same key it is part of that step.
        """
        ...

    def run_sync(self, awaitable: Awaitable[T]) -> T:
        """For a plain `def`: wait in this thread for something that is awaited elsewhere."""
        ...
