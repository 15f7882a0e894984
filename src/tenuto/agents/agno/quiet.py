"""Agno without its voice: it reports every run to its makers, and writes what goes wrong to the terminal.

To be imported before Agno is. What goes wrong is said by whoever runs the node; nothing is reported to anybody.
"""

import logging
import os

os.environ["AGNO_TELEMETRY"] = "false"  # it wins over what an agent says of itself
if os.environ.get("AGNO_DEBUG", "false").lower() != "true":
    for name in ("agno", "agno-team", "agno-workflow"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)  # with a level of its own, Agno leaves a logger alone
