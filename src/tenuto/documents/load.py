"""From the bytes of a file to a flow, or to problems with their lines. Never raises, whatever the bytes are."""

import gc
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from tenuto.core.flow import Flow, Library, read
from tenuto.core.problems import Problem
from tenuto.documents import from_json, from_yaml
from tenuto.documents.marks import Marks
from tenuto.documents.schemas import wrong_schemas
from tenuto.documents.text import Refused, decode
from tenuto.documents.triggers import wrong_triggers

Format = Literal["yaml", "json"]
_LARGE: Final = 50_000


@dataclass(slots=True)
class Loaded:
    """What became of a text: `document` is None where it could not be parsed, `flow` where an error stands against it."""

    document: object = None
    flow: Flow | None = None
    problems: list[Problem] = field(default_factory=list[Problem])

    @property
    def errors(self) -> list[Problem]:
        """The problems that refuse the document; the others are warnings."""
        return [problem for problem in self.problems if problem.severity == "error"]


def load(source: bytes | str, *, format: Format | None = None, library: Library | None = None) -> Loaded:  # noqa: A002
    """Parse and check a document. Without a format, JSON is tried where the text looks like it."""
    text = decode(source)
    if isinstance(text, Problem):
        return Loaded(problems=[text])
    with _no_collection(len(text)):
        try:
            document, kind = _parsed(text, format)
        except Refused as refused:
            return Loaded(problems=[refused.problem])
        flow, problems = read(document, library)
        if flow is not None and (wrong := [*wrong_schemas(flow), *wrong_triggers(flow)]):
            flow, problems = None, [*problems, *wrong]
        return Loaded(document, flow, _placed(problems, text, kind) if problems else [])


def parse(source: bytes | str, *, format: Format | None = None) -> tuple[object, list[Problem]]:  # noqa: A002
    """Only the value of a YAML or JSON text (an input file, say): no flow is looked for in it."""
    text = decode(source)
    if isinstance(text, Problem):
        return None, [text]
    try:
        return _parsed(text, format)[0], []
    except Refused as refused:
        return None, [refused.problem]


def placed(source: bytes | str, problems: list[Problem]) -> list[Problem]:
    """Problems that somebody else has found in a document that can be parsed, with their lines."""
    text = decode(source)
    if isinstance(text, Problem) or not problems:
        return problems
    return _placed(problems, text, _parsed(text, None)[1])


@contextmanager
def _no_collection(size: int) -> Generator[None, None, None]:
    """Nearly all that reading a large document makes is kept: looking for garbage in it takes a third of the time."""
    pause = size > _LARGE and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


def _parsed(text: str, format_: Format | None) -> tuple[object, Format]:
    if format_ == "json":
        return from_json.parse(text), "json"
    if format_ is None and text.lstrip()[:1] in {"{", "["}:
        try:
            return from_json.parse(text), "json"
        except Refused as refused:
            if refused.problem.code != "json":
                raise
    return from_yaml.parse(text), "yaml"


def _placed(problems: list[Problem], text: str, kind: Format) -> list[Problem]:
    """Only now that there are problems is it worth while to know where everything stands."""
    marks = Marks.for_problems(text, problems)
    if kind == "json":
        from_json.collect(text, marks)
    else:
        from_yaml.parse(text, marks)
    return [marks.placed(problem) for problem in problems]
