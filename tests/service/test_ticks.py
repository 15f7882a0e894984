"""When a cron line ticks, above all where a clock is put forward or back."""

from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tenuto.service.ticks import next_tick, next_ticks

VIENNA = "Europe/Vienna"
SPRING = "2026-03-28 12:00"  # that night 02:00 becomes 03:00 (01:00 UTC)
AUTUMN = "2026-10-24 12:00"  # that night 03:00 becomes 02:00 (01:00 UTC)


def at(text: str, zone: str = "UTC", fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def shown(moments: list[float]) -> list[str]:
    return [datetime.fromtimestamp(moment, UTC).strftime("%d %H:%M") for moment in moments]


class TestPlain:
    def test_five_fields(self):
        assert shown(next_ticks("0 9 * * 1-5", "UTC", at("2026-11-20 08:00"), 3)) == [
            "20 09:00",
            "23 09:00",
            "24 09:00",
        ]

    def test_six_fields_have_seconds(self):
        begun = at("2026-11-20 08:00")

        assert next_ticks("*/20 * * * * *", "UTC", begun, 3) == [begun + 20, begun + 40, begun + 60]

    def test_a_tick_is_later_than_what_it_is_asked_after(self):
        tick = at("2026-11-20 09:00")

        assert next_tick("0 9 * * *", "UTC", tick) == tick + 86_400
        assert next_tick("0 9 * * *", "UTC", tick - 0.001) == tick

    def test_a_zone(self):
        assert shown(next_ticks("0 9 * * *", VIENNA, at("2026-07-01 00:00"), 1)) == ["01 07:00"]

    def test_a_day_that_comes_in_some_years(self):
        assert next_tick("0 0 29 2 *", "UTC", at("2026-01-01 00:00")) == at("2028-02-29 00:00")


class TestSpring:
    @pytest.mark.parametrize("line", ["30 2 * * *", "*/15 2 * * *", "0 0 2 * * *", "15,45 2 * * *", "30 2 29 3 *"])
    def test_what_falls_into_the_gap_happens_once_right_after_it(self, line):
        tick, *later = next_ticks(line, VIENNA, at(SPRING), 2)

        assert shown([tick]) == ["29 01:00"]
        assert all(other - tick > 22 * 3600 for other in later)

    def test_and_is_not_repeated_where_the_hour_after_is_named_too(self):
        assert shown(next_ticks("0 2,3 * * *", VIENNA, at(SPRING), 2)) == ["29 01:00", "30 00:00"]

    def test_what_ticks_every_hour_goes_on_as_time_passes(self):
        ticks = next_ticks("30 * * * *", VIENNA, at(SPRING), 24)

        assert {later - tick for tick, later in pairwise(ticks)} == {3600.0}


class TestAutumn:
    @pytest.mark.parametrize("line", ["30 2 * * *", "0 30 2 * * *"])
    def test_what_falls_into_the_hour_that_comes_twice_happens_once(self, line):
        assert shown(next_ticks(line, VIENNA, at(AUTUMN), 2)) == ["25 00:30", "26 01:30"]

    def test_the_first_time(self):
        assert shown(next_ticks("*/30 2 * * *", VIENNA, at(AUTUMN), 3)) == ["25 00:00", "25 00:30", "26 01:00"]

    def test_asked_in_the_second_one_it_does_not_look_back(self):
        begun = at("2026-10-25 02:10", VIENNA, fold=1)

        assert shown(next_ticks("30 2 * * *", VIENNA, begun, 1)) == ["26 01:30"]

    def test_what_ticks_every_half_hour_ticks_in_both(self):
        ticks = next_ticks("*/30 * * * *", VIENNA, at("2026-10-25 01:50", VIENNA), 5)

        assert shown(ticks) == ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00"]


@pytest.mark.parametrize("zone", [VIENNA, "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Cairo"])
@pytest.mark.parametrize("line", ["0 0 * * *", "30 2 * * *", "15 */2 * * *", "*/20 * * * *"])
def test_over_a_year_ticks_only_go_forward(zone, line):
    ticks = next_ticks(line, zone, at("2026-01-01 00:00"), 400)

    assert all(later > tick for tick, later in pairwise(ticks))
