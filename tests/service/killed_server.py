"""A real server that kills itself once, at the start of a run that a trigger asks for: `killed_server.py KIND WHEN up …`.

KIND: `http`, `cron` or `event`; WHEN: `before` the run is durable, or `after`. Only while `$KILL_ONCE` exists, which goes.
"""

import os
import signal
import sys
from pathlib import Path

from tenuto.cli import main
from tenuto.hosts.local.host import LocalHost
from tenuto.ports.engine import StartRequest

KIND, WHEN = sys.argv[1:3]
real = LocalHost.start


def is_armed(request: StartRequest) -> bool:
    return request.labels.get("trigger") == KIND and Path(os.environ["KILL_ONCE"]).exists()


def die() -> None:
    Path(os.environ["KILL_ONCE"]).unlink()
    os.kill(os.getpid(), signal.SIGKILL)


async def start(self: LocalHost, request: StartRequest) -> str:
    if is_armed(request) and WHEN == "before":
        die()
    run = await real(self, request)
    if is_armed(request):
        die()
    return run


LocalHost.start = start
sys.argv[1:] = sys.argv[3:]
main()
