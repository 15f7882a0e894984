"""`python -m tenuto.testing.wire --script FILE --port N --log FILE`: a scripted provider as a process of its own.

It prints `listening http://127.0.0.1:PORT` when it is ready, and ends when it is told to (SIGTERM, ctrl-c).
"""

import argparse
import asyncio
import signal
from pathlib import Path

from tenuto.models.scripted import demo, load
from tenuto.testing.wire.server import WireServer


async def serve(given: argparse.Namespace) -> None:
    script = demo() if given.script is None else load(given.script)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    async with WireServer(script, port=given.port, log=given.log, models=given.models) as wire:
        print(f"listening {wire.url}", flush=True)  # noqa: T201  who started it waits for this line
        await stop.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tenuto.testing.wire", description=__doc__)
    parser.add_argument("--script", type=Path, help="what is said; without it, the demo")
    parser.add_argument("--port", type=int, default=0, help="0: one that is free")
    parser.add_argument("--log", type=Path, help="a file with a JSON line for each request and each answer")
    parser.add_argument("--models", nargs="+", default=["scripted"], help="names that the list of models has")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
