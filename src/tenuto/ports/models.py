"""Models by name, as a tenant and a stage may ask them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from tenuto.sdk.agents import Endpoint

State = Literal["closed", "open", "half-open"]


@dataclass(slots=True, frozen=True)
class Price:
    """US dollars for a million tokens. `cached`: of input that the provider had kept, `written`: of input that it now keeps;
    None: as other input."""

    input: float
    output: float
    cached: float | None = None
    written: float | None = None


@dataclass(slots=True, frozen=True, kw_only=True)
class ModelCard:
    """A model that there is. `name`: what a file writes. `model`: what it means, without credentials.

    `chosen`: why it is this one. `trouble`: why it cannot be asked, where it cannot. `breaker`: `open` while it is known to be down, until `until` (seconds since the epoch).
    """

    name: str
    model: str
    chosen: str
    default: bool = False
    base_url: str = ""
    price: Price | None = None
    breaker: State = "closed"
    until: float | None = None
    trouble: str = ""


class Models(Protocol):
    async def endpoints(self, names: Sequence[str], *, tenant: str, stage: str) -> "list[Endpoint]":
        """Where to ask, in order; the default model where there are no names.

        `NodeError` of type `model`, not to be retried, if a name makes no sense or its key is missing.
        """
        ...

    async def cards(self, *, tenant: str, stage: str) -> list[ModelCard]:
        """The default first, then what is configured by name or runs here, then what the tenant has asked since the start."""
        ...

    def down(self) -> int:
        """How many places are known to be down, and are not asked for now."""
        ...

    async def aclose(self) -> None:
        """Close what is kept open."""
        ...
