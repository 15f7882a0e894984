"""Flow documents as text: YAML and JSON in and out, with the place of every problem.

loaded = load(path.read_bytes(), library=library)
for problem in loaded.problems: ...
if loaded.flow: ...
"""

from tenuto.core.flow import apply_defaults, canonical_text, content_hash
from tenuto.documents.diff import Change, diff
from tenuto.documents.dump import dump
from tenuto.documents.load import Format, Loaded, load, parse
from tenuto.documents.text import MAX_BYTES
from tenuto.documents.validate import check_schema, validate

__all__ = [
    "MAX_BYTES",
    "Change",
    "Format",
    "Loaded",
    "apply_defaults",
    "canonical_text",
    "check_schema",
    "content_hash",
    "diff",
    "dump",
    "load",
    "parse",
    "validate",
]
