"""What is said in sessions, remembered for each tenant under the session's name, across processes."""

from typing import Protocol

from tenuto.sdk.agents.conversation import Conversation

KEPT = 400  # messages of a session; older ones go


class Conversations(Protocol):
    def conversation(self, tenant: str, session: str) -> Conversation:
        """The session of that name; it begins with the first thing that is said. Cheap: nothing is read yet."""
        ...

    async def forget(self, tenant: str, session: str) -> bool:
        """All that was said in it. Whether there was anything."""
        ...
