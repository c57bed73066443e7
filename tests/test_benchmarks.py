"""The table of measurements says what was missed, and ends as its exit code."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks import measure
from tests.benchmarks.row import Row, at_least, at_most, orientation


def test_a_bound_is_kept_up_to_its_value_and_missed_beyond_it() -> None:
    kept = [at_most("a", 2.5, 2.5), at_least("b", 3, 3)]
    missed = [at_most("c", 2.51, 2.5), at_least("d", 2.99, 3)]
    assert [row.verdict for row in kept + missed] == ["ok", "ok", "MISSED", "MISSED"]
    assert orientation("e", 9.0, " s").verdict == ""


@pytest.mark.parametrize(("value", "code", "closing"), [(1, 0, "Every bound was kept"), (2, 1, "1 bounds missed")])
def test_a_missed_bound_fails_the_run(value: float, code: int, closing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(words: object) -> Iterator[tuple[str, Iterator[Row]]]:
        yield "speed", iter([at_most("of light", value, 1)])

    monkeypatch.setattr(bench, "modules", one)
    out = io.StringIO()
    assert bench.main([], out) == code
    assert closing in out.getvalue()


def test_a_program_that_fails_is_not_measured() -> None:
    with pytest.raises(measure.BenchmarkError, match="ended with 3: no work done"):
        measure.run([sys.executable, "-c", "import sys; sys.stderr.write('no work done'); sys.exit(3)"])


def test_the_cost_of_a_process_has_its_time_and_its_memory() -> None:
    cost = measure.run([sys.executable, "-c", "b = bytearray(64 << 20); import time; time.sleep(0.2)"])
    assert cost.wall_seconds >= 0.2
    assert cost.cpu_seconds > 0
    assert cost.peak_mib >= 64


def test_the_memory_of_a_process_is_not_that_of_the_one_that_measures_it() -> None:
    held = bytearray(200 << 20)
    held[:: 1 << 12] = b"x" * len(held[:: 1 << 12])
    assert measure.run([sys.executable, "-c", "pass"]).peak_mib < 100


def test_a_ratio_compares_what_was_measured_in_the_same_round() -> None:
    peer, ours = iter([4.0, 6.0, 90.0]), iter([2.0, 2.0, 2.0])
    assert measure.ratio(lambda: next(peer), lambda: next(ours)) == 3.0
