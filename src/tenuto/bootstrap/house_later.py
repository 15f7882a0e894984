"""The house of agents where there is no server: put together when somebody first asks for it."""

from typing import TYPE_CHECKING, Any

from tenuto.ports.agent_house import Surroundings

if TYPE_CHECKING:
    from tenuto.sdk.agents.house import Agents
    from tenuto.service.agent_house import House


class HouseLater:
    """The house of agents without a server, made when the first node asks for it: most runs need none."""

    def __init__(self, *given: Any) -> None:
        self._given = given
        self._house: House | None = None
        self._runs: Surroundings | None = None

    def of(self, tenant: str, stage: str) -> "Agents":
        if self._house is None:
            from tenuto.bootstrap.agents import make_house

            self._house = make_house(*self._given)
            if self._runs is not None:
                self._house.attend(self._runs)
        return self._house.of(tenant, stage)

    def attend(self, runs: Surroundings) -> None:
        self._runs = runs

    async def recovered(self) -> None:
        if self._house is not None:
            await self._house.recovered()

    async def aclose(self) -> None:
        if self._house is not None:
            await self._house.aclose()
