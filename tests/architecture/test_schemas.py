"""A schema that a user wrote reaches no file, no network and no regular expression that backtracks (decision 0005)."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
MAKERS = {
    "validator_for",
    "validator_cls_for",
    "is_valid",
    "iter_errors",
    "validate",
    "evaluate",
    "Draft202012Validator",
}


USERS = [path for path in sorted(SOURCE.rglob("*.py")) if "jsonschema_rs" in path.read_text()]


@pytest.mark.parametrize("path", USERS, ids=[str(path.relative_to(SOURCE)) for path in USERS])
def test_a_validator_is_made_offline_and_with_linear_patterns(path: Path):
    calls = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _name(node.func) in MAKERS
    ]

    assert calls, f"{path} uses jsonschema_rs in a way that this test does not know: make it with `validator_for`"
    for call in calls:
        given = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert given.get("offline") == "True", f"line {call.lineno}: pass offline=True"
        assert given.get("pattern_options", "").endswith("RegexOptions()"), f"line {call.lineno}: pass RegexOptions()"


def _name(function: ast.expr) -> str:
    """Of `validator_for`, and of `jsonschema_rs.anything`; a validator's own methods are no concern."""
    if isinstance(function, ast.Attribute) and ast.unparse(function.value) == "jsonschema_rs":
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
