"""What `reconciler init` writes: a configuration to begin with, and what stands around it in a repository.

Texts by path, drawn from the templates in `starter/`. Writes nothing, and knows no vendor: their templates go by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import jinja2

from reconciler import __version__
from reconciler.config.include import TRUSTED_FILE
from reconciler.document.writing import scalar_text

NUMBERS = "numbers/main.yaml"
SCHEMA = ".reconciler-schema/config.v1.json"
ACTION = ".github/actions/reconciler/action.yml"
HOOKS = ".pre-commit-config.yaml"
HASHES = "uv pip compile --universal --generate-hashes --output-file requirements.txt requirements.in"

_SECRET = re.compile(r"\{env: (\w+)\}")
_OF_EVERYBODY = {
    ".vscode/settings.json": "settings.json",
    HOOKS: "pre-commit.yaml",
    ".gitignore": "gitignore",
}
_OF_A_PIPELINE = {"requirements.in": "requirements.in", "requirements.txt": "requirements.txt"}


class Host(StrEnum):
    """Who runs the pipeline."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


# docs/decisions/160
_OF_HOST: Mapping[Host, Mapping[str, str]] = {
    Host.GITHUB: {
        ACTION: "github/action.yml",
        ".github/workflows/numbers.yml": "github/proposals.yml",
        ".github/workflows/numbers-main.yml": "github/main.yml",
        ".github/workflows/numbers-nightly.yml": "github/nightly.yml",
    },
    Host.GITLAB: {".gitlab-ci.yml": "gitlab/gitlab-ci.yml"},
    Host.NONE: {},
}
# Where a pipeline can keep the record, the likeliest first. GitLab's jobs may not push.
_RECORDS: Mapping[Host, tuple[str, ...]] = {
    Host.GITHUB: ("git", "postgres", "http", "s3"),
    Host.GITLAB: ("http", "postgres", "s3"),
    Host.NONE: ("file", "git", "http", "postgres", "s3"),
}
_SHARING_LOGINS = ("http", "postgres")
_EXTRAS = ("postgres", "s3")
_OF_RECORD: Mapping[str, tuple[str, ...]] = {
    "postgres": ("RECONCILER_DSN",),
    "s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"),
}
_OF_STATE_SERVER = ("TF_HTTP_ADDRESS", "TF_HTTP_LOCK_ADDRESS", "TF_HTTP_USERNAME", "TF_HTTP_PASSWORD")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What was asked for. `number` is None where the account's own are to be imported; `to` is who rings for it.

    `logs_in`: a person logs in to such an account, so that its jobs must share tokens.
    """

    vendor: str
    host: Host
    record: str
    name: str
    number: str | None = None
    to: str | None = None
    logs_in: bool = False


def records_for(host: Host, *, logs_in: bool) -> tuple[str, ...]:
    """Where the record may be, the default first: machines that come and go share what it holds, and tokens."""
    fit = _RECORDS[host]
    return fit if host is Host.NONE or not logs_in else tuple(each for each in fit if each in _SHARING_LOGINS)


def configuration_files(start: Start) -> dict[str, str]:
    """Draw the configuration itself."""
    drawn = _Drawing(start)
    return {
        TRUSTED_FILE: drawn.text(f"vendors/{start.vendor}.yaml"),
        NUMBERS: drawn.text(f"vendors/{start.vendor}-numbers.yaml"),
    }


def surrounding_files(start: Start) -> dict[str, str]:
    """Draw what stands around the configuration: for editors, for git, for commits and for the pipeline."""
    return _Drawing(start).texts(_OF_EVERYBODY) | pipeline_files(start)


def pipeline_files(start: Start) -> dict[str, str]:
    """Draw the pipeline of the host, and what it installs."""
    names = _OF_HOST[start.host]
    return _Drawing(start).texts({**names, **(_OF_A_PIPELINE if names else {})})


# docs/decisions/161
def takes_a_target(vendor: str) -> bool:
    """Whether the number of a vendor can be said to ring somebody."""
    return "@@to@@" in _source(f"vendors/{vendor}-numbers.yaml")


def unfilled_keys(vendor: str) -> list[str]:
    """Return the keys of an account that stand there as comments, to be filled in before its numbers can be listed."""
    return re.findall(r"^    # (\w+): ", _source(f"vendors/{vendor}.yaml"), re.MULTILINE)


def secrets_of(start: Start) -> list[str]:
    """Return the variables that the account's secrets come from."""
    return _SECRET.findall(_source(f"vendors/{start.vendor}.yaml"))


_TEMPLATES = jinja2.PackageLoader("reconciler", "starter")
VENDORS = tuple(
    sorted(
        {found[1] for each in _TEMPLATES.list_templates() if (found := re.fullmatch(r"vendors/(\w+)\.yaml\.j2", each))}
    )
)
# Marks that neither YAML, shells nor the hosts' own expressions use: `@@name@@`, and lines that begin with `#%`.
_ENVIRONMENT = jinja2.Environment(
    loader=_TEMPLATES,
    autoescape=jinja2.select_autoescape(()),
    undefined=jinja2.StrictUndefined,
    variable_start_string="@@",
    variable_end_string="@@",
    line_statement_prefix="#%",
    keep_trailing_newline=True,
)


def variables_of(start: Start) -> tuple[str, ...]:
    """Return every variable that a job with a key gets from its environment at the host."""
    at_github = _OF_STATE_SERVER if (start.host, start.record) == (Host.GITHUB, "http") else ()
    return (*secrets_of(start), "RECONCILER_RECORD_KEY", *_OF_RECORD.get(start.record, at_github))


class _Drawing:
    """The values of templates, as a start wants them."""

    def __init__(self, start: Start) -> None:
        self._values: dict[str, Any] = {
            "name": scalar_text(start.name),
            "number": start.number,
            "to": start.to,
            "record": start.record,
            "login": start.logs_in,
            "secrets": secrets_of(start),
            "extra": f"[{start.record}]" if start.record in _EXTRAS else "",
            "version": __version__,
        }

    def text(self, template: str) -> str:
        return _ENVIRONMENT.get_template(f"{template}.j2").render(self._values)

    def texts(self, templates: Mapping[str, str]) -> dict[str, str]:
        return {path: self.text(template) for path, template in templates.items()}


def _source(template: str) -> str:
    return _TEMPLATES.get_source(_ENVIRONMENT, f"{template}.j2")[0]
