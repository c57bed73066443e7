"""From a review to standard output, in the format of the machine that asked: with places that it can find.

Knows the folder and the options that places depend on; decides nothing about findings.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.process import Process
from reconciler.views.spelling import Form

_FORMS = {"github": Form.COMMANDS, "junit": Form.XML}

if TYPE_CHECKING:
    from reconciler.views.ci.review import Review, Where


def show(process: Process, review: Review) -> None:
    """Write the one document; beside a document that goes to a file, the log of the job gets its summary."""
    from reconciler.views.base import line
    from reconciler.views.ci.review import ready

    where = places(process.folder, process.policy)
    form = _FORMS.get(process.format, Form.JSON)
    process.screen.drawn(lambda clean: _drawn(process.format, ready(review, where, clean)), form)
    if process.format != "github":
        process.screen.note(line(each) for each in review.summary)


# docs/decisions/090
def places(folder: Path, policy: Path | None = None) -> Where:
    """How a file of the configuration is called from the top of its repository; outside of one, from where we work.

    The machine that reviews knows the files of a repository, whatever folder -C names and the job works in.
    """
    from reconciler.git import top_folder

    root, here = folder.resolve(), Path.cwd().resolve()
    top = top_folder(root) or (here if root.is_relative_to(here) else root)

    def where(file: str) -> str | None:
        start = here if policy is not None and file == str(policy) else root
        whole = Path(os.path.normpath(start / file))
        return whole.relative_to(top).as_posix() if whole.is_relative_to(top) else None

    return where


def _drawn(name: str, review: Review) -> str:
    render: Callable[[Review], str] = import_module(f"reconciler.views.ci.{name}").render
    return render(review)
