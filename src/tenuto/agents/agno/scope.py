"""Where an agent of a team is at work: for the team itself at the top, for a member inside the call that gave it its task.

Members may work at the same time, each in a task of the loop; so where one is, its task knows. Steps carry the place as a
prefix, so that they are the same when the run goes on, whoever is faster.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from tenuto.sdk import Context
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.agents.standing import Standing


@dataclass(slots=True, frozen=True)
class Scope:
    """`prefix`: of the steps here, with its slash. `shared`: several members work in it, so each adds its name.

    `above`: the agent that gave the task. `out`: what ends the work here, while others go on with theirs.
    """

    ctx: Context
    out: WayOut
    prefix: str = ""
    above: Standing | None = None
    shared: bool = False

    def context(self, agent: str, aside: str = "") -> Context:
        """`aside`: for what else is asked for the agent, such as a summary."""
        prefix = f"{self.prefix}{agent}/" if self.shared else self.prefix
        prefix += f"{aside}/" if aside else ""
        return Scoped(self.ctx, prefix, agent="" if self.above is None else agent) if prefix else self.ctx


SCOPE: Final[ContextVar[Scope]] = ContextVar("tenuto_agno_scope")
