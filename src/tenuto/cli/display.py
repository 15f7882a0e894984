"""What a display is told while a run is followed, and which one suits a terminal."""

from typing import Protocol, TextIO

from tenuto.cli.look import look_of
from tenuto.ports.engine import Live
from tenuto.service.follow import Follower
from tenuto.service.projection import RunView


class Display(Protocol):
    """Shows one run. Told of everything seen at once, and asked to `tick` ten times a second while something is."""

    def see(self, live: Live) -> None: ...

    def tick(self) -> None: ...

    def pause(self) -> None:
        """Leave the terminal to a question, until `go_on`."""
        ...

    def go_on(self) -> None: ...

    def close(self, view: RunView) -> None:
        """Show what there is to see last. `view` may be of a run that has not ended."""
        ...


def display_for(stream: TextIO, follower: Follower, words: str = "", *, agent: bool = False) -> Display:
    """`words`: what suggested commands need besides the name of the run. `agent`: the run is one agent's, and what it says
    is what there is to see."""
    if agent:
        from tenuto.cli.agent_display import AgentDisplay

        return AgentDisplay(stream, follower, words)
    look = look_of(stream)
    if look.rich:
        from tenuto.cli.tree import Tree

        return Tree(stream, follower, words)
    from tenuto.cli.lines import Lines

    return Lines(stream, look, follower, words)
