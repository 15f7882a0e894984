"""Models: where they answer, and how a runtime asks one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar

from tenuto.sdk.agents.messages import Answer, Ask, Usage
from tenuto.sdk.errors import NodeError

T = TypeVar("T")
_OURS: Final = frozenset({"timeout", "cache"})  # `region` is read by whoever makes a client of AWS
Tell = Callable[[str], None]  # a piece of the answer's text, as it comes


class ModelError(NodeError):
    """A model did not answer. `retry=True`: it may, later or elsewhere (429, 5xx, the connection); else the request is wrong."""

    def __init__(self, message: str, *, retry: bool = True, retry_after: float | None = None) -> None:
        super().__init__(message, type="model", retry=retry, retry_after=retry_after)


@dataclass(slots=True, frozen=True, kw_only=True)
class ModelSpec:
    """`provider:model[@base_url]`, read, with all that a client of that provider is made with. `chosen`: why it is this one.

    `http`: gives the HTTP client that a provider's library is to be made with (an `httpx2.AsyncClient`, shared, which
    nobody but its owner closes): it reaches only what this model may reach. None where none is needed (`scripted`).
    """

    provider: str  # openai, openai-responses, anthropic, bedrock, ollama, scripted, local
    model: str
    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    chosen: str = ""
    http: Callable[[], Any] | None = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """As it is shown, without credentials and address."""
        return f"{self.provider}:{self.model}"

    @property
    def params(self) -> dict[str, Any]:
        """Of the options, those that go with every question; the others say how it is asked."""
        return {name: value for name, value in self.options.items() if name not in _OURS}

    @property
    def aws(self) -> dict[str, str]:
        """What a client of AWS is made with, if the key is one of AWS (`ACCESS:SECRET[:TOKEN]`). Empty: what AWS finds by itself."""
        names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
        return dict(zip(names, self.api_key.split(":"), strict=False)) if self.api_key else {}


class Model(Protocol):
    """Asked in our own words, whichever provider answers."""

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        """One answer. `tell` is given its text as it comes; `key` is the same when the same question is asked again."""
        ...


class Endpoint(Protocol):
    """One model where it answers, shared by all runs: its breaker and its price."""

    @property
    def spec(self) -> ModelSpec: ...

    @property
    def model(self) -> Model:
        """A client in our own words; made when first asked for."""
        ...

    async def guarded(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call to it: repeated on 429, 5xx and connection errors as `Retry-After` says, refused at once while it is known to be down.

        Whatever the client library raises comes out as `ModelError`.
        """
        ...

    def priced(self, usage: Usage) -> Usage:
        """The usage with what it cost, where a price is known."""
        ...
