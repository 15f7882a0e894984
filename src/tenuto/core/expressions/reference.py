"""The page of the docs about expressions, made from the tables that the compiler works with."""

from tenuto.core.expressions.comprehensions import MACROS
from tenuto.core.expressions.errors import FATAL
from tenuto.core.expressions.functions import GROUPS, Function
from tenuto.core.expressions.output import plain_json
from tenuto.core.expressions.parser import MAX_DEPTH
from tenuto.core.expressions.scope import FUEL, MAX_TEXT, MAX_VALUE
from tenuto.core.expressions.tokens import MAX_TEXT as MAX_SOURCE

_INTRODUCTION = """# Expressions

`${…}` in a flow document holds an expression. The language is [CEL](https://cel.dev) on JSON values, with two
deliberate differences: numbers mix (`1 + 1.5` is `2.5`), and `a ?? b` is the first of the two that has a value.

## Where they stand

| written | gives |
|---|---|
| `${plan.data}` alone | the value itself, whatever its type |
| `Report on ${input.topic}` | text: strings as they are, everything else as JSON (`null`, `true`, `1.5`, `{"a":1}`) |
| `$${` | a literal `${` |
| `${secrets.TOKEN}`, `Bearer ${secrets.TOKEN}` | the secret, put there by the host when the node runs; nothing else can be done with it |

A name without a value (a node that was skipped or failed) is null where it stands alone in an `output`, and an error
anywhere else. `${note ?? 'none'}` says what to take instead.

## Operators

From loose to tight: `? :`, `??`, `||`, `&&`, comparison (`==` `!=` `<` `<=` `>` `>=` `in`), `+ -`, `* / %`, `! -`, then
`.field`, `[index]` and calls.

- `int` with `double` gives `double`. Integers have 64 bits; beyond them is an error, and so is division by zero. `/` and `%`
  of two integers cut off at the point: `7 / 2` is `3`, `7 / 2.0` is `3.5`.
- `1 == 1.0`; otherwise values of different types are different, never an error. Order needs numbers, or one type.
- A missing key is an error that names the path, unless `??` or `has()` asks for it. `a ?? b` gives `b` if `a` has no value,
  misses a key or an index, or is null anywhere along its path; other errors pass through. If nothing has a value, null.
- `&&` and `||` do not care about order: `false && error` and `error && false` are both `false`.
- `has(a.b)`: the map `a` has the key `b`. `has(node)`: the node has a value. `port(node)`: the port it fired, or null.
- `node.error` is the error of a node that failed; an output field of that name is `node['error']`.
- Literals: `1`, `0x1F`, `1u`, `1.5`, `2e3`, `'text'`, `"text"`, `r'raw'`, `'''several lines'''`, `b'bytes'`, `true`, `null`,
  `[1, 2]`, `{'key': 1}`. Comments start with `//`.
- Timestamps, durations and bytes leave an expression as RFC 3339, as text such as `5400s`, and as base64. NaN and infinite
  numbers are errors. Offsets from UTC are written `'+02:00'`; names of zones are refused.
"""

_LIMITS = f"""
## Limits

| | |
|---|---|
| text of an expression | {MAX_SOURCE:,} bytes |
| nesting | {MAX_DEPTH} levels |
| work | {FUEL:,} steps: as a rule of thumb, one for each operator in each turn of a comprehension |
| a text that an expression builds | {MAX_TEXT:,} characters |
| a map or list that it builds | {MAX_VALUE:,} characters of JSON; what it passes on unchanged is not measured |

What goes beyond them ends with an error of code {", ".join(f"`{code}`" for code in sorted(FATAL))}.
"""


def reference() -> str:
    """The page, in Markdown."""
    macros = [_row(m.signature, m.doc, m.example, m.result) for m in MACROS.values()]
    parts = [_INTRODUCTION, _table("Going through lists and maps", macros)]
    parts += [_table(group.title, [_function(f) for f in group.functions]) for group in GROUPS]
    return "\n".join([*parts, _LIMITS.lstrip("\n")])


def _table(title: str, rows: list[str]) -> str:
    return "\n".join([f"## {title}", "", "| function | | example | gives |", "|---|---|---|---|", *rows, ""])


def _function(function: Function) -> str:
    return _row(function.signature, function.doc, function.example, function.result)


def _row(signature: str, doc: str, example: str, result: object) -> str:
    cells = [f"`{signature}`", doc, f"`{example}`", f"`{plain_json(result)}`"]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
