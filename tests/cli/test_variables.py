"""`tenuto variables …`: set from JSON or text, listed, deleted."""

import json

import pytest

from cli.conftest import Tenuto


@pytest.mark.parametrize(
    ("text", "value"), [("friendly", "friendly"), ("3", 3), ('"3"', "3"), ("[1, null]", [1, None]), ("", "")]
)
def test_a_variable_is_json_or_a_text(tenuto: Tenuto, text: str, value: object):
    tenuto("variables", "set", "TONE", text)

    (listed,) = json.loads(tenuto("variables", "list", "--json").out)["items"]

    assert (listed["name"], listed["stage"], listed["value"]) == ("TONE", "*", value)


def test_a_variable_is_set_for_a_stage_listed_and_deleted_there(tenuto: Tenuto):
    made = tenuto("variables", "set", "TONE", "formal", "--stage", "prod")
    tenuto("variables", "set", "TONE", "friendly")
    listed = tenuto("variables", "list", "--stage", "prod")
    gone = tenuto("variables", "delete", "TONE", "--stage", "prod")
    again = tenuto("variables", "delete", "TONE", "--stage", "prod")

    assert made.out == 'TONE is "formal" for stage prod\n'
    assert "formal" in listed.out
    assert "friendly" not in listed.out
    assert gone.out == "deleted TONE\n"
    assert again.code != 0
    assert "there is no variable `TONE` for the stage `prod`" in again.err
