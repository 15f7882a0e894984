"""What expressions give: the rules of the language that CEL's own definition does not settle, and the table of functions."""

import pytest

from tenuto.core.expressions import ExpressionError, compile_expression
from tenuto.core.expressions.comprehensions import MACROS
from tenuto.core.expressions.functions import GROUPS
from tenuto.core.expressions.reference import reference
from tenuto.core.values import NOTHING, Secret

FUNCTIONS = [function for group in GROUPS for function in group.functions]


class Node:
    """What a machine shows of a node."""

    def __init__(self, port=None, error=None):
        self.port = port
        self.error = error


NAMES = {
    "plan": {"text": "Plan", "data": {"questions": ["a", "b"], "none": None}, "error": "a field"},
    "skipped": NOTHING,
    "nil": None,
    "run": {"status": "failed", "error": {"message": "boom"}},
    "n": 3,
    "s": "text",
    "items": [{"price": 2.5, "count": 2}, {"price": 1, "count": 3}],
    "flags": [True, False, 1, 0],
}
ERROR = {"type": "error", "message": "no", "node": "plan", "attempts": 1}
NODES = {"plan": Node("done"), "skipped": Node(), "write": Node("error", ERROR)}


def value_of(text, names=NAMES, nodes=NODES):
    expression = compile_expression(text)
    assert not isinstance(expression, ExpressionError), expression
    return expression.evaluate(names, nodes)


def error_of(text, names=NAMES, nodes=NODES):
    expression = compile_expression(text)
    if isinstance(expression, ExpressionError):
        return expression
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate(names, nodes)
    return caught.value


class TestTheTableOfFunctions:
    @pytest.mark.parametrize("function", [*FUNCTIONS, *MACROS.values()], ids=lambda function: function.name)
    def test_every_example_gives_its_result(self, function):
        value = value_of(function.example, {})

        assert value == function.result
        assert type(value) is type(function.result)

    def test_no_name_stands_twice(self):
        names = [function.name for function in FUNCTIONS]

        assert len(names) == len(set(names))

    def test_the_reference_has_every_function_with_its_example(self):
        page = reference()

        assert all(item.signature.replace("|", "\\|") in page for item in [*FUNCTIONS, *MACROS.values()])
        assert all(item.doc in page for item in FUNCTIONS)


class TestNumbers:
    """SEMANTICS 6: numbers mix; ints have 64 bits; NaN and infinities are errors."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1 + 1.5", 2.5),
            ("1.5 * 2", 3.0),
            ("7 / 2", 3),
            ("-7 / 2", -3),
            ("-7 % 2", -1),
            ("7 / 2.0", 3.5),
            ("1u + 1", 2),
            ("9007199254740993 > 9007199254740992.0", True),
            ("1 == 1.0", True),
            ("true == 1", False),
            ("1 in [true]", False),
            ("true in [1, 0]", False),
            ("0 in [false, 0.0]", True),
            ("[1, true, 1.0, 0, false].distinct()", [1, True, 0, False]),
            ("{1: 'a', true: 'b'}", {"1": "a", "true": "b"}),
            ("math.ceil(3)", 3),
        ],
    )
    def test_they_mix_and_are_no_bools(self, text, value):
        found = value_of(text)

        assert found == value
        assert type(found) is type(value)

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("9223372036854775807 + 1", "overflow"),
            ("-9223372036854775808 / -1", "overflow"),
            ("18446744073709551615u", "overflow"),
            ("1.0 / 0.0", "division_by_zero"),
            ("1 / 0", "division_by_zero"),
            ("1e308 * 10", "not_finite"),
            ("5.5 % 2.0", "type"),
            ("{1: 'a', '1': 'b'}", "type"),
        ],
    )
    def test_what_json_cannot_say_is_an_error(self, text, code):
        assert error_of(text).code == code


class TestNoValue:
    """SEMANTICS 7: a node without a value, and `??`."""

    def test_alone_it_is_nothing(self):
        assert value_of("skipped") is NOTHING
        assert value_of("(unknown)") is NOTHING

    @pytest.mark.parametrize("text", ["skipped.text", "skipped + 'a'", "[skipped]", "skipped == null", "size(skipped)"])
    def test_in_an_operator_or_a_path_it_is_an_error(self, text):
        error = error_of(text)

        assert error.code == "no_value"
        assert "`skipped` has no value" in error.message

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("skipped ?? 'b'", "b"),
            ("skipped.text ?? 'b'", "b"),
            ("skipped.a.b[0] ?? 'b'", "b"),
            ("plan.missing ?? 'b'", "b"),
            ("plan.missing.deeper ?? 'b'", "b"),
            ("plan.data.questions[7] ?? 'b'", "b"),
            ("plan.data.none ?? 'b'", "b"),
            ("plan.data.none.deeper ?? 'b'", "b"),
            ("nil.a.b ?? 'b'", "b"),
            ("plan['data']['x' + 'y'] ?? 'b'", "b"),
            ("plan.text ?? 'b'", "Plan"),
            ("false ?? true", False),
            ("0 ?? 1", 0),
            ("'' ?? 'b'", ""),
            ("skipped ?? nil ?? plan.x ?? 'd'", "d"),
            ("skipped ?? nil", None),
            ("skipped ?? plan.missing", None),
            ("skipped ?? false || true", True),
            ("skipped ?? true ? 1 : 2", 1),
            ("items.map(i, i.name ?? 'none')", ["none", "none"]),
            ("items.map(i, i.name.first ?? i.price)", [2.5, 1]),
            ("(skipped ?? 1) + 1", 2),
        ],
    )
    def test_the_first_with_a_value_is_taken(self, text, value):
        assert value_of(text) == value

    @pytest.mark.parametrize("text", ["1 / 0 ?? 1", "s.field ?? 1", "n + s ?? 1", "int('x') ?? 1", "s[0] ?? 1"])
    def test_other_errors_pass_through(self, text):
        assert error_of(text).code in {"division_by_zero", "type", "argument"}

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("has(skipped)", False),
            ("has(plan)", True),
            ("has(nil)", True),
            ("has(skipped.text)", False),
            ("has(skipped.a.b)", False),
            ("has(plan.text)", True),
            ("has(plan.nope)", False),
            ("has(plan.data.none)", True),
        ],
    )
    def test_has_asks_whether_there_is_one(self, text, value):
        assert value_of(text) is value


class TestNodes:
    """SEMANTICS 6 and 8: `port(node)` and `NODE.error`."""

    def test_port_is_the_port_that_fired(self):
        assert value_of("port(plan)") == "done"
        assert value_of("port(skipped)") is None
        assert error_of("port(n)").code == "no_value"

    def test_the_error_of_a_node_is_no_field_of_its_output(self):
        assert value_of("write.error.message") == "no"
        assert value_of("plan['error']") == "a field"
        assert value_of("plan.error") is NOTHING
        assert error_of("plan.error.message").code == "no_value"
        assert value_of("plan.error.message ?? 'fine'") == "fine"
        assert value_of("has(plan.error)") is False
        assert value_of("has(write.error)") is True
        assert value_of("has(write.error.message)") is True

    def test_of_anything_but_a_node_it_is_an_ordinary_field(self):
        assert value_of("run.error.message") == "boom"
        assert value_of("[{'error': 1}].map(plan, plan.error)") == [1]


class TestErrors:
    """They say what, where, and what to do next."""

    @pytest.mark.parametrize(
        ("text", "code", "message", "offset", "hint"),
        [
            ("plan.data.question", "missing_key", "`plan.data` has no key `question`", 10, "did you mean `questions`?"),
            ("plan.data.questions[2]", "missing_key", "`plan.data.questions` has 2 items, so no [2]", 19, ""),
            ("plan.data.none.x", "missing_key", "`plan.data.none` is null, so it has no `x`", 15, "write `a.b ?? other`"),
            ("1 + s.upper", "type", "`s` is string, so it has no `upper`", 6, ""),
            ("n + s", "type", "`+` does not take int and string", 2, "write `${a} ${b}` outside the expression, or `string(x)`"),
            ("siz(s)", "unknown_function", "there is no function `siz`", 0, "did you mean `size`?"),
            ("s.startWith('t')", "unknown_function", "there is no function `startWith`", 2, "did you mean `startsWith`?"),
            ("math.flor(1.5)", "unknown_function", "there is no function `math.flor`", 0, "did you mean `math.floor`?"),
            ("items.fitler(i, true)", "unknown_function", "there is no function `fitler`", 6, "did you mean `filter`?"),
            ("s.trim(1)", "arity", "`trim` has the wrong number of arguments", 2, "it is text.trim() -> string"),
            ("trim(s)", "unknown_function", "`trim` is called in another way", 0, "it is text.trim() -> string"),
            ("s.matches('a')", "unknown_function", "there is no function `matches`", 2, "use a `text.match` node"),
            ("items.map(1, 2)", "macro", "the first argument of `map` is the name of a variable", 10, "it is list.map(x, [condition,] value) -> list"),
            ("1 +", "syntax", "the expression ends too early", 3, ""),
            ("n = 1", "syntax", "unexpected character =", 2, "compare with `==`"),
            ("if", "syntax", "`if` is a reserved word", 0, ""),
            ("plan?.text", "syntax", "unexpected `.`", 5, "there is no `?.`; write `a.b ?? other`"),
        ],
    )  # fmt: skip
    def test_they_name_the_place_and_a_way_out(self, text, code, message, offset, hint):
        error = error_of(text)

        assert (error.code, error.message, error.offset, error.hint) == (code, message, offset, hint)

    def test_a_moved_error_keeps_what_it_says(self):
        error = error_of("siz(s)").moved(5)

        assert (error.offset, error.hint) == (5, "did you mean `size`?")


class TestLeaving:
    """SEMANTICS 6: timestamps, durations and bytes leave as text."""

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("timestamp('2026-01-31T08:00:00+02:00')", "2026-01-31T06:00:00Z"),
            ("[duration('1h30m')]", ["5400s"]),
            ("{'a': b'hi'}", {"a": "aGk="}),
            ("type(n)", "int"),
            ("[1u, {'a': 2u}]", [1, {"a": 2}]),
        ],
    )
    def test_they_are_json(self, text, value):
        assert value_of(text) == value

    def test_a_value_from_outside_is_passed_on_as_it_is(self):
        names = {"plan": {"data": {"questions": []}}}

        assert value_of("plan.data", names) is names["plan"]["data"]
        assert value_of("skipped ?? plan.data", names) is names["plan"]["data"]

    def test_picking_from_ten_thousand_large_items_is_no_hard_work(self):
        rows = [{"id": n, "score": n / 10_000, "body": "x" * 2_000} for n in range(10_000)]

        picked = value_of("rows.filter(r, r.score >= 0.5).sortBy(r, r.id)", {"rows": rows})

        assert picked == rows[5_000:]

    def test_nothing_from_outside_is_changed(self):
        names = {"a": [3, 1, 2], "b": {"k": [1]}}

        value_of("[a.sort(), a.reverse(), a + [1], b.k + [timestamp(0)]]", names)

        assert names == {"a": [3, 1, 2], "b": {"k": [1]}}

    @pytest.mark.parametrize("offset", ["Europe/Berlin", "", "CET", "+2", "+25:00"])
    def test_names_of_zones_are_refused(self, offset):
        assert error_of(f"timestamp(0).getHours('{offset}')").code == "argument"


class TestSecrets:
    def test_alone_it_stands_for_itself(self):
        assert value_of("secrets.TOKEN") == Secret("TOKEN")
        assert value_of(" (secrets.TOKEN) ") == Secret("TOKEN")

    @pytest.mark.parametrize(
        "text", ["secrets", "secrets.A.b", "secrets.A + 'x'", "[secrets.A]", "secrets.A ?? 'x'", "has(secrets.A)", "[1].map(x, secrets.A)"]
    )  # fmt: skip
    def test_nothing_else_can_be_done_with_it(self, text):
        assert error_of(text).code == "secret"


def test_the_same_text_is_compiled_once():
    assert compile_expression("plan.data.questions") is compile_expression("plan.data.questions")
    assert compile_expression("siz(1)") is compile_expression("siz(1)")
