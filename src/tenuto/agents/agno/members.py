"""A team whose members are agent files: Agno's leader gives them tasks, each works with the prompt, model and tools of its file."""

from collections.abc import Sequence

from agno.agent import Agent
from agno.team import Team

from tenuto.agents.agno.own import Play
from tenuto.agents.agno.scope import Scope
from tenuto.agents.agno.seat import Opener, Seat
from tenuto.agents.agno.wire import wired
from tenuto.sdk import Context
from tenuto.sdk.agents import Agent as AgentFile
from tenuto.sdk.agents import Result, Work
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.own import Terms
from tenuto.sdk.agents.recording import recorded_agent
from tenuto.sdk.agents.scoped import Scoped


async def run_members(
    names: Sequence[str], task: str, terms: Terms, ctx: Context, instructions: str | None = None
) -> Result:
    """Run a team of these agents. With other members or another task, nothing that was recorded is taken."""
    await ctx.step("agent", lambda *_: {"members": list(names), "runtime": "agno"}, list(names), task)
    files = [await recorded_agent(Scoped(ctx, f"{name}/"), name) for name in dict.fromkeys(names)]
    play = Play(ctx, terms)
    team = Team(
        name="team",
        members=[_member(file) for file in files],
        model=play.seat("team", [], terms),
        instructions=instructions,
        telemetry=False,
    )
    return await play.led(team, task)


def _member(file: AgentFile) -> Agent:
    return Agent(
        name=file.name,
        role=file.description or file.name,
        model=Seat(file.name, _opener(file), filed=True),
        system_message=file.prompt,
        resolve_in_context=False,  # a `{name}` of the prompt is the prompt's
        telemetry=False,
    )


def _opener(file: AgentFile) -> Opener:
    async def open_desk(scope: Scope) -> Desk:
        callers = () if scope.above is None else scope.above.line
        work = Work(agent=file, task="", callers=callers, above=scope.above)
        return await Desk.open(work, scope.context(file.name), wired=wired)

    return open_desk
