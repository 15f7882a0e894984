"""The one text of a document, its hash, and the hash of what a node says.

Formatting, comments and the order of keys do not count, but for the cases of a `switch` that are conditions: the first
that is true wins, so there the order is meaning. The shorthand is not rewritten: what was written is what is hashed.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from tenuto.core.flow.findings import mapping

_encode: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
_encode_sorted: Final = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, allow_nan=False, sort_keys=True
).encode

# When a node runs and how hard it is tried does not change what it computes: an edit there leaves its result valid.
_NOT_DEFINING: Final = frozenset(
    {"after", "when", "timeout", "retry", "pool", "description", "concurrency", "max_items"}
)


def normal(value: object) -> object:
    """The value with the keys of its objects sorted, where order has no meaning."""
    members = mapping(value)
    if members is not None:
        ordered = {key: normal(members[key]) for key in sorted(members)}
        return _keep_cases(members, ordered) if members.get("use") == "switch" else ordered
    if isinstance(value, list):
        return [normal(item) for item in value]  # type: ignore[misc]  # JSON
    return value


def canonical_text(document: object) -> str:
    """The document as the shortest text that means the same: read again, it is the same flow with the same hash."""
    return _encode(normal(document))


def content_hash(document: object) -> str:
    """By which two documents are told apart."""
    return hash_of(canonical_text(document))


def hash_of(text: str) -> str:
    """The hash of a canonical text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def definition(node: Mapping[str, object]) -> str:
    """The hash of what a node does, by which a fork knows it unchanged."""
    kept = _defining(node)
    simple = "nodes" not in kept and kept.get("use") != "switch"
    return hash_of(_encode_sorted(kept) if simple else canonical_text(kept))


def _defining(node: Mapping[str, object]) -> dict[str, object]:
    kept = {key: value for key, value in node.items() if key not in _NOT_DEFINING}
    if kept.get("on_error") != "collect":  # which changes the output of a map; the others concern failures alone
        kept.pop("on_error", None)
    body = mapping(kept.get("nodes"))
    if body is not None:
        kept["nodes"] = {name: _defining(mapping(inner) or {}) for name, inner in body.items()}
    return kept


def _keep_cases(members: Mapping[str, object], ordered: dict[str, object]) -> dict[str, object]:
    inputs = mapping(members.get("with")) or {}
    cases = mapping(inputs.get("cases"))
    if cases is not None:
        kept = {key: normal(value) for key, value in cases.items()}
        ordered["with"] = {key: kept if key == "cases" else normal(inputs[key]) for key in sorted(inputs)}
    return ordered
