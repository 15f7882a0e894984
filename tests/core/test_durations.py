"""Spans and points of time as text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenuto.core.durations import MAX_SECONDS, duration, format_timestamp, parse_duration, parse_timestamp


class TestDurations:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("250ms", 0.25),
            ("10s", 10),
            ("5m", 300),
            ("1h", 3600),
            ("2d", 172_800),
            ("0s", 0),
            ("1.5s", 1.5),
            ("3660d", 316_224_000),
        ],
    )
    def test_what_is_one(self, text, seconds):
        assert parse_duration(text) == pytest.approx(seconds)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "10",
            "s",
            "10 s",
            " 10s",
            "-1s",
            "1e3s",
            "10S",
            "1h30m",
            "1w",
            "\u0661s",
            "10s\n",
            "9999999999d",
            "1_0s",
            ".5s",
            "inf",
        ],
    )
    def test_what_is_none(self, text):
        assert parse_duration(text) is None

    @pytest.mark.parametrize(("value", "seconds"), [(5, 5.0), (0.5, 0.5), ("5s", 5.0), (MAX_SECONDS, MAX_SECONDS)])
    def test_a_plain_number_is_seconds(self, value, seconds):
        assert duration(value) == seconds

    @pytest.mark.parametrize("value", [True, None, -1, float("nan"), float("inf"), [], {}, MAX_SECONDS + 1, "5"])
    def test_values_that_are_none(self, value):
        assert duration(value) is None


class TestTimestamps:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T01:00:00+01:00", 0),
            ("2030-01-31T09:00:00.5Z", 1_896_080_400.5),
            ("2030-01-31 09:00:00z", 1_896_080_400),
        ],
    )
    def test_what_is_one(self, text, seconds):
        assert parse_timestamp(text) == seconds

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "now",
            "2030-01-31",
            "2030-01-31T09:00:00",
            "2030-13-01T00:00:00Z",
            "2030-02-30T00:00:00Z",
            "2030-01-31T25:00:00Z",
            "0000-01-01T00:00:00Z",
        ],
    )
    def test_what_is_none(self, text):
        """The offset is required: a document has no local time."""
        assert parse_timestamp(text) is None

    def test_there_and_back(self):
        assert parse_timestamp(format_timestamp(1_896_080_400.25)) == 1_896_080_400.25
        assert format_timestamp(0) == "1970-01-01T00:00:00Z"

    @given(st.floats(-62_135_596_800, 253_402_300_799))
    def test_it_says_what_datetime_says(self, seconds):
        """To the microsecond, before 1970 too."""
        said = format_timestamp(seconds)

        assert said == datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
