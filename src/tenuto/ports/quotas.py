"""How much of a host a tenant may take. What a server changes while it runs."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Quota:
    """`runs`: how many may be at work at once, more are queued. `queued`: how many may wait, more are refused.

    None: as the host's options say.
    """

    runs: int | None = None
    queued: int | None = None


class Quotas(Protocol):
    def set_quota(self, tenant: str, quota: Quota) -> None:
        """From now on. Runs that were begun go on; those for which there is room now begin."""
        ...
