"""How the file is opened: page checksums, pragmas, schema and its version. Knows no runs.

SQLite itself does not notice a flipped bit in a page. Every page therefore carries a checksum (SQLite's own
`cksumvfs`, which comes with apsw), so that a damaged page is an error whenever it is read, and never a missing row.
"""

import os
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, cast

import apsw
import apsw.sqlite_extra

from tenuto.ports.journal import Damaged, Newer

from . import head
from .sql import Connection, Sql

VERSION: Final = 1
APPLICATION_ID: Final = 0x546E746F  # "Tnto"
SYNCHRONOUS: Final = 2  # FULL; NORMAL (1) loses acknowledged facts when the power fails
PAGE: Final = 4096  # bytes
CHECKED_VFS: Final = "cksmvfs"
CHECKSUM_BYTES: Final = 8  # at the end of each page
BUSY: Final = 2_000  # milliseconds to wait for readers, where something must
CACHE: Final = 16 * 1024  # kB of pages

# Facts cluster by run, so that a run is read in one sweep. `crc` is over everything else in the row.
SCHEMA: Final = (
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID",
    (
        "CREATE TABLE facts (run TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, at REAL NOT NULL,"
        " crc INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID"
    ),
    (
        "CREATE TABLE runs (id TEXT PRIMARY KEY, name TEXT NOT NULL, flow TEXT NOT NULL, document TEXT NOT NULL,"
        " status TEXT NOT NULL, created_at REAL NOT NULL, ended_at REAL, tenant TEXT NOT NULL, stage TEXT NOT NULL,"
        " parent TEXT, origin TEXT, labels TEXT NOT NULL) STRICT, WITHOUT ROWID"
    ),
    "CREATE INDEX runs_by_age ON runs (created_at, id)",
    "CREATE INDEX runs_by_status ON runs (status, created_at, id)",
    "CREATE INDEX runs_by_name ON runs (name)",  # or looking one up by id or name reads them all
    "CREATE INDEX runs_by_end ON runs (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX runs_by_parent ON runs (parent) WHERE parent IS NOT NULL",
    "CREATE TABLE blobs (hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT",
    "CREATE TABLE owners (hash TEXT NOT NULL, run TEXT NOT NULL, PRIMARY KEY (hash, run)) STRICT, WITHOUT ROWID",
    "CREATE INDEX owners_by_run ON owners (run)",
)
# Only speed depends on these, so a journal may be without them: whoever owns it next puts them there, and the version
# stays what it is.
SPEED: Final = (
    "CREATE INDEX IF NOT EXISTS runs_by_tenant ON runs (tenant, created_at, id)",
    "CREATE INDEX IF NOT EXISTS runs_by_flow ON runs (flow, created_at, id)",
    "CREATE INDEX IF NOT EXISTS runs_by_label ON runs (tenant, created_at, id) WHERE labels <> '{}'",
)

_loading = threading.Lock()


def create_or_open(path: Path, *, new: bool) -> Connection:
    """The owner's connection: every commit is on disk when it returns. `new`: there may be no journal yet."""
    make_private(path)
    db = connect(path)
    if _is_empty(db):
        if not new:
            raise Damaged(f"{path} is gone or empty, and journal.head beside it says that it was not. {head.RESTORE}")
        _begin(db, CHECKSUM_BYTES if checks_pages() else 0)
    check_format(db, path)
    pragma(db, "journal_mode", "wal")
    pragma(db, "synchronous", SYNCHRONOUS)
    pragma(db, "wal_autocheckpoint", 0)  # the writer folds the log in itself, and notes that it does
    pragma(db, "cache_size", -CACHE)
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    if _is_empty(db):
        _lay_out(db)
    with db:
        for statement in SPEED:
            db.execute(statement)
    return db


def create_empty(path: Path, reserved: int) -> Connection:
    """What a journal can be copied into whose pages have so many bytes `reserved` for a checksum.

    Its first page is there: until that is written or read, nothing knows that pages carry checksums, and those of a copy
    that do not wait in the cache for its end would go out with whatever the log of the source has in their place.
    """
    make_private(path)
    db = connect(path)
    _begin(db, reserved)
    return db


def make_private(path: Path) -> None:
    """What runs were given and answered is for the owner of the file alone. The log beside it takes over its mode.

    A file that is there is not opened: closing it would let go of the locks that SQLite has on it in this process.
    """
    with suppress(OSError):  # whoever opens it next says it better; and some file systems know no owners
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError:
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)


def _begin(db: Connection, reserved: int) -> None:
    db.reserve_bytes("main", reserved)
    pragma(db, "page_size", PAGE)
    pragma(db, "application_id", APPLICATION_ID)


def connect(path: Path, *, readonly: bool = False, immutable: bool = False) -> Connection:
    """A connection that checks every page it reads."""
    mode = apsw.SQLITE_OPEN_READONLY if readonly else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    uri = path.absolute().as_uri() + ("?immutable=1" if immutable else "")
    raw = apsw.Connection(uri, flags=mode | apsw.SQLITE_OPEN_URI, vfs=CHECKED_VFS if checks_pages() else None)
    raw.set_busy_timeout(BUSY)
    db = cast("Connection", raw)
    pragma(db, "cell_size_check", 1)
    pragma(db, "trusted_schema", 0)
    return db


def checks_pages() -> bool:
    """Load the checksums of pages, once a process; False where this build of apsw comes without them."""
    with _loading:
        names = apsw.vfs_names()
        if CHECKED_VFS in names:
            return True
        if apsw.sqlite_extra.has("cksumvfs") != "extension":
            return False
        loader = apsw.Connection(":memory:")
        apsw.sqlite_extra.load(loader, "cksumvfs")
        loader.close()
        apsw.set_default_vfs(names[0])  # loading made it everybody's default
        return True


def pragma(db: Connection, name: str, value: int | str) -> None:
    """Set it and read it back: SQLite passes over a pragma that it does not know or cannot follow."""
    db.execute(f"PRAGMA {name} = {value}").fetchall()
    found = db.execute(f"PRAGMA {name}").get
    if found != value:
        raise RuntimeError(f"SQLite answered {found!r} to PRAGMA {name} = {value}")


def check_format(db: Connection, path: Path) -> None:
    """Refuse what is no journal, what a newer program wrote, and what has lost its page checksums."""
    if db.execute("PRAGMA application_id").get != APPLICATION_ID:
        raise Damaged(f"{path} is not a journal of Tenuto. Move it away, or name another data directory.")
    if _is_empty(db):
        return
    version = meta(db, "version")
    if not isinstance(version, int) or version > VERSION:
        raise Newer(
            f"{path} has the format {version}, and this Tenuto knows formats up to {VERSION}."
            " A newer Tenuto wrote it: update this one, or name another data directory."
        )
    if meta(db, "checksum_bytes") != db.reserve_bytes("main"):
        raise Damaged(f"The header of {path} is damaged: its pages have lost their checksums. {head.RESTORE}")
    if db.reserve_bytes("main") and not checks_pages():
        raise Damaged(f"{path} has page checksums, and this build of apsw cannot check them. Install apsw's own wheel.")


def extent(db: Connection, path: Path) -> head.Extent:
    """How much there is. Reading it recovers the log, as SQLite calls it."""
    identity, commits = cast("bytes", meta(db, "identity")), cast("int", meta(db, "commits"))
    frames, folded = db.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_NOOP)  # -1 where there is no log at all
    return head.Extent(identity, commits, frames if folded < frames else 0, path.stat().st_size // PAGE)


@contextmanager
def snapshot(db: Connection) -> Generator[None]:
    """What is read inside belongs together."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.in_transaction:  # some failures have rolled back already
            db.execute("ROLLBACK")


def meta(db: Connection, key: str) -> Sql:
    return db.execute("SELECT value FROM meta WHERE key = ?", (key,)).get


def set_meta(db: Connection, **values: Sql) -> None:
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def new_identity() -> bytes:
    """What tells this journal from its copies."""
    return secrets.token_bytes(8)


def _is_empty(db: Connection) -> bool:
    return db.execute("SELECT count(*) FROM sqlite_schema").get == 0


def _lay_out(db: Connection) -> None:
    with db:
        for statement in SCHEMA:
            db.execute(statement)
        set_meta(
            db,
            version=VERSION,
            identity=new_identity(),
            checksum_bytes=db.reserve_bytes("main"),
            commits=0,
            epoch=0,
            clean=1,
        )
