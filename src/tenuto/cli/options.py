"""Options that many commands share, declared once so that they read the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The data directory: where runs are kept. Default: TENUTO_DATA, or .tenuto"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON on stdout; what is for people goes to stderr")]
Stage = Annotated[str | None, typer.Option("--stage", help="Whose variables to use. Default: dev")]
RunArg = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's name, its id, or the start of either", show_default=False)
]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Leave (exit code 3) when the run waits for something")]
FlowFile = Annotated[
    Path | None, typer.Option("--flow", metavar="FILE", help="Go on with this document instead of the recorded one")
]
Tenant = Annotated[str, typer.Option("--tenant", metavar="ID", help="Whose it is")]
Where = Annotated[
    str, typer.Option("--stage", metavar="STAGE", help="For which stage; * is every stage that has none of its own")
]
FlowFolder = Annotated[
    Path | None,
    typer.Option("--flows", metavar="DIR", help="A folder that is the source of flows, read as it changes"),
]
AgentFolder = Annotated[
    Path | None,
    typer.Option("--agents", metavar="DIR", help="A folder that is the source of agents, read as it changes"),
]
