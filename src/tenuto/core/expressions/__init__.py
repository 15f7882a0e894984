"""The expression language: CEL on JSON values, with numbers that mix and `a ?? b`.

Standard library alone, no I/O, no clock, nothing of Python reachable from an expression. Text goes through `tokens`,
`parser` (a tree) and `compiler` (closures) to a `program`; `templates` finds expressions in the strings of a document.
"""

from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.program import Expression, compile_expression
from tenuto.core.expressions.references import Reference
from tenuto.core.expressions.scope import EMPTY, NodeView
from tenuto.core.expressions.templates import Value, compile_value

__all__ = [
    "EMPTY",
    "Expression",
    "ExpressionError",
    "NodeView",
    "Reference",
    "Value",
    "compile_expression",
    "compile_value",
]
