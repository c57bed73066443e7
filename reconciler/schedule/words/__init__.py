"""Periods in words: a short phrase for plans, a clause to the last second for people.

Must not know the grammar.
"""

from __future__ import annotations

from typing import Literal

from reconciler.schedule.instants import Instants
from reconciler.schedule.scales import FIRST_YEAR
from reconciler.schedule.words import english, short
from reconciler.schedule.words.saying import Tongue, sayings_of

Language = Literal["en", "ru"]


def explained(instants: Instants, language: Language) -> str:
    """Say a set in full; clauses are separated by semicolons."""
    tongue = _tongue(language)
    if instants.is_full:
        return tongue.always
    usual, missing = _with_exceptions(instants)
    text = tongue.always if usual.is_full else "; ".join(map(tongue.said, sayings_of(usual))) or tongue.never
    return text if missing.is_empty else f"{text}; {tongue.except_} {'; '.join(map(tongue.said, sayings_of(missing)))}"


def phrased(instants: Instants) -> str:
    """Say a set in short, with half-open times of day."""
    if instants.is_full:
        return english.TONGUE.always
    usual, missing = _with_exceptions(instants)
    text = (
        english.TONGUE.always
        if usual.is_full
        else "; ".join(map(short.said, sayings_of(usual))) or english.TONGUE.never
    )
    return (
        text
        if missing.is_empty
        else f"{text}; {english.TONGUE.except_} {'; '.join(map(short.said, sayings_of(missing)))}"
    )


def _tongue(language: Language) -> Tongue:
    """The words of a language; most runs never speak the second one."""
    if language == "ru":
        from reconciler.schedule.words import russian

        return russian.TONGUE
    return english.TONGUE


def _with_exceptions(instants: Instants) -> tuple[Instants, Instants]:
    """Split off what some years lack of what holds in the end: the first less the second is the set."""
    instants = instants.lasting()
    eternal = Instants(((FIRST_YEAR, instants.spans[-1][1]),), fine=instants.fine).coarse()
    missing = eternal - instants
    return instants | missing, missing
