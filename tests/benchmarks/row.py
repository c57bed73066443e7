"""One line of the table of measurements; knows nothing of what is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, the figure, and the bound it is held to; `held` is None where there is no bound."""

    name: str
    figure: str
    bound: str = ""
    held: bool | None = None

    @property
    def verdict(self) -> str:
        return {True: "ok", False: "MISSED", None: ""}[self.held]


def at_most(name: str, value: float, bound: float, unit: str = "") -> Row:
    return Row(name, f"{value:.3g}{unit}", f"<= {bound:g}{unit}", value <= bound)


def at_least(name: str, value: float, bound: float, unit: str = "") -> Row:
    return Row(name, f"{value:.3g}{unit}", f">= {bound:g}{unit}", value >= bound)


def orientation(name: str, value: float, unit: str, quiet: str = "") -> Row:
    """A figure that depends on the machine: shown beside what two quiet cores gave, and never judged."""
    return Row(name, f"{value:.3g}{unit}", f"({quiet})" if quiet else "")
