"""An agent file written out of its fields is the same agent when it is read."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.test_agent_file import FILES, WHOLE
from documents.test_dump import JSON
from tenuto.documents.agent_file import KEYS, load_agent
from tenuto.documents.agent_text import agent_text, agent_text_of, completed
from tenuto.documents.text import Refused


def plain(loaded):
    assert loaded.agent is not None, loaded.problems
    return replace(loaded.agent, problems=())


@pytest.mark.parametrize("source", [WHOLE.encode(), *(file.read_bytes() for file in sorted(FILES.iterdir()))])
def test_a_file_read_and_written_is_the_same_agent(source):
    agent = plain(load_agent(source))

    assert plain(load_agent(agent_text(agent))) == agent


def test_it_says_no_more_than_needs_saying():
    agent = plain(load_agent("---\nname: x\nmodel: a:b\ntools: ask_person\n---\nHi."))

    assert agent_text(agent) == "---\nname: x\nmodel: a:b\ntools:\n- ask_person\n---\n\nHi.\n"


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=10), JSON, max_size=4), st.text(max_size=50))
def test_whatever_else_is_said_is_kept(extra, prompt):
    """Keys and texts of any kind, as somebody may send them."""
    extra = {key: value for key, value in extra.items() if key not in {*KEYS, "prompt", "extra"}}

    loaded = load_agent(agent_text_of({"name": "x", "prompt": prompt, "extra": extra}))

    if loaded.agent is None:
        assert {each.code for each in loaded.errors} <= {"no_prompt", "encoding"}
    else:
        assert dict(loaded.agent.extra) == extra


@pytest.mark.parametrize("fields", [{}, {"prompt": 3}, {"prompt": "Hi.", "extra": []}, {"prompt": None}])
def test_what_cannot_be_written_is_refused(fields):
    with pytest.raises(Refused):
        agent_text_of(fields)


@pytest.mark.parametrize(
    ("source", "completed_"),
    [
        ("---\ncolor: red\n---\nHi.", "---\nname: x\nteam: books\ncolor: red\n---\nHi."),
        ("\ufeff\n---  \r\nname: x\r\n---\r\nHi.", "---  \r\nteam: books\nname: x\r\n---\r\nHi."),
        ("---\n---\nHi.", "---\nname: x\nteam: books\n---\nHi."),
        ("---\nname: x\nteam: mine\n---\nHi.", "---\nname: x\nteam: mine\n---\nHi."),
    ],
)
def test_a_file_that_leans_on_where_it_lies_is_completed(source, completed_):
    """Kept elsewhere, it is the same agent."""
    agent = plain(load_agent(source, name="x", team="books"))

    assert completed(source, agent) == completed_
    assert plain(load_agent(completed(source, agent))) == agent
