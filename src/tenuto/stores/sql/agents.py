"""Agents of a tenant: `ports.agents`."""

from sqlalchemy import update

from tenuto.ports.agents import AgentEntry, AgentVersion, AgentVersionEntry
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import agent_versions, agents


class SqlAgents:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(
        self,
        tenant: str,
        name: str,
        *,
        hash: str,  # noqa: A002  the word of the port
        source: str,
        description: str,
        team: str,
        by: str,
        at: float,
    ) -> tuple[AgentVersion, bool]:
        number = await self._held(tenant, name)
        same = await self.get(tenant, name)
        if same is not None and same.hash == hash:
            return same, False
        version = AgentVersion(tenant, name, number + 1, hash, by, at, source)
        await self._sql.insert(agent_versions, version)
        await self._sql.run(
            update(agents)
            .where(agents.c.tenant == tenant, agents.c.name == name)
            .values(number=version.number, description=description, team=team, updated_at=at, deleted=False)
        )
        return version, True

    async def _held(self, tenant: str, name: str) -> int:
        """The newest number. Makes the agent where there is none, and holds its row until this transaction ends."""
        new = self._sql.insertion(agents).values(
            tenant=tenant, name=name, number=0, description="", team="", updated_at=0.0, deleted=True
        )
        held = new.on_conflict_do_update(index_elements=["tenant", "name"], set_={"name": name})
        return await self._sql.value(held.returning(agents.c.number))

    async def get(self, tenant: str, name: str, number: int | None = None) -> AgentVersion | None:
        its = selected(AgentVersion, agent_versions).where(
            agent_versions.c.tenant == tenant, agent_versions.c.agent == name
        )
        if number is not None:
            return await self._sql.first(AgentVersion, its.where(agent_versions.c.number == number))
        newest = its.join(
            agents,
            (agents.c.tenant == agent_versions.c.tenant)
            & (agents.c.name == agent_versions.c.agent)
            & (agents.c.number == agent_versions.c.number),
        ).where(agents.c.deleted.is_(False))
        return await self._sql.first(AgentVersion, newest)

    async def list(
        self, tenant: str, *, team: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[AgentEntry]:
        mine = selected(AgentEntry, agents).where(agents.c.tenant == tenant, agents.c.deleted.is_(False))
        if team is not None:
            mine = mine.where(agents.c.team == team)
        return await self._sql.page(AgentEntry, mine, [agents.c.name], limit=limit, cursor=cursor)

    async def history(
        self, tenant: str, name: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[AgentVersionEntry]:
        its = selected(AgentVersionEntry, agent_versions).where(
            agent_versions.c.tenant == tenant, agent_versions.c.agent == name
        )
        by = [agent_versions.c.number]
        return await self._sql.page(AgentVersionEntry, its, by, limit=limit, cursor=cursor, falling=True)

    async def delete(self, tenant: str, name: str) -> bool:
        there = update(agents).where(agents.c.tenant == tenant, agents.c.name == name, agents.c.deleted.is_(False))
        return bool(await self._sql.run(there.values(deleted=True)))
