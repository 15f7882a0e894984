"""Housekeeping: what has expired and nobody can ask for any more."""

from typing import Protocol


class Housekeeping(Protocol):
    async def forget_expired(self, at: float, *, deliveries_before: float, sessions_before: float) -> int:
        """Over all tenants: claims that have expired at `at`, deliveries recorded before, sessions that expired before."""
        ...
