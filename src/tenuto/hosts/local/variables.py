"""Variables without a server: those of the settings, the same for every tenant."""

from collections.abc import Callable, Mapping

Json = object


class FixedVariables:
    def __init__(self, of_stage: Callable[[str], Mapping[str, Json]]) -> None:
        self._of_stage = of_stage

    async def get(self, *, tenant: str, stage: str) -> Mapping[str, Json]:
        del tenant
        return self._of_stage(stage)
