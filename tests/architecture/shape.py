"""How the code is cut: lengths of functions and files. Run it to see them; `test_shape.py` keeps them where they are loved."""

import ast
import statistics
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).parents[2] / "src"
LONG_FUNCTION = 50
LONG_FILE = 400


class Piece(NamedTuple):
    """A function or a file: how many lines it has, and where it stands."""

    lines: int
    where: str


class Shape(NamedTuple):
    """All pieces of the source tree, the longest first."""

    functions: list[Piece]
    files: list[Piece]

    @property
    def median(self) -> float:
        return statistics.median(piece.lines for piece in self.functions)

    @property
    def long_functions(self) -> list[Piece]:
        return [piece for piece in self.functions if piece.lines > LONG_FUNCTION]

    @property
    def long_share(self) -> float:
        """Of the functions, how many of a hundred are long."""
        return 100 * len(self.long_functions) / len(self.functions)

    @property
    def long_files(self) -> list[Piece]:
        return [piece for piece in self.files if piece.lines > LONG_FILE]

    def __str__(self) -> str:
        head = f"{len(self.files)} files, {len(self.functions)} functions, median {self.median:g} lines"
        shares = f"{self.long_share:.1f} % over {LONG_FUNCTION} lines, {len(self.long_files)} files over {LONG_FILE}"
        lines = [f"{head}, {shares}"]
        lines += [f"  {piece.lines:4} lines  {piece.where}" for piece in [*self.long_functions, *self.long_files]]
        return "\n".join(lines)


def measure(source: Path = SOURCE) -> Shape:
    functions: list[Piece] = []
    files: list[Piece] = []
    for path in sorted(source.rglob("*.py")):
        text = path.read_text()
        where = str(path.relative_to(source))
        files.append(Piece(text.count("\n"), where))
        functions += [
            Piece((node.end_lineno or node.lineno) - node.lineno + 1, f"{where}:{node.lineno} {node.name}")
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
    return Shape(sorted(functions, reverse=True), sorted(files, reverse=True))


if __name__ == "__main__":
    print(measure())  # noqa: T201 - it is what the script is for
