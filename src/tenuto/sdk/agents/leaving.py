"""How what ends a node gets out of a framework that runs agents, past its retries and its broad `except`s.

A run that waits for a person, a budget that is used up, a model that does not answer: they are raised at the seams (a model
call, a tool call) deep inside of somebody else's loop. What was raised first is kept here; from then on every seam raises
it again, so that a framework which has swallowed it gets no further, and in the end it leaves the node as itself.
"""

import asyncio
from types import TracebackType


class WayOut:
    """One for each attempt of a node. `with way_out:` stands around each seam; `end()` after the framework has returned or raised."""

    def __init__(self) -> None:
        self._raised: BaseException | None = None

    def __enter__(self) -> None:
        self.end()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, trace
        if error is not None and not isinstance(error, asyncio.CancelledError | GeneratorExit):
            self._raised = self._raised or error

    def end(self) -> None:
        """Raise what was raised at a seam."""
        if self._raised is not None:
            raise self._raised
