"""Facts to bytes and back: the same for every journal.

- The body of a row is one JSON object, the fields of the fact by name (`from` for `from_`); the type stands beside it.
- A field whose encoding is over 64 kB leaves the row and becomes a blob named by the sha256 of its content; so does a
  single member of an object (`input.document`), and the rest of the object stays. What left is listed in front of the
  fields, as `"$refs": [[["input", "document"], "<sha256>"], ...]`. Only the codec writes at that level, so nothing that
  a user stores can ever be taken for a reference.
- A type or a field that this program does not know is refused, never ignored.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Final, cast

import msgspec

from tenuto.core.events import FACTS, Fact
from tenuto.core.values import NotJson, Secret, SecretText, recordable

ROW_LIMIT: Final = 64 * 1024  # bytes; a value larger than this lives in a blob

Blob = tuple[str, bytes]  # (sha256 in hex, content)
Place = tuple[str, ...]  # (field,) or (field, member)

_REFS: Final = b'{"$refs":'


class UnknownFact(Exception):
    """The fact was written by a newer program, and half-reading it would be worse than not reading it."""


def digest_of(content: bytes) -> str:
    """The name of a blob."""
    return hashlib.sha256(content).hexdigest()


def encode(fact: Fact) -> tuple[bytes, Sequence[Blob]]:
    """The body of the fact's row, and the blobs that it refers to."""
    body = _encode(plain(fact) if fact.type in _RENAMED else fact)
    if len(body) <= ROW_LIMIT:
        return body, ()
    return _deflated(plain(fact))


def whole(type_: str, seq: int, body: bytes) -> bytes:
    """A fact as it is shown, out of its body: one JSON object with its `seq` and `type` before its fields.

    Nothing is decoded; a body that `references` blobs cannot be shown so.
    """
    head = b'{"seq":%d,"type":"%s"' % (seq, type_.encode())
    return head + (b"}" if body == b"{}" else b"," + body[1:])


def shown(seq: int, fact: Fact) -> bytes:
    """As `whole`, of a fact in hand."""
    return whole(fact.type, seq, _encode(plain(fact) if fact.type in _RENAMED else fact))


def references(body: bytes) -> list[str]:
    """The blobs that a body needs to be decoded, by their names."""
    if not body.startswith(_REFS):
        return []
    return [name for _, name in _refs_of(_decode(body))]


def decode(type_: str, body: bytes, blobs: Mapping[str, bytes] | None = None) -> Fact:
    """The fact that was encoded. `blobs` holds at least what `references` asked for."""
    kind = FACTS.get(type_)
    if kind is None:
        raise UnknownFact(
            f"A newer Tenuto wrote this run: it holds a fact of the type {type_!r}. Update this one to read it."
        )
    values = _decode(body)
    if "$refs" in values:
        _inflate(values, blobs or {})
    if type_ in _RENAMED:
        values = {_RENAMED[type_].get(name, name): value for name, value in values.items()}
    if not values.keys() <= _KNOWN[type_]:
        raise UnknownFact(_newer_fields(type_, values))
    return kind(**values)  # type: ignore[arg-type]  # the body's checksum vouches for the types


def _newer_fields(type_: str, values: Iterable[str]) -> str:
    names = ", ".join(sorted(set(values) - _KNOWN[type_]))
    return f"A newer Tenuto wrote this run: its {type_} has the field {names}. Update this one to read it."


def plain(fact: Fact) -> dict[str, object]:
    """The fields of a fact as they are journalled and shown: by name, without the type. Values are not copied."""
    return {shown: getattr(fact, name) for name, shown in _SHOWN[fact.type]}


def _deflated(values: dict[str, object]) -> tuple[bytes, Sequence[Blob]]:
    """Take out what is too large, field by field; `values` is the codec's own, its members are not."""
    places: list[tuple[Place, str]] = []
    blobs: list[Blob] = []
    for field, value in list(values.items()):
        for place, content in _too_large(field, value):
            name = digest_of(content)
            places.append((place, name))
            blobs.append((name, content))
            values[field] = _without(values[field], place)
    if not places:
        return _encode(values), ()
    return _REFS + _encode(places) + b"," + _encode(values)[1:], blobs


def _too_large(field: str, value: object) -> list[tuple[Place, bytes]]:
    whole = _encode(value)
    if len(whole) <= ROW_LIMIT:
        return []
    if not isinstance(value, dict):
        return [((field,), whole)]
    members = [(name, _encode(member)) for name, member in cast("dict[str, object]", value).items()]
    large = [((field, name), content) for name, content in members if len(content) > ROW_LIMIT]
    rest = sum(len(content) + len(name) for name, content in members if len(content) <= ROW_LIMIT)
    return large if rest <= ROW_LIMIT else [((field,), whole)]


def _without(value: object, place: Place) -> object:
    if len(place) == 1:
        return None
    return {name: None if name == place[1] else member for name, member in cast("dict[str, object]", value).items()}


def _inflate(values: dict[str, object], blobs: Mapping[str, bytes]) -> None:
    """Put the values of blobs back. A member keeps its place in its object: it stood there as null."""
    for place, name in _refs_of(values):
        value = msgspec.json.decode(blobs[name])
        if len(place) == 1:
            values[place[0]] = value
        else:
            cast("dict[str, object]", values[place[0]])[place[1]] = value
    del values["$refs"]


def _refs_of(values: dict[str, object]) -> list[tuple[list[str], str]]:
    return cast("list[tuple[list[str], str]]", values["$refs"])


def _shown(name: str) -> str:
    """A field that would be a Python keyword is journalled without its underscore."""
    return name.rstrip("_")


def _secret(value: object) -> object:
    if isinstance(value, Secret | SecretText):
        return recordable(value)
    raise NotJson(f"a {type(value).__name__} is not JSON")


_encode = msgspec.json.Encoder(enc_hook=_secret).encode
_decode = msgspec.json.Decoder(dict[str, object]).decode
_KNOWN: Final = {type_: frozenset(field.name for field in fields(kind)) for type_, kind in FACTS.items()}
_SHOWN: Final = {
    type_: tuple((field.name, _shown(field.name)) for field in fields(kind)) for type_, kind in FACTS.items()
}
_RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    type_: {shown: name for name, shown in pairs if shown != name}
    for type_, pairs in _SHOWN.items()
    if any(shown != name for name, shown in pairs)
}
