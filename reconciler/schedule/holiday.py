"""Public holidays and moved working days of a country, from the `holidays` library, which is loaded when first asked.

Must not know schedules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache


class UnknownCountryError(ValueError):
    """The library has no country of that code."""


@dataclass(frozen=True, slots=True)
class PublicDays:
    """Days off and weekend days that are worked, in order; `unknown_years` are those not yet announced."""

    off: tuple[date, ...]
    workdays: tuple[date, ...]
    unknown_years: tuple[int, ...] = ()


def nearest_country(code: str) -> str | None:
    """The code itself where the library knows it, else the one that it is but for its case, else None."""
    from holidays import country_holidays

    for one in (code, code.upper()):
        try:
            country_holidays(one)
        except NotImplementedError:
            continue
        return one
    return None


def public_days(country: str, years: Sequence[int]) -> PublicDays:
    """Look up whole years. Raises UnknownCountryError."""
    return _looked_up(country, tuple(years))


@lru_cache(maxsize=64)
def _looked_up(country: str, years: tuple[int, ...]) -> PublicDays:
    from holidays import country_holidays

    try:
        found = country_holidays(country, years=years)
    except NotImplementedError as error:
        raise UnknownCountryError(
            f"the holidays of {country!r} are not known; a country is a code such as RU"
        ) from error
    announced = found.special_public_holidays if hasattr(found, "special_public_holidays") else {}
    last = max(announced, default=None)
    if last is None or not {last - 1, last - 2} <= set(announced):
        last = None  # a day off now and then, as for a funeral, is nothing that is announced every year
    wanted = set(years)
    return PublicDays(
        tuple(sorted(day for day in found if day.year in wanted)),
        tuple(sorted(day for day in found.weekend_workdays if day.year in wanted)),
        tuple(year for year in years if last is not None and year > last),
    )
