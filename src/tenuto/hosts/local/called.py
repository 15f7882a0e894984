"""A node that runs inside another one (`ctx.call_node`), as its context sees it: its own definition and its own secrets, in
the attempt of the node that called it."""

from typing import Any

from tenuto.core.commands import RunNode
from tenuto.hosts.local.outputs import message_of
from tenuto.hosts.local.owner import Asker, Owner
from tenuto.hosts.local.secrets import Redactor, own_secrets
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import NodeError


class Called:
    __slots__ = ("_outer", "definition", "owner", "redactor")

    def __init__(self, outer: Asker, definition: NodeDefinition) -> None:
        self._outer = outer
        self.owner: Owner = outer.owner
        self.definition = definition
        self.redactor: Redactor | None = None

    @property
    def command(self) -> RunNode:
        return self._outer.command

    @property
    def timeout(self) -> float | None:
        return self._outer.timeout

    @property
    def started_at(self) -> float:
        return self._outer.started_at

    @property
    def open_step(self) -> str | None:
        return self._outer.open_step

    @open_step.setter
    def open_step(self, key: str | None) -> None:
        self._outer.open_step = key

    @property
    def spent(self) -> bool:
        return self._outer.spent

    @spent.setter
    def spent(self, spent: bool) -> None:
        self._outer.spent = spent

    async def reveal(self) -> dict[str, str]:
        """The secrets that the node declared, which are taken out of all that it gives back, beside those of its caller."""
        if not self.definition.secrets:
            return {}
        about, port = self.owner.state.about, self.owner.services.secrets
        redactor = Redactor.beside(self._outer.redactor)
        own = await own_secrets(self.definition.secrets, port, redactor, tenant=about.tenant, stage=about.stage)
        self.redactor = redactor or None
        return own

    def redacted(self, value: Any) -> Any:
        return self._outer.redacted(value) if self.redactor is None else self.redactor.value(value)

    def failed(self, error: Exception) -> NodeError:
        """What its caller is told of an exception, without secrets."""
        message = self.redacted(message_of(error))
        if not isinstance(error, NodeError):
            return NodeError(message, type=type(error).__name__)
        return NodeError(message, type=error.type, retry=error.retry, retry_after=error.retry_after, fresh=error.fresh)
