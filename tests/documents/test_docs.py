"""The reference of the document, and the examples, are themselves documents without problems."""

import re
from pathlib import Path

import pytest

from tenuto.core.flow import document_schema
from tenuto.core.flow.kinds import FLOW_KEYS, KINDS
from tenuto.documents import dump, load, validate
from tenuto.sdk import Registry, library

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "flow.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(flow: ([\w-]+)\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


@pytest.fixture(scope="module")
def nodes():
    return library(Registry())


@pytest.mark.parametrize("text", [text for text, _ in BLOCKS], ids=[name for _, name in BLOCKS])
def test_a_block_of_the_reference_is_a_flow(text, nodes):
    loaded = load(text, library=nodes)

    assert [str(problem) for problem in loaded.problems] == []
    assert validate(document_schema(), loaded.document) == []


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_reads_back_after_a_dump(path):
    loaded = load(path.read_bytes())

    again = load(dump(loaded.document))

    assert loaded.flow is not None
    assert again.flow is not None
    assert again.flow.hash == loaded.flow.hash


def test_the_reference_names_every_key_and_node():
    for word in (*FLOW_KEYS, *KINDS, *(key for kind in KINDS.values() for key in (*kind.keys, *kind.inputs))):
        assert re.search(rf"`[^`]*\b{word}\b[^`]*`", PAGE), f"`{word}` is not explained"
