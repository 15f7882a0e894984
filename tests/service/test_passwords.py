"""Passwords: argon2id, within bounds, and as slow for nobody."""

import time
from statistics import median

import pytest

from service.people import CHEAP
from tenuto.service.passwords import Passwords
from tenuto.service.refusals import Refused


async def test_what_is_kept_is_argon2id_and_fits() -> None:
    passwords = Passwords(**CHEAP)

    kept = await passwords.hashed("correct horse")

    assert kept.startswith("$argon2id$")
    assert await passwords.fits("correct horse", kept)
    assert not await passwords.fits("correct horse ", kept)


@pytest.mark.parametrize("password", ["", "1234567", "x" * 1_025, "ü" * 513])
async def test_too_short_and_too_long_are_refused(password: str) -> None:
    """SECURITY 10: 1 kB at most, so that nobody makes us digest a book."""
    with pytest.raises(Refused):
        await Passwords(**CHEAP).hashed(password)


@pytest.mark.parametrize("password", ["12345678", "x" * 1_024, "pässwörter", "\U0001f600" * 8, "a\x00bcdefgh"])
async def test_what_is_within_the_bounds_fits(password: str) -> None:
    passwords = Passwords(**CHEAP)

    assert await passwords.fits(password, await passwords.hashed(password))


async def test_the_same_letters_from_another_keyboard_fit() -> None:
    passwords = Passwords(**CHEAP)

    assert await passwords.fits("pa\u0308sswo\u0308rter", await passwords.hashed("p\u00e4ssw\u00f6rter"))


@pytest.mark.parametrize("kept", ["", "nonsense", "$argon2id$broken", "$2b$12$" + "a" * 53])
async def test_what_is_no_hash_fits_nothing(kept: str) -> None:
    assert not await Passwords(**CHEAP).fits("nobody has this password", kept or None)


async def test_costs_of_before_are_noticed() -> None:
    kept = await Passwords(**CHEAP).hashed("correct horse")

    assert not Passwords(**CHEAP).outdated(kept)
    assert Passwords(**{**CHEAP, "time": 2}).outdated(kept)


@pytest.mark.serial
async def test_nobody_takes_as_long_as_somebody() -> None:
    """SECURITY 10: within 10 ms in the median."""
    passwords = Passwords(time=2, memory=16_384, lanes=1)
    kept = await passwords.hashed("correct horse")
    await passwords.fits("warm", None)

    async def seconds(of: str | None) -> float:
        begun = time.perf_counter()
        await passwords.fits("wrong password", of)
        return time.perf_counter() - begun

    pairs = [(await seconds(kept), await seconds(None)) for _ in range(15)]

    assert abs(median(one for one, _ in pairs) - median(other for _, other in pairs)) < 0.010
