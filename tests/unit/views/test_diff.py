"""Diffs of texts: git takes them, and long files with many changes cost little."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.views.human.findings import diff_texts

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "one", "two", "three", "four"]), max_size=12).map(
    lambda rows: "".join(f"{row}\n" for row in rows)
)


@settings(max_examples=40, deadline=None)
@given(TEXTS, TEXTS, st.booleans())
def test_git_makes_one_text_of_the_other(before: str, after: str, ends: bool) -> None:
    after = after if ends else after.removesuffix("\n")
    diff = "".join(diff_texts({"x.yaml": before}, {"x.yaml": after}))
    with TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_text(before, "utf-8")
        if before != after:
            arguments = ["git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-"]
            subprocess.run(arguments, input=diff, text=True, cwd=folder, check=True, timeout=20)
        assert path.read_text("utf-8") == after


def test_ten_thousand_changes_take_no_minute() -> None:
    rows = [f"# {at}\n  tags: [a]\n  description: line\n  timeout: 16s\n" for at in range(10_000)]
    before = "".join(rows)
    after = before.replace("  tags: [a]\n  description: line\n", "  description: line\n  tags: [a]\n").replace(
        "16s", "16"
    )
    started = perf_counter()
    # In each entry one line goes, and comes back together with the one that is changed behind it.
    assert sum(row.startswith("@@") for row in diff_texts({"x": before}, {"x": after})) == 20_000
    assert perf_counter() - started < 30
