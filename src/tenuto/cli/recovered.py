"""The line that people want to show: a run goes on where it was."""

from tenuto.cli.house import Recovered
from tenuto.cli.look import Look, plural


def recovered_lines(recovered: Recovered, look: Look, words: str = "") -> list[str]:
    """`↻ resumed brave-otter-7f3a at 3/4 (2 nodes reused, 0 effects repeated)`. `words`: see `house.Place`."""
    if recovered.trouble:
        return [f"{look.mark('failed')} {recovered.name} stays as it is: {recovered.trouble}"]
    counts = f"{plural(recovered.reused, 'node')} reused, {recovered.repeated} effects repeated"
    lines = [f"{look.mark('resumed')} resumed {recovered.name} at {recovered.at}/{recovered.total} ({counts})"]
    if recovered.doubtful:
        lines.append(f"  {recovered.doubtful} in doubt: `tenuto runs show {recovered.name}{words}` says which")
    return lines
