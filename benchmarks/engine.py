"""Tenuto on the common work: a fresh SQLite journal with full durability, library nodes, default effects."""

import asyncio

from house import Document, flow, opened
from measure import Figures, Work, asked, fresh_folder, measure

from tenuto.ports.engine import StartRequest


def document(work: Work) -> Document:
    """A flow that counts to STEPS."""
    if work.kind == "chain":
        values = ["0", *(f"n{index}" for index in range(work.steps - 1))]
        nodes: dict[str, object] = {f"n{index}": _add_one(value) for index, value in enumerate(values)}
        return {"flow": "chain", "nodes": nodes, "output": f"${{n{work.steps - 1}}}"}
    parts = {f"n{index}": _add_one("0") for index in range(work.steps)}
    join = {"use": "bench.sum", "with": {"values": [f"${{{name}}}" for name in parts]}}
    return {"flow": "fan", "nodes": {**parts, "join": join}, "output": "${join}"}


def _add_one(value: str) -> Document:
    return {"use": "bench.add_one", "with": {"value": f"${{{value}}}"}}


async def time_engine(name: str, work: Work, **settings: object) -> Figures:
    with fresh_folder() as folder:
        async with opened(folder, **settings) as house:
            counting = flow(house.registry, document(work))

            async def run() -> int:
                outcome = await house.engine.outcome(await house.engine.start(StartRequest(counting)))
                if not isinstance(outcome.output, int):
                    raise SystemExit(f"a run {outcome.status}: {outcome.error}")
                return outcome.output

            return await measure(name, work, run)


if __name__ == "__main__":
    asyncio.run(time_engine("tenuto", asked()))
