import asyncio

import pytest

from tenuto.sdk import NodeError, Suspended
from tenuto.sdk.agents.leaving import WayOut


class TestWayOut:
    def test_what_was_raised_at_a_seam_is_raised_at_every_later_one_and_in_the_end(self) -> None:
        """Though a framework has swallowed it in between."""
        out = WayOut()
        with pytest.raises(Suspended), out:
            raise Suspended("tool:1", signal="node/tool:1")

        with pytest.raises(Suspended), out:
            pytest.fail("nothing more is asked")
        with pytest.raises(Suspended):
            out.end()

    def test_the_first_one_counts(self) -> None:
        out = WayOut()
        for message in ("first", "second"):
            with pytest.raises(NodeError), out:
                raise NodeError(message)

        with pytest.raises(NodeError, match="first"):
            out.end()

    def test_a_cancelled_task_of_a_framework_ends_nothing(self) -> None:
        """Frameworks cancel their own tasks when one of them has failed."""
        out = WayOut()
        with pytest.raises(asyncio.CancelledError), out:
            raise asyncio.CancelledError

        out.end()
