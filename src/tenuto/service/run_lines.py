"""A line of the log for each run that has ended, made in the background from what was recorded."""

import logging
from collections.abc import Sequence
from typing import Final

from tenuto.core.events import TERMINAL as ENDS
from tenuto.core.events import Fact
from tenuto.ports.journal import RunEntry

_log: Final = logging.getLogger("tenuto.runs")


class RunLines:
    """A `telemetry.Sink`."""

    def fold(self, entry: RunEntry, first: int, facts: Sequence[Fact]) -> None:
        del first
        last = facts[-1] if facts else None
        if last is None or last.type not in ENDS:
            return
        said = {
            "run": entry.id,
            "name_of_run": entry.name,
            "flow": entry.flow,
            "tenant": entry.tenant,
            "seconds": round((entry.ended_at or last.at) - entry.created_at, 3),
        }
        _log.log(logging.INFO if entry.status == "succeeded" else logging.WARNING, entry.status, extra=said)
