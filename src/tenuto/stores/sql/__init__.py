"""The store in SQL: SQLite in one file, or PostgreSQL. SQLAlchemy Core; every row has its tenant, every query is given it."""

from tenuto.stores.sql.opening import open_store, temporary_store
from tenuto.stores.sql.store import SqlStore

__all__ = ["SqlStore", "open_store", "temporary_store"]
