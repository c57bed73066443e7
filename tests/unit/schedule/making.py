"""Random periods of the documented grammar, in every spelling that it has."""

from __future__ import annotations

from random import Random

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NAMES = {
    "yr": ("yr", "year"), "mo": ("mo", "month"), "wk": ("wk", "week"), "yd": ("yd", "yday"), "md": ("md", "mday"),
    "wd": ("wd", "wday"), "hr": ("hr", "hour"), "min": ("min", "minute"), "sec": ("sec", "second"),
}  # fmt: skip
_LIMITS = {"wk": (1, 6), "yd": (1, 366), "md": (1, 31), "min": (0, 59), "sec": (0, 59), "yr": (2022, 2034)}


def random_period(random: Random, *, years: bool = True, seconds: bool = True) -> str:
    """Make a period of one to four parts."""
    scales = [scale for scale in _NAMES if (years or scale != "yr") and (seconds or scale != "sec")]
    parts = [_part(random, scales) for _ in range(random.choice((1, 1, 1, 2, 3, 4)))]
    return random.choice((",", ", ", " , ")).join(parts)


def _part(random: Random, scales: list[str]) -> str:
    weights = [1 if scale in {"yr", "wk", "yd", "sec"} else 3 for scale in scales]
    chosen = random.choices(scales, weights, k=random.choice((1, 2, 2, 3, 4)))
    return random.choice(("", " ", "  ")).join(_item(random, scale) for scale in chosen)


def _item(random: Random, scale: str) -> str:
    name = random.choice(_NAMES[scale])
    ranges = random.choice((" ", "  ", "\t")).join(_range(random, scale) for _ in range(random.choice((1, 1, 2, 3))))
    blank = random.choice(("", " "))
    return f"{_cased(random, name)}{random.choice(('', ' '))}{{{blank}{ranges}{blank}}}"


def _range(random: Random, scale: str) -> str:
    if random.random() < 0.4:
        return _value(random, scale)
    return _value(random, scale) + random.choice(("-", "-", " - ", "- ", " -")) + _value(random, scale)


def _value(random: Random, scale: str) -> str:
    if scale in {"wd", "mo"}:
        return _named(random, scale)
    if scale == "hr":
        return _hour(random)
    return str(random.randint(*_LIMITS[scale]))


def _named(random: Random, scale: str) -> str:
    names, shortest = (_DAYS, 2) if scale == "wd" else (_MONTHS, 3)
    number = random.randrange(len(names))
    if random.random() < 0.3:
        return str(number + 1)
    return _cased(random, names[number][: random.randint(shortest, len(names[number]))])


def _hour(random: Random) -> str:
    if random.random() < 0.5:
        return str(random.randrange(24))
    return random.choice(
        ("12am", "12pm", "12noon", *(f"{hour}{half}" for hour in range(1, 12) for half in ("am", "pm")))
    )


def _cased(random: Random, word: str) -> str:
    return random.choice((word, word.title(), word.upper()))
