"""What every store must do: subclass `StoreConformance`, say how yours is opened, and let pytest run it.

    class TestMyStore(StoreConformance):
        async def open(self, directory: Path) -> Store:
            return await MyStore.open(directory)

Every test has a second tenant, on whose side nothing may show.
"""

from tenuto.testing.store_conformance.agents import SavedAgents
from tenuto.testing.store_conformance.conversations import AgentSessions
from tenuto.testing.store_conformance.flows import Flows
from tenuto.testing.store_conformance.given import Given
from tenuto.testing.store_conformance.people import People
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored
from tenuto.testing.store_conformance.tools import AgentTools
from tenuto.testing.store_conformance.traffic import Traffic
from tenuto.testing.store_conformance.transactions import Transactions
from tenuto.testing.store_conformance.webhooks import OutgoingWebhooks

__all__ = ["THEM", "US", "StoreConformance", "Suite", "stored"]


class StoreConformance(
    Transactions, People, Flows, Given, Traffic, OutgoingWebhooks, AgentTools, SavedAgents, AgentSessions
):
    """All of it."""
