"""What the parts of a run ask of it: an attempt of its run, a context of its attempt. So that none imports the other back."""

from collections.abc import Callable
from typing import Any, Protocol

from tenuto.core.commands import RunNode
from tenuto.core.inputs import Input
from tenuto.core.machine import State
from tenuto.hosts.local.secrets import Redactor
from tenuto.hosts.local.services import Services
from tenuto.sdk.definition import NodeDefinition

# Called when what was told is durable (None), or when it never will be.
Ack = Callable[[BaseException | None], None]


class Owner(Protocol):
    """A run, as its attempts see it."""

    services: Services
    state: State

    def tell(self, said: Input, ack: Ack | None = None) -> None:
        """Give it to the heart. What follows from it is made durable, and then done."""
        ...

    def left(self, path: str, said: Input | None) -> None:
        """The attempt at the path is over; `said` is None where nothing may be recorded of it."""
        ...

    async def call_flow(self, path: str, flow: str, given: Any, version: str | None, key: str) -> Any:
        """Run another flow for the node at the path, and wait for its output."""
        ...


class Asker(Protocol):
    """An attempt, as its context sees it."""

    owner: Owner
    definition: NodeDefinition
    redactor: Redactor | None  # knows the secrets that it was given

    @property
    def command(self) -> RunNode: ...

    @property
    def timeout(self) -> float | None: ...

    @property
    def started_at(self) -> float: ...

    @property
    def open_step(self) -> str | None: ...

    @open_step.setter
    def open_step(self, key: str | None) -> None: ...

    @property
    def spent(self) -> bool: ...

    @spent.setter
    def spent(self, spent: bool) -> None: ...

    def redacted(self, value: Any) -> Any: ...
