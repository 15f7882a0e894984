"""Who may begin: how many runs of a tenant, and of all, are at work at once. The others are queued, and take turns.

A run is at work while anything of it is in flight; one that waits for a person or a time holds nobody up. Runs that a run
calls are at work too, but never queued, since their caller holds a place meanwhile. Those that are queued begin in the
order in which they came to their tenant, and the tenants take turns, so that the long queue of one does not hold up
another. Nothing of it is recorded but that a run was queued: after a restart the queues are made again.
"""

from collections import Counter, OrderedDict

from tenuto.hosts.local.options import Options
from tenuto.hosts.local.residents import Residents
from tenuto.ports.engine import Refused
from tenuto.ports.quotas import Quota

_NONE = Quota()


class Quotas:
    def __init__(self, options: Options, residents: Residents) -> None:
        self._options = options
        self._residents = residents
        self._own: dict[str, Quota] = {}
        self._queues: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()  # whose turn it is stands first
        self._coming: dict[str, str] = {}  # run → tenant: told to begin, and not at work yet
        self._on_their_way: Counter[str] = Counter()  # how many of these there are of a tenant
        self._waiting: dict[str, str] = {}  # run → tenant: queued, here or for a place of its flow
        self._counts: Counter[str] = Counter()  # how many of these there are of a tenant

    def set(self, tenant: str, quota: Quota) -> None:
        self._own[tenant] = quota

    @property
    def waited_for(self) -> bool:
        """Whether anybody would begin if there were room."""
        return bool(self._queues)

    @property
    def queued(self) -> int:
        return len(self._waiting)

    def stands(self, run: str) -> bool:
        """Whether it waits here, or was told to begin."""
        tenant = self._waiting.get(run)
        return run in self._coming or (tenant is not None and run in self._queues.get(tenant, ()))

    # --- asking

    def may_begin(self, tenant: str) -> bool:
        """Whether a new run of the tenant would not have to wait. Nobody overtakes those who came before."""
        return tenant not in self._queues and self._has_room(tenant)

    def refuse_if_full(self, tenant: str) -> None:
        """For who is about to be queued."""
        limit = self._own.get(tenant, _NONE).queued
        limit = self._options.tenant_queue if limit is None else limit
        if limit is not None and self._counts[tenant] >= limit:
            message = f"{limit} runs of this tenant are queued, which is its quota"
            raise Refused("quota", message, "try again when some of them have begun")

    def joined(self, run: str, tenant: str) -> None:
        """It is queued, for whatever reason."""
        if run not in self._waiting:
            self._waiting[run] = tenant
            self._counts[tenant] += 1

    def wait(self, run: str, tenant: str) -> None:
        """It begins when its turn comes."""
        self.joined(run, tenant)
        self._queues.setdefault(tenant, OrderedDict())[run] = None

    # --- whose turn it is

    def next(self, most: int) -> list[str]:
        """Those for whom there is room now, in turn."""
        chosen: list[str] = []
        while len(chosen) < most and (tenant := self._next_tenant()) is not None:
            queue = self._queues[tenant]
            run, _ = queue.popitem(last=False)
            if queue:
                self._queues.move_to_end(tenant)
            else:
                del self._queues[tenant]
            self._coming[run] = tenant
            self._on_their_way[tenant] += 1
            chosen.append(run)
        return chosen

    def begun(self, run: str) -> None:
        """It is at work, or never will be."""
        tenant = self._coming.pop(run, None)
        if tenant is not None:
            self._on_their_way[tenant] -= 1
        self._no_longer_waits(run)

    def leave(self, run: str) -> None:
        """It has ended, or never began."""
        tenant = self._waiting.get(run)
        queue = None if tenant is None else self._queues.get(tenant)
        if tenant is not None and queue is not None and run in queue:
            del queue[run]
            if not queue:
                del self._queues[tenant]
        self.begun(run)

    def _no_longer_waits(self, run: str) -> None:
        tenant = self._waiting.pop(run, None)
        if tenant is not None:
            self._counts[tenant] -= 1
            if not self._counts[tenant]:
                del self._counts[tenant]

    def _next_tenant(self) -> str | None:
        return next((tenant for tenant in self._queues if self._has_room(tenant)), None)

    def _has_room(self, tenant: str) -> bool:
        everybody = self._options.runs
        if everybody is not None and self._residents.at_work + len(self._coming) >= everybody:
            return False
        limit = self._own.get(tenant, _NONE).runs
        limit = self._options.tenant_runs if limit is None else limit
        return limit is None or self._residents.at_work_of(tenant) + self._on_their_way[tenant] < limit
