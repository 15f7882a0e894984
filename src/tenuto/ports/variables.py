"""Variables of a stage: what `vars.NAME` means. A run is given the ones that its flow names, once, when it starts."""

from collections.abc import Mapping
from typing import Protocol

Json = object


class Variables(Protocol):
    async def get(self, *, tenant: str, stage: str) -> Mapping[str, Json]: ...
