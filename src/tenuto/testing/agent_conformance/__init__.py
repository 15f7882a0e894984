"""What every runtime of agents must do: subclass `AgentConformance`, say which runtime is yours, and let pytest run it.

    from tenuto.testing.agent_conformance import AgentConformance

    class TestMyRuntime(AgentConformance):
        def make_runtime(self) -> Runtime:
            return MyRuntime()

Models are scripted and tools are functions: nothing leaves the process.
"""

from .answers import Answers
from .calls import Calls
from .people import People
from .resuming import Resuming
from .stage import Opened, Playing, Stage, Told, play, said

__all__ = ["AgentConformance", "Opened", "Playing", "Stage", "Told", "play", "said"]


class AgentConformance(Calls, Answers, People, Resuming):
    """The promises of `sdk/agents/runtime.py`, one test each."""
