"""What tables are made of: their columns, their keys, and the metadata that knows them all."""

from typing import Final

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
)

from tenuto.stores.sql.types import Words

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)


def word(name: str) -> "Column[str]":
    return Column(name, Words, nullable=False)


def maybe(name: str) -> "Column[str]":
    return Column(name, Words)


def number(name: str) -> "Column[int]":
    return Column(name, Integer, nullable=False)


def moment(name: str) -> "Column[float]":
    return Column(name, Double, nullable=False)


def ever(name: str) -> "Column[float]":
    """A moment that may not have come."""
    return Column(name, Double)


def yes(name: str) -> "Column[bool]":
    return Column(name, Boolean, nullable=False)


def binary(name: str) -> "Column[bytes]":
    return Column(name, LargeBinary, nullable=False)


def key(*columns: str) -> PrimaryKeyConstraint:
    return PrimaryKeyConstraint(*columns)


def of(table: str, columns: dict[str, str]) -> ForeignKeyConstraint:
    """It belongs to a row of that table and goes with it."""
    return ForeignKeyConstraint([*columns], [f"{table}.{name}" for name in columns.values()], ondelete="CASCADE")


def of_tenant() -> ForeignKeyConstraint:
    return of("tenants", {"tenant": "id"})
