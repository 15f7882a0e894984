"""A run as plain lines."""

import io

from tenuto.cli.lines import Lines
from tenuto.cli.look import look_of
from tenuto.service.follow import Follower
from tenuto.testing.driver import Driver

FLOW = {"flow": "pair", "nodes": {"ask": {"use": "work"}}}


def test_all_that_a_node_asks_at_once_is_told_with_what_answers_it() -> None:
    """Each once, however often the display looks."""
    driver = Driver(FLOW).start()
    first, second = (
        {"kind": "approval", "question": f"Mail {name}?", "arguments": {"to": name}} for name in ("bob", "eve")
    )
    driver.suspend(
        "ask", "tool:1", "ask/tool:1", ask=first, also=[{"key": "tool:2", "signal": "ask/tool:2", "ask": second}]
    )
    follower, stream = Follower(driver.flow), io.StringIO()
    for seq, fact in enumerate(driver.facts, 1):
        follower.fold(seq, fact)

    lines = Lines(stream, look_of(stream), follower)
    lines.tick()
    lines.tick()

    said = stream.getvalue()
    for number, name in ((1, "bob"), (2, "eve")):
        assert said.count(f"Mail {name}?") == 1
        assert said.count(f"to: {name}") == 1
        assert said.count(f"ask/tool:{number}") == 1
