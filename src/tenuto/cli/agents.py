"""`tenuto agents …`: who is there, a task for one of them, a talk with one, and their files."""

from pathlib import Path
from typing import Annotated

import typer

from tenuto.cli.options import Data, Json, NoWait, Stage

group = typer.Typer(
    help="Agents: list them, give them tasks, talk to them, write new ones.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

AgentName = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="An agent's name, or the file of one", show_default=False)
]
Folder = Annotated[
    Path | None,
    typer.Option("--agents", metavar="DIR", help="Where agent files are. Default: TENUTO_AGENTS, or agents/ here"),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="Such as openai:gpt-5, in place of what the agent's file says"),
]
Runtime = Annotated[
    str | None, typer.Option("--runtime", metavar="NAME", help="native, langgraph, agno or strands, in its place")
]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="agents")


@group.command("list")
def list_agents(
    team: Annotated[str | None, typer.Option("--team", metavar="NAME", help="Only those of this team")] = None,
    agents: Folder = None,
    json: Json = False,
) -> int:
    """List the agents that can be run here, by team."""
    from tenuto.cli import agent_lists

    return agent_lists.list_agents(agents, team, json=json)


@group.command("show")
def show(name: AgentName, agents: Folder = None, json: Json = False) -> int:
    """Show an agent: what it is told, what it may use, what is wrong with it."""
    from tenuto.cli import agent_lists

    return agent_lists.show(agents, name, json=json)


@group.command("run")
def run(
    name: AgentName,
    task: Annotated[str, typer.Argument(metavar="TASK", help="What to do, or - for stdin", show_default=False)],
    pairs: Annotated[
        list[str] | None,
        typer.Option("-p", metavar="KEY=VALUE", help="A parameter that it is shown; JSON, or else text. Repeat it"),
    ] = None,
    model: Model = None,
    runtime: Runtime = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="NAME", help="The conversation that the task goes on with")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", metavar="JSON", help="A JSON Schema of the answer, or @FILE")
    ] = None,
    agents: Folder = None,
    data: Data = None,
    stage: Stage = None,
    no_wait: NoWait = False,
    json: Json = False,
) -> int:
    """Give an agent a task, here. No server needed. What it says is shown as it comes; `> FILE` keeps the answer alone.

    Exit code: 0 succeeded, 1 failed, 2 bad input, 3 waiting (with --no-wait), 130 interrupted (`tenuto resume` goes on).
    """
    from tenuto.cli import agent_task

    asked = agent_task.Words(task, tuple(pairs or ()), model, runtime, session, output)
    where = agent_task.Where(data, stage, agents)
    return agent_task.run(name, asked, where, wait=not no_wait, json=json)


@group.command("chat")
def chat(
    name: AgentName,
    model: Model = None,
    runtime: Runtime = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="NAME", help="Go on with this conversation. Default: a new one")
    ] = None,
    agents: Folder = None,
    data: Data = None,
    stage: Stage = None,
) -> int:
    """Talk to an agent. It remembers the conversation; ctrl-c stops an answer, /help says what else there is."""
    from tenuto.cli import agent_chat, agent_task

    where = agent_task.Where(data, stage, agents)
    return agent_chat.chat(name, where, model=model, runtime=runtime, session=session)


@group.command("check")
def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Agent files, or folders of them", show_default=False)
    ],
    json: Json = False,
) -> int:
    """Say what is wrong with agent files: `path: code message (hint)`, with file and line.

    Exit code: 0 if they can run (warnings or not), 2 if one cannot.
    """
    from tenuto.cli import agent_files

    return agent_files.check(files, json=json)


@group.command("new")
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as release-writer", show_default=False)],
    team: Annotated[str, typer.Option("--team", metavar="NAME", help="Its team; its folder too")] = "",
    agents: Folder = None,
) -> int:
    """Write a new agent file to begin with. Nothing that is there is overwritten."""
    from tenuto.cli import agent_files

    return agent_files.new(name, team, agents)
