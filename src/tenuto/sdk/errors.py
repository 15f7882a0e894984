"""What goes wrong in and around a node, as its author and its host see it.

- `NodeError`    raised by a node (or by the edge around it): the attempt failed, and whether another may help.
- `BrokenNode`   a node cannot be used at all: its file does not load, its signature makes no form, its name is taken.
- `UnknownNode`  no node has that name. A `KeyError`, so that a registry stays an ordinary mapping.
- `InDoubt`      a call was on its way and no answer came: a person decides. No `Exception` either.
- `Suspended`    not an error: how `ctx.suspend` leaves the function. User code must not swallow it, so it is no `Exception`.
"""

from typing import Any, Final

IN_TURN: Final = "session"  # the kind of an `ask` by which nobody is asked: the node waits for its turn in a session


class NodeError(Exception):
    """An attempt failed. `type` is what `retry.on` and `error.type` read; `retry=False`: trying again cannot help.

    `retry_after`: seconds to wait at least. `fresh=True`: the next attempt must not see the steps recorded so far.
    """

    def __init__(
        self,
        message: str,
        *,
        type: str = "error",  # noqa: A002  the word of the flow document
        retry: bool = True,
        retry_after: float | None = None,
        fresh: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.type = type
        self.retry = retry
        self.retry_after = retry_after
        self.fresh = fresh


class BrokenNode(Exception):
    """A node that cannot be used: what is wrong, where (`file:line` if known), what to do next."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """One line: `where: message (hint)`."""
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{hint}"


class UnknownNode(KeyError):
    """No node has that name."""

    def __init__(self, name: str, hint: str = "") -> None:
        super().__init__(name)
        self.name = name
        self.hint = hint

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"there is no node `{self.name}`{hint}"


class InDoubt(BaseException):
    """Raised in the call of a `once` step: nobody knows whether its effect happened, so it is not made again before a person has
    decided (`retry`, `done` with what came of it, `fail`), as after a crash in the middle of it."""


class Suspended(BaseException):
    """The function ended its turn and is run again when what it awaits is there. Raised by `ctx.suspend`, caught by the host."""

    def __init__(self, key: str, *, signal: str, seconds: float | None = None, ask: Any = None) -> None:
        super().__init__(key)
        self.key = key
        self.signal = signal
        self.seconds = seconds
        self.ask = ask

    @property
    def awaits(self) -> dict[str, Any]:
        """What `node.suspended` records."""
        awaits: dict[str, Any] = {"key": self.key, "signal": self.signal}
        if self.seconds is not None:
            awaits["seconds"] = self.seconds
        if self.ask is not None:
            awaits["ask"] = self.ask
        return awaits
