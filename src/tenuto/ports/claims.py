"""Claims: who came first with an idempotency key, and which run it was given."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Claim:
    """`digest`: of the body that came with the key. `run`: the id derived before anything is started."""

    tenant: str
    key: str
    digest: str
    run: str
    at: float
    expires: float


class Claims(Protocol):
    async def claim(self, claim: Claim) -> Claim | None:
        """None: it is yours. Otherwise the claim of whoever came first, which has not expired at `claim.at`.

        Of any number of callers at once exactly one gets None; the others wait until it has committed or rolled back.
        """
        ...

    async def get(self, tenant: str, key: str) -> Claim | None:
        """Expired or not."""
        ...

    async def release(self, tenant: str, key: str, run: str) -> bool:
        """Give it back, if that run holds it: nothing came of it."""
        ...
