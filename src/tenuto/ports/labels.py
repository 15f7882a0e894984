"""Labels of runs, which may change as long as the run is kept. They are no facts: they stand in the index alone."""

from collections.abc import Mapping
from typing import Protocol

from tenuto.ports.journal import RunEntry


class Labels(Protocol):
    async def set_labels(self, run: str, labels: Mapping[str, str]) -> RunEntry:
        """Give a run these labels and no others, whether it has ended or not; its line in the index, once that is durable.

        Observers of the feed are told. Raises `Refused` if there is no such run.
        """
        ...
