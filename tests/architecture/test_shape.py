"""Functions of a few lines, files of one noun: the two shares that tell loved code from famous code (STYLE)."""

import pytest

from architecture.shape import measure


@pytest.fixture(scope="module")
def shape():
    return measure()


def test_most_functions_are_a_few_lines(shape):
    assert shape.median <= 9, str(shape)


def test_hardly_any_function_is_long(shape):
    assert shape.long_share <= 4, str(shape)


def test_hardly_any_file_is_long(shape):
    assert len(shape.long_files) <= max(1, len(shape.files) // 25), str(shape)
