"""What a person reads and answers where an agent has used what it may spend."""

from typing import Any

import pytest

from tenuto.sdk.agents.budget import Ledger, Stopped
from tenuto.sdk.errors import Suspended
from tenuto.testing.context import FakeContext


def ledger(limits: dict[str, float], **signals: Any) -> Ledger:
    return Ledger("clerk", FakeContext(signals=signals), limits, turns=3)


@pytest.mark.parametrize(
    ("unit", "used", "said"),
    [
        ("tokens", 1500, "clerk has used 1,500 of its 1,200 tokens. May it go on?"),
        ("tokens", 1200, "clerk has used all of its 1,200 tokens. May it go on?"),
        ("usd", 0.5213, "clerk has used 0.5213 of its 0.5 dollars. May it go on?"),
    ],
)
async def test_it_is_asked_how_much_of_what_is_used(unit: str, used: float, said: str) -> None:
    """Tokens are whole numbers, also for a program that reads the question."""
    spent = ledger({"usd": 0.5, "tokens": 1200})
    spent.spend({unit: used})

    with pytest.raises(Suspended) as asked:
        await spent.allow()

    ask: dict[str, Any] = asked.value.ask
    assert ask["question"] == said
    assert repr(ask["used"][unit]) == repr(used)


async def test_what_is_added_is_what_was_named() -> None:
    """And a no ends it, with the limit that it had."""
    spent = ledger({"tokens": 1200}, **{"node/budget:1": {"add": {"tokens": 300}}, "node/budget:2": {"stop": True}})
    spent.spend({"tokens": 1500})

    with pytest.raises(Stopped, match="clerk was ended at its limit of 1,500 tokens"):
        await spent.allow()
