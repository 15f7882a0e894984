"""Where the parts meet: the only folder that names adapters. Settings in, an open engine, or a server's platform, out.

async with open_engine(settings, registry) as opened:
    run = await opened.engine.start(StartRequest(flow))

A server is opened by `tenuto.bootstrap.server`, which is not imported here: `tenuto run` starts without it.
"""

from tenuto.bootstrap.engine import Opened, new_run_id, open_engine, open_files, open_logs, open_reader, open_registry

__all__ = ["Opened", "new_run_id", "open_engine", "open_files", "open_logs", "open_reader", "open_registry"]
