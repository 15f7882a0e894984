"""What nodes said with `ctx.log`: kept beside the journal, bounded, and not promised."""

from typing import Any, Protocol


class Logs(Protocol):
    async def read(self, run: str) -> list[dict[str, Any]]:
        """The last lines, oldest first: {at, path, level, text, fields}."""
        ...
