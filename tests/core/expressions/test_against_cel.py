"""The same expressions on the same values, here and in Google's CEL: the same value, or an error in both.

Google's library compiles without its type checker, since values of a flow are dynamic. Left out, because the difference
is meant (each is pinned by a test of its own in `TestWhereWeDiffer`):

- numbers that mix: what Google refuses because an operator has an int and a double is not compared;
- NaN and infinities: where Google's value is one, ours must be an error; the generator divides no doubles by zero;
- `text.substring(a, b)` where b is the end of the text: a fault of Google's C++ refuses it, CEL's definition allows it;
- an unsigned integer beyond 2^63-1 cannot leave an expression here;
- the order of the keys of a map: as written here, by chance there; the generator goes through maps of one key;
- `a ?? b`: Google has no such operator;
- `has(name)` and `port(name)`: not in CEL; `matches`: not here;
- `!!x` and `--x` of a wrong type: Google drops pairs of signs before it looks;
- `math.ceil` and its kind of an int: the int itself here, no such function there;
- `math.greatest` of a written `[]` or `'a'`: an error there even where it is never reached;
- `'%s'` of bytes that are no UTF-8: replacement characters here, a broken string there;
- comparing an int beyond 2^53 with a double: exact here, by rounding there;
- zone names and an empty offset; leap seconds and loosely written timestamps; an enclosing `.name`;
- a type that stands alone (`int`): a name here unless beside `type(…)`.
"""

import math
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from cel_expr_python import cel
from cel_expr_python.ext import ext_encoders, ext_math, ext_strings

from tenuto.core.expressions import ExpressionError, compile_expression
from tenuto.core.expressions.kinds import Duration, Timestamp
from tenuto.core.expressions.moments import write_duration, write_timestamp
from tenuto.core.values import NOTHING

ERROR = "an error"
KNOWN = "an error that is a known difference"
EXCLUDED = re.compile(r"_[-+*/]_\((u?int64|double), (u?int64|double)\)|<start> or <end> is greater than")
SEED = 20_260_101
GENERATED = 4_000
SOUP = 1_500

NAMES = {
    "i": 7,
    "j": -3,
    "zero": 0,
    "big": 9_223_372_036_854_775_807,
    "d": 2.5,
    "e": -0.25,
    "s": "tenuto",
    "t": "Größe, 😀 and more",
    "blank": "  a b ",
    "yes": True,
    "no": False,
    "nil": None,
    "ints": [3, 1, 2, 1],
    "doubles": [1.5, -2.0, 0.25],
    "words": ["hold", "the", "note", ""],
    "mixed": [1, "a", None, 2.5, True, [1], {"k": 1}],
    "empty": [],
    "m": {"a": 1, "b": {"c": [10, 20], "name": "x"}, "n": None, "key with space": 5, "size": 3},
    "counts": {"x": 1, "y": 2, "z": 3},
    "people": [
        {"name": "Ada", "age": 36, "tags": ["a", "b"], "score": 1.5},
        {"name": "Bo", "age": 17, "tags": [], "score": -2.0},
        {"name": "Cy", "age": 64, "tags": ["b"], "score": 0.0},
    ],
}

ENV = cel.NewEnv(
    variables=dict.fromkeys(NAMES, cel.Type.DYN),
    extensions=[ext_math.ExtMath(), ext_strings.ExtStrings(), ext_encoders.ExtEncoders()],
)


def evaluated_by_google(text):
    return ENV.compile(text, disable_check=True).eval(data=NAMES)


def google(text):
    """What Google's CEL makes of it, as JSON."""
    try:
        result = evaluated_by_google(text)
    except Exception:  # noqa: BLE001 - the binding raises what it likes for a text that it cannot compile
        return ERROR
    if result.type().name() == "ERROR":
        return KNOWN if EXCLUDED.search(str(result.plain_value())) else ERROR
    return as_json(result)


def ours(text):
    """What we make of it."""
    expression = compile_expression(text)
    if isinstance(expression, ExpressionError):
        return ERROR
    try:
        value = expression.evaluate(NAMES)
    except ExpressionError:
        return ERROR
    return ERROR if value is NOTHING else value


def as_json(result):
    """A value of Google's, taken apart by hand: its own `plain_value` loses a reference to None each time it gives one."""
    kind = result.type().name().partition("<")[0]
    if kind == "NULL":
        return None
    value = result.value()
    if kind == "LIST":
        return [as_json(item) for item in value]
    if kind == "MAP":
        return {key_text(key): as_json(item) for key, item in value.items()}
    return scalar(value)


def scalar(value):
    if isinstance(value, datetime):
        since = value - datetime(1970, 1, 1, tzinfo=UTC)
        return write_timestamp(Timestamp(since // timedelta(microseconds=1) * 1000))
    if isinstance(value, timedelta):
        return write_duration(Duration(value // timedelta(microseconds=1) * 1000))
    if isinstance(value, bytes | bytearray):
        return b64encode(value).decode()
    if isinstance(value, cel.Type):
        return value.name()
    return value


def key_text(key):
    return key if isinstance(key, str) else str(key).lower()


def same(one, two):
    """Equal, and of the same types all the way down."""
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return type(one) is type(two) and one == two


def recordable(value):
    """Whether a journal can keep it: finite, and integers of 64 bits with their sign."""
    if isinstance(value, list | dict):
        return all(map(recordable, value.values() if isinstance(value, dict) else value))
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or value < 2**63


def differences(texts):
    found = []
    for text in texts:
        theirs, mine = google(text), ours(text)
        expected = theirs if recordable(theirs) else ERROR
        if theirs != KNOWN and not same(expected, mine):
            found.append(f"{text}\n    google {theirs!r}\n    ours   {mine!r}")
    return found


class Generator:
    """Random expressions of a wanted type; now and then of another one, so that errors are compared as well."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.variables = []  # (name, type)

    def any(self, depth=3):
        return self.of(self.random.choice(TYPES), depth)

    def of(self, kind, depth):
        if self.random.random() < 0.02:
            kind = self.random.choice(WRONG)
        if depth <= 0 or self.random.random() < 0.15:
            return self.leaf(kind)
        rule = self.random.choice(RULES[kind])
        return rule(self, depth - 1)

    def leaf(self, kind):
        own = [name for name, its in self.variables if its == kind]
        if own and self.random.random() < 0.7:
            return self.random.choice(own)
        return self.random.choice(LEAVES[kind])

    def within(self, kind, body, depth):
        """A body in which a fresh variable of this type is known."""
        name = f"v{len(self.variables)}"
        self.variables.append((name, kind))
        text = self.of(body, depth)
        self.variables.pop()
        return name, text


LEAVES = {
    "int": ["i", "j", "zero", "big", "0", "1", "2", "-1", "40", "0x1F", "m.a", "m['a']", "ints[0]", "m.b.c[1]", "people[0].age", "m.missing", "ints[9]"],
    "double": ["d", "e", "0.5", "1.0", "3.25e2", "-1.5", "doubles[0]", "people[1].score", ".5"],
    "uint": ["1u", "0u", "7u", "0xFFu", "18446744073709551615u"],
    "bool": ["yes", "no", "true", "false", "has(m.a)", "has(m.zzz)", "has(m.b.name)", "has(m.n)"],
    "string": ["s", "t", "blank", "''", "'a'", '"Größe"', "'note'", "r'\\n'", "'\\u00e9\\n'", "'''it's'''", "words[1]", "m.b.name", "'36'", "'-1.5'", "m.q"],
    "bytes": ["b''", "b'abc'", "b'\\xff\\001'", "bytes('é')"],
    "ints": ["ints", "[]", "[1]", "[1, 2, 3]", "m.b.c", "[i, j]"],
    "doubles": ["doubles", "[0.5, 1.0]"],
    "strings": ["words", "['a', 'b']", "[s, t]", "people[0].tags"],
    "lists": ["[ints, []]", "[[1], [2, 3]]"],
    "map": ["m", "counts", "{}", "{'a': 1}", "{'x': i, 'y': s}", "{1: 'one', 2: 'two'}", "{true: 1, 'b': 2}", "m.b"],
    "counts": ["counts", "{'a': 1, 'b': 2}"],
    "single": ["{'a': 1}", "{'x': i}", "{true: 1}", "{7: 1}"],
    "people": ["people"],
    "person": ["people[0]", "people[2]", "people[5]"],
    "null": ["nil", "null", "m.n"],
    "timestamp": ["timestamp('2024-02-29T12:34:56Z')", "timestamp('1999-12-31T23:59:59.250-03:30')", "timestamp(0)", "timestamp(i)"],
    "duration": ["duration('1h30m')", "duration('-2.5s')", "duration('250ms')", "duration('36h')"],
    "dyn": ["mixed", "mixed[0]", "mixed[2]", "mixed[6].k", "nil", "i", "s"],
}  # fmt: skip
TYPES = [*LEAVES, "bool", "bool", "int", "string", "ints", "strings"]
WRONG = ["int", "double", "string", "null", "bool", "ints", "bytes"]


def binary(kind, *operators):
    return lambda g, n: f"({g.of(kind, n)} {g.random.choice(operators)} {g.of(kind, n)})"


def function(text, *kinds):
    return lambda g, n: text.format(*[g.of(kind, n) for kind in kinds])


def macro(text, items, item, body):
    def rule(g, n):
        over = g.of(items, n)
        name, inside = g.within(item, body, n)
        return text.format(over=over, name=name, body=inside)

    return rule


def either(kind):
    return function("({} ? {} : {})", "bool", kind, kind)


OFFSETS = ["", "'+02:00'", "'-05:30'", "'UTC'", "'3:15'", "'x'"]


def getter(name, kind):
    return lambda g, n: f"{g.of(kind, n)}.{name}({g.random.choice(OFFSETS) if kind == 'timestamp' else ''})"


RULES = {
    "int": [
        binary("int", "+", "-", "*", "/", "%"), binary("int", "+", "-", "*", "/", "%"), either("int"),
        function("size({})", "string"), function("{}.size()", "strings"), function("size({})", "map"), function("size({})", "bytes"),
        function("-{}", "int"), function("int({})", "string"), function("int({})", "double"), function("int({})", "uint"),
        function("int({})", "timestamp"), function("{}[{}]", "ints", "int"), function("{}.age", "person"),
        function("{}.indexOf({})", "string", "string"), function("{}.indexOf({}, {})", "string", "string", "int"),
        function("{}.lastIndexOf({})", "string", "string"), function("{}.lastIndexOf({}, {})", "string", "string", "int"),
        function("math.greatest({}, {}, {})", "int", "int", "int"), function("math.least({})", "ints"),
        function("math.abs({})", "int"), function("math.sign({})", "int"), function("math.bitAnd({}, {})", "int", "int"),
        function("math.bitOr({}, {})", "int", "int"), function("math.bitXor({}, {})", "int", "int"), function("math.bitNot({})", "int"),
        function("math.bitShiftLeft({}, {})", "int", "int"), function("math.bitShiftRight({}, {})", "int", "int"),
        *[getter(name, "timestamp") for name in ("getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds")],
        *[getter(name, "duration") for name in ("getHours", "getMinutes", "getSeconds", "getMilliseconds")],
    ],
    "double": [
        binary("double", "+", "-", "*"), function("({} / 4.0)", "double"), either("double"), function("-{}", "double"),
        function("double({})", "int"), function("double({})", "string"), function("{}[{}]", "doubles", "int"), function("{}.score", "person"),
        function("math.ceil({})", "double"), function("math.floor({})", "double"), function("math.round({})", "double"),
        function("math.trunc({})", "double"), function("math.abs({})", "double"), function("math.sign({})", "double"),
        function("math.sqrt(math.abs({}))", "double"), function("math.greatest({}, {})", "double", "double"),
    ],
    "uint": [binary("uint", "+", "-", "*", "/", "%"), function("uint({})", "int"), function("uint({})", "string"), either("uint")],
    "bool": [
        binary("bool", "&&", "||"), binary("bool", "&&", "||"), binary("int", "==", "!=", "<", "<=", ">", ">="),
        binary("double", "==", "!=", "<", ">="), binary("string", "==", "!=", "<", ">"), binary("bytes", "==", "<"),
        binary("map", "==", "!="), binary("ints", "==", "!="), binary("dyn", "==", "!="), binary("timestamp", "<", "=="),
        binary("duration", ">", "=="), binary("null", "=="), binary("uint", "<", "=="), binary("bool", "==", "<"),
        function("({} < {})", "int", "double"), function("({} == {})", "double", "int"), function("({} > {})", "uint", "int"),
        function("!{}", "bool"), function("({} in {})", "int", "ints"), function("({} in {})", "string", "strings"),
        function("({} in {})", "string", "map"), function("({} in {})", "dyn", "dyn"), function("({} in {})", "double", "ints"),
        function("{}.startsWith({})", "string", "string"), function("{}.endsWith({})", "string", "string"),
        function("{}.contains({})", "string", "string"), function("bool({})", "string"), either("bool"),
        macro("{over}.exists({name}, {body})", "ints", "int", "bool"), macro("{over}.all({name}, {body})", "strings", "string", "bool"),
        macro("{over}.exists_one({name}, {body})", "ints", "int", "bool"), macro("{over}.all({name}, {body})", "people", "person", "bool"),
        macro("{over}.exists({name}, {body})", "counts", "string", "bool"), macro("{over}.exists({name}, {body})", "dyn", "dyn", "bool"),
        function("(type({}) == int)", "dyn"), function("(type({}) != string)", "dyn"), function("(type({}) in [int, double, null_type])", "dyn"),
        function("(type({}) == type({}))", "dyn", "dyn"), function("math.isFinite({})", "double"),
    ],
    "string": [
        binary("string", "+"), either("string"), function("string({})", "int"), function("string({})", "double"), function("string({})", "bool"),
        function("string({})", "bytes"), function("string({})", "timestamp"), function("string({})", "duration"), function("string({})", "uint"),
        function("{}.charAt({})", "string", "int"), function("{}.substring({})", "string", "int"), function("{}.substring({}, {})", "string", "int", "int"),
        function("{}.lowerAscii()", "string"), function("{}.upperAscii()", "string"), function("{}.trim()", "string"), function("{}.reverse()", "string"),
        function("{}.replace({}, {})", "string", "string", "string"), function("{}.replace({}, {}, {})", "string", "string", "string", "int"),
        function("{}.join({})", "strings", "string"), function("{}.join()", "strings"), function("{}.name", "person"), function("{}[{}]", "strings", "int"),
        function("'%s|%d|%s'.format([{}, {}, {}])", "string", "int", "bool"), function("'%.2f %x'.format([{}, {}])", "double", "int"),
        function("strings.quote({})", "string"), function("base64.encode({})", "bytes"),
    ],
    "bytes": [binary("bytes", "+"), function("bytes({})", "string"), function("base64.decode({})", "string"), function("base64.decode(base64.encode({}))", "bytes")],
    "ints": [
        binary("ints", "+"), either("ints"), function("[{}, {}]", "int", "int"), macro("{over}.map({name}, {body})", "ints", "int", "int"),
        macro("{over}.filter({name}, {body})", "ints", "int", "bool"), macro("{over}.map({name}, {body})", "people", "person", "int"),
        macro("{over}.map({name}, {name} != 'x', {body})", "single", "string", "int"), macro("{over}.map({name}, {body})", "strings", "string", "int"),
    ],
    "doubles": [binary("doubles", "+"), macro("{over}.map({name}, {body})", "doubles", "double", "double"), macro("{over}.filter({name}, {body})", "doubles", "double", "bool")],
    "strings": [
        binary("strings", "+"), function("{}.split({})", "string", "string"), function("{}.split({}, {})", "string", "string", "int"),
        macro("{over}.map({name}, {body})", "ints", "int", "string"), macro("{over}.filter({name}, {body})", "strings", "string", "bool"),
        macro("{over}.filter({name}, {body})", "single", "string", "bool"), function("[{}, {}]", "string", "string"), function("{}.tags", "person"),
    ],
    "lists": [macro("{over}.map({name}, {body})", "ints", "int", "ints"), macro("{over}.filter({name}, {body})", "lists", "ints", "bool"), function("[{}, {}]", "ints", "ints")],
    "map": [
        function("{{'a': {}, 'b': {}}}", "int", "string"), function("{{{}: {}}}", "string", "dyn"), either("map"), function("{{{}: 1, {}: 2}}", "int", "int"),
        function("{{'k': {}}}", "timestamp"),
    ],
    "counts": [function("{{'p': {}, 'q': {}}}", "int", "int")],
    "single": [function("{{{}: {}}}", "string", "int")],
    "people": [macro("{over}.filter({name}, {body})", "people", "person", "bool"), function("[{}]", "person")],
    "person": [function("{}[{}]", "people", "int"), function("{{'name': {}, 'age': {}, 'tags': {}}}", "string", "int", "strings")],
    "null": [either("null")],
    "timestamp": [
        function("({} + {})", "timestamp", "duration"), function("({} - {})", "timestamp", "duration"), function("({} + {})", "duration", "timestamp"),
        function("timestamp({})", "int"), function("timestamp(string({}))", "timestamp"), either("timestamp"),
    ],
    "duration": [
        function("({} - {})", "timestamp", "timestamp"), binary("duration", "+", "-"), function("duration(string({}))", "duration"), either("duration"),
    ],
    "dyn": [function("dyn({})", "int"), function("dyn({})", "strings"), function("mixed[{}]", "int"), function("{}[{}]", "map", "string"), function("{}.a", "map"), function("[{}, {}]", "dyn", "dyn")],
}  # fmt: skip

TOKENS = [
    "i", "s", "m", "ints", ".", ".", "[", "]", "(", ")", "{", "}", ",", ":", "?", "+", "-", "*", "/", "%", "!", "==", "!=", "<", ">=", "&&", "||", "in",
    "1", "0", "2.5", "7u", "'a'", "b'x'", "true", "null", "a", "size", "has", "map", "filter", "v0", "0x1F", ".5", "r'\\'", "// c\n", " ", "\n", "`a`", "if",
]  # fmt: skip


class TestTheSameAsCel:
    def test_generated_expressions_give_the_same_value_or_an_error_in_both(self):
        """SEMANTICS 6: CEL, with two differences."""
        generator = Generator(SEED)
        texts = {generator.any() for _ in range(GENERATED)}

        found = differences(sorted(text for text in texts if len(text) <= 1000))

        assert len(texts) >= 3_000
        assert not found, f"{len(found)} of {len(texts)} differ:\n" + "\n".join(found[:20])

    def test_enough_of_the_generated_expressions_have_a_value(self):
        """A comparison of errors with errors would say little."""
        generator = Generator(SEED)
        texts = [generator.any() for _ in range(500)]

        values = [text for text in texts if ours(text) is not ERROR]

        assert len(values) >= 250

    def test_tokens_thrown_together_are_refused_or_understood_by_both(self):
        """SEMANTICS 6: CEL's syntax."""
        random = Random(SEED)
        texts = ["".join(random.choices(TOKENS, k=random.randint(1, 6))) for _ in range(SOUP)]

        found = differences(text for text in texts if not meant_to_differ(text))

        assert not found, f"{len(found)} of {len(texts)} differ:\n" + "\n".join(found[:20])


def meant_to_differ(text):
    """Tokens put together by chance that fall under the exclusions above."""
    compact = "".join(text.split())
    return "!!" in compact or "--" in compact or compact.startswith(".") or "??" in compact or compact == "map"


@pytest.mark.parametrize("text", ["1 + 1.5", "2 * 0.5", "3 - 1u", "1.0 / 2", "i + d"])
def test_numbers_mix_here(text):
    """SEMANTICS 6: int with double gives double."""
    assert google(text) is KNOWN
    assert ours(text) is not ERROR
