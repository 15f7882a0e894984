"""A scripted model says what its file says, in pieces, and finds its place from the conversation alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tenuto
from tenuto.models.scripted import Scripted, demo, make, pieces
from tenuto.models.scripts import WrongScript, read_script
from tenuto.sdk.agents import Ask, Message, ModelError, ModelSpec
from tenuto.testing.models import ScriptedModel, unheard

CATALOG = Path(tenuto.__file__).parent / "agents/catalog"


def ask(*messages: Message, **more: Any) -> Ask:
    return Ask(messages=list(messages) or [{"role": "user", "content": "Hello"}], tools=[], **more)


def assistant(text: str = "…", *calls: str) -> Message:
    made: Message = {"role": "assistant", "content": text}
    if calls:
        made["tool_calls"] = [{"id": name, "name": name, "arguments": {}} for name in calls]
    return made


def file(tmp_path: Path, text: str, name: str = "script.yaml") -> ModelSpec:
    (tmp_path / name).write_text(text)
    return ModelSpec(provider="scripted", model=str(tmp_path / name))


async def test_answers_come_in_order_of_the_conversation():
    model = ScriptedModel([{"calls": [{"tool": "node:http.request", "arguments": {"url": "x"}}]}, "It is there."])
    user: Message = {"role": "user", "content": "Look"}

    first = await model.answer(ask(user), unheard, key="k/model:1")
    second = await model.answer(
        ask(user, assistant("", "a"), {"role": "tool", "content": "1"}), unheard, key="k/model:2"
    )
    again = await model.answer(ask(user), unheard, key="k/model:1")

    assert first["tool_calls"] == [{"id": "call_1_1", "name": "node_http_request", "arguments": {"url": "x"}}]
    assert first["stop"] == "tools"
    assert (second["text"], second["stop"]) == ("It is there.", "end")
    assert again == first


async def test_a_text_is_told_in_pieces_and_whole():
    model, told = ScriptedModel(["A rather long answer that nobody would say in one breath.\n\nOr two."]), []

    answer = await model.answer(ask(), told.append, key="k")

    assert len(told) > 2
    assert "".join(told) == answer["text"]


@pytest.mark.parametrize("text", ["", " ", "x" * 500, "a b " * 40, "\n\n", "日本語の文章" * 30])
def test_pieces_lose_nothing(text: str):
    assert "".join(pieces(text)) == text


async def test_rules_are_asked_first(tmp_path: Path):
    spec = file(
        tmp_path,
        """
rules:
  - when: {after: "node:http.request"}
    text: I have read it.
  - when: {agent: [editor, copywriter], task: "launch"}
    turns: [First., Second.]
turns: [Something else.]
""",
    )
    model = make(spec)
    launch: Message = {"role": "user", "content": "Write a Launch post"}

    said = [
        (await model.answer(question, unheard, key="k"))["text"]
        for question in [
            ask(launch, agent="copywriter"),
            ask(launch, assistant(), launch, agent="editor"),
            ask(launch, agent="analyst"),
            ask({"role": "system", "content": "You are the copywriter."}, launch),
            ask(launch, assistant("", "node_http_request"), {"role": "tool", "content": "200"}, agent="editor"),
        ]
    ]

    assert said == ["First.", "Second.", "Something else.", "First.", "I have read it."]


async def test_a_script_that_is_played_out_says_so():
    model = ScriptedModel(["Once."])

    with pytest.raises(ModelError, match="1 answers in order, and this would be number 2"):
        await model.answer(ask({"role": "user", "content": "x"}, assistant()), unheard, key="k")


async def test_a_question_fails_as_often_as_the_script_says():
    model = ScriptedModel(
        [{"error": {"status": 429, "message": "slow down", "retry_after": 2, "times": 1}, "text": "Now."}]
    )

    with pytest.raises(ModelError, match="429: slow down") as error:
        await model.answer(ask(), unheard, key="k")
    answer = await model.answer(ask(), unheard, key="k")

    assert (error.value.retry, error.value.retry_after) == (True, 2)
    assert answer["text"] == "Now."


async def test_data_is_said_as_json_and_made_up_from_the_schema_where_it_is_auto():
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    given, made = ScriptedModel([{"data": {"n": 1}}]), ScriptedModel([{"data": "auto"}])

    assert (await given.answer(ask(), unheard, key="k"))["text"] == '{"n": 1}'
    assert (await made.answer(ask(output=schema), unheard, key="k"))["text"] == '{"n": 3}'


async def test_the_demo_says_that_it_is_one():
    model = make(ModelSpec(provider="scripted", model="demo"))

    answer = await model.answer(
        ask({"role": "system", "content": "# Copywriter\nYou write."}, {"role": "user", "content": "A launch post"}),
        unheard,
        key="k",
    )

    assert "Scripted demo answer" in answer["text"]
    assert "no model was asked (scripted:demo)" in answer["text"]
    assert '"A launch post"' in answer["text"]
    assert "Headline" in answer["text"]
    assert answer["text"] == answer["text"].strip(), "who shows it ends the line"
    assert answer["model"] == "scripted:demo"
    assert answer["usage"].get("tokens", 0) > 10


@pytest.mark.parametrize("agent", sorted(path.stem for path in CATALOG.glob("*/*.md")))
async def test_the_demo_has_an_answer_for_every_agent_of_the_catalog(agent: str):
    model = Scripted(replace(demo(), delay=0.0), "scripted:demo")

    answer = await model.answer(ask(agent=agent), unheard, key="k")
    data = await model.answer(ask(agent=agent, output={"type": "object", "required": ["a"]}), unheard, key="k")

    assert f"Asked as {agent}" in answer["text"]
    assert "no model was asked" in answer["text"]
    assert "This answer was written before the question: it shows" not in answer["text"]
    assert data["text"] == '{"a": "scripted demo"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("turns: [", "is no YAML"),
        ("turns: [{txt: secret-content}]", "an answer has no `txt`"),
        ("turns: []", "neither `turns` nor `rules`"),
        ("- calls: [{arguments: {}}]", "a call is"),
        ("rules: [{when: {task: '('}, text: a}]", "no regular expression"),
        ("hello", "a script is an object"),
    ],
)
def test_a_file_that_is_no_script_is_told_without_its_content(tmp_path: Path, text: str, said: str):
    with pytest.raises(ModelError) as error:
        make(file(tmp_path, text))

    assert said in error.value.message
    assert "secret-content" not in error.value.message
    assert not error.value.retry


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ModelError, match=r"nowhere\.yaml cannot be read: No such file"):
        make(ModelSpec(provider="scripted", model="nowhere.yaml"))


def test_a_script_of_the_wrong_kind_is_refused():
    with pytest.raises(WrongScript, match="`delay`"):
        read_script({"delay": "long", "turns": ["a"]})
