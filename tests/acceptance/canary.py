"""A canary: a value that must be found nowhere, in none of the disguises that a program may give it."""

import base64
import gzip
import io
import json
import secrets
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus


class Canary:
    """Unlike anything else in the world, and awkward to write down."""

    def __init__(self, word: str) -> None:
        self.value = f"{word}/{secrets.token_hex(12)}+&=?'\\\"{secrets.token_hex(4)}"

    def forms(self) -> dict[str, bytes]:
        """As it may be written down: by name of the disguise."""
        raw = self.value.encode()
        found = {
            "plain": raw,
            "of JSON": json.dumps(self.value)[1:-1].encode(),
            "of a URL": quote(self.value, safe="").encode(),
            "of a path": quote(self.value).encode(),
            "of a form": quote_plus(self.value).encode(),
            "in hex": raw.hex().encode(),
            "in UTF-16": self.value.encode("utf-16-le"),
            "its heart": self.value.partition("/")[2].partition("+")[0].encode(),
        }
        for shift in range(3):  # at each of the three places where it may begin
            middle = base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] : -4]
            found[f"in base64, {shift}"] = middle
            found[f"in base64 for URLs, {shift}"] = middle.translate(bytes.maketrans(b"+/", b"-_"))
        return found

    def seen_in(self, content: bytes) -> list[str]:
        return [form for form, text in self.forms().items() if text in content]


def unpacked(content: bytes) -> bytes:
    """With what is inside of archives: there nothing would be found as it stands."""
    if content[:2] == b"\x1f\x8b":
        return content + unpacked(gzip.decompress(content))
    if content[257:262] == b"ustar":
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            inside = [archive.extractfile(member) for member in archive.getmembers()]
            return content + b"".join(unpacked(file.read()) for file in inside if file is not None)
    if content[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return content + b"".join(unpacked(archive.read(name)) for name in archive.namelist())
    return content


def files_below(folder: Path, *, but: frozenset[str] = frozenset()) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in but:
            yield str(file.relative_to(folder)), file.read_bytes()
