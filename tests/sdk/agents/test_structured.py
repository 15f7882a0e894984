"""An answer that must fit a schema is read, asked for once more, and then refused."""

import time

import pytest

from tenuto.sdk.agents import Answer, Ask, ModelError
from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.structured import fitted, read
from tenuto.testing.models import ScriptedModel, unheard

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
QUESTION: Ask = {"messages": [{"role": "user", "content": "How many?"}], "tools": [], "output": SCHEMA}


async def answered(model: ScriptedModel) -> Answer:
    return await fitted(QUESTION, lambda ask: model.answer(ask, unheard, key="k"))


@pytest.mark.parametrize(
    "text",
    [
        '{"n": 1}',
        '```json\n{"n": 1}\n```',
        'Here it is:\n\n```\n{"n": 1}\n```\nDone.',
        'The answer is {"n": 1}, of course.',
        'First {"m": 2}, no: {"n": 1}',
    ],
)
def test_json_is_found_where_models_put_it(text: str):
    assert read(text, SCHEMA).data == {"n": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("one", "holds no JSON"),
        ("", "holds no JSON"),
        ('{"n": "one"}', 'n: "one" is not of type "integer"'),
        ("{}", '"n" is a required property'),
        ('{"n": NaN}', "holds no JSON"),
        ("[" * 100_000, "holds no JSON"),
    ],
)
def test_what_does_not_fit_is_said(text: str, problem: str):
    assert any(problem in each for each in read(text, SCHEMA).problems)


@pytest.mark.parametrize("text", ["```" + " \n" * 20_000, "```\n" * 20_000 + "x", "`" * 100_000, " " * 100_000 + "`"])
def test_a_long_answer_is_read_in_one_sweep(text: str):
    """A model may say whatever somebody has put into its mouth; the pattern of a fence once took hours for the first."""
    before = time.process_time()

    assert read(text, SCHEMA).problems
    assert time.process_time() - before < 2


async def test_a_right_answer_is_asked_for_once():
    model = ScriptedModel([{"data": {"n": 1}}])

    answer = await answered(model)

    assert answer.get("data") == {"n": 1}
    assert len(model.asked) == 1


async def test_a_wrong_answer_is_repaired_once():
    model = ScriptedModel(['{"n": "one"}', '{"n": 1}'])

    answer = await answered(model)

    assert answer.get("data") == {"n": 1}
    said = model.asked[1]["messages"]
    assert said[1] == {"role": "assistant", "content": '{"n": "one"}'}
    assert 'is not of type "integer"' in str(said[2]["content"])


async def test_two_wrong_answers_are_a_failure_that_says_why():
    model = ScriptedModel(["one", "two", '{"n": 1}'])

    with pytest.raises(ModelError, match=r"scripted:test gave twice an answer that does not fit.*no JSON") as error:
        await answered(model)

    assert not error.value.retry
    assert len(model.asked) == 2


async def test_an_answer_that_calls_tools_is_not_read():
    model = ScriptedModel([{"calls": [{"tool": "x"}]}])

    assert "data" not in await answered(model)


def test_a_schema_that_is_none_is_told():
    assert "cannot be checked" in unfit({"type": 7}, {})[0]
    assert "cannot be checked" in unfit({"$ref": "https://example.com/schema"}, {})[0]
