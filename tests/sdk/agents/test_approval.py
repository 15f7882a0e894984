"""What a person's word on a call means. Whatever is not clearly a yes is a no."""

from typing import Any

import pytest

from tenuto.sdk.agents.approval import Verdict, hash_of, verdict
from tenuto.testing.agents import FakeTool

TOOL = FakeTool(
    "mail:send",
    print,
    parameters={"type": "object", "properties": {"to": {"type": "string"}}, "additionalProperties": False},
)
ASKED = {"to": "bob"}
BOUND = hash_of("mail:send", ASKED)


def word(said: Any) -> Verdict:
    return verdict({"signal": said}, TOOL, ASKED, BOUND)


@pytest.mark.parametrize("said", [True, {"approved": True}, {"approved": True, "hash": BOUND, "comment": "fine"}])
def test_a_yes_is_a_yes_to_the_arguments_that_were_shown(said: Any) -> None:
    assert word(said) == Verdict(ASKED)


@pytest.mark.parametrize("said", [None, False, "yes", 1, [], {}, {"approved": "true"}, {"approved": 1}])
def test_whatever_else_is_said_is_a_no(said: Any) -> None:
    assert word(said).refused == "a person refused this call"


def test_a_no_says_why() -> None:
    assert word({"approved": False, "comment": "not Bob"}).refused.endswith(": not Bob")


def test_no_word_in_time_is_a_no() -> None:
    assert "in time" in verdict({"timeout": True}, TOOL, ASKED, BOUND).refused


def test_a_yes_to_other_arguments_is_none() -> None:
    """SECURITY 94."""
    assert "other arguments" in word({"approved": True, "hash": hash_of("mail:send", {"to": "eve"})}).refused


def test_changed_arguments_are_looked_at_as_the_agents_own_were() -> None:
    assert word({"approved": True, "form": {"arguments": {"to": "eve"}}}) == Verdict({"to": "eve"}, changed=True)
    assert "do not fit" in word({"approved": True, "form": {"arguments": {"to": 5}}}).refused
