"""The journal in a PostgreSQL database: one owner, one writing session, one transaction for everything that waits.

What is where: the schema `tenuto_journal` holds it all; the owner is who holds an advisory lock, and `meta` counts owners
(the epoch) and commits. Needs the extra `postgres`.
"""

from .journal import PostgresJournal
from .reader import PostgresReader

__all__ = ["PostgresJournal", "PostgresReader"]
