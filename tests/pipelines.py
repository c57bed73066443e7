"""The machines that run the pipelines which `init` writes: a repository at a host, and a runner with the jobs' tools.

GitHub's runner is imitated as far as those workflows use it; gitlab-ci-local is the real one. Nothing is installed:
`pip` notes what it was asked for, and the `reconciler` of this tree is there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.architecture.imports import REPOSITORY
from tests.checkout import git

CLIENTS = REPOSITORY / "tests" / "clients"
GITLAB_CI_LOCAL = CLIENTS / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"
_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
_RECONCILER = f'#!/bin/sh\nexec "{sys.executable}" -m reconciler "$@"\n'
_PIP = '#!/bin/sh\necho "$@" >> "$NOTES/pip"\nfor last; do :; done\ncat "$last" >> "$NOTES/requirements"\n'
_PYTHON = """\
#!/bin/sh
[ "$1 $2 $3" = "-I -m venv" ] || exit 70
mkdir -p "$4/bin"
cp "$TOOLS/pip" "$TOOLS/reconciler" "$4/bin/"
"""
_GH = f'#!/bin/sh\nexec "{sys.executable}" "{REPOSITORY / "tests" / "clients" / "gh.py"}" "$@"\n'
_RSYNC = "#!/bin/sh\nexit 0\n"  # gitlab-ci-local copies for containers, of which it starts none here


@dataclass(frozen=True)
class Host:
    """A repository with its main branch, and what a job's machine has."""

    home: Path
    environ: Mapping[str, str]

    @classmethod
    def at(cls, home: Path, files: Path) -> Host:
        """Make a host whose main branch has these files."""
        for name, text in (
            ("reconciler", _RECONCILER),
            ("pip", _PIP),
            ("python3", _PYTHON),
            ("gh", _GH),
            ("rsync", _RSYNC),
        ):
            path = home / "tools" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            path.chmod(0o755)
        (home / "notes").mkdir()
        git(home, "init", "-q", "--bare", "-b", "main", "origin.git")
        git(files, "init", "-q", "-b", "main")
        git(files, "add", ".")
        git(files, "commit", "-qm", "main")
        git(files, "push", "-q", str(home / "origin.git"), "main")
        environ = {
            "PATH": f"{home / 'tools'}:{os.environ['PATH']}",
            "HOME": str(home),
            "CI": "true",
            "NOTES": str(home / "notes"),
            "TOOLS": str(home / "tools"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        return cls(home, environ)

    @property
    def origin(self) -> Path:
        return self.home / "origin.git"

    def noted(self, what: str) -> str:
        """What a tool noted since the last look."""
        path = self.home / "notes" / what
        text = path.read_text("utf-8") if path.exists() else ""
        path.unlink(missing_ok=True)
        return text

    def push(self, branch: str, changes: Mapping[str, tuple[str, str]]) -> str:
        """Push a branch on top of main with texts replaced in files, and return its commit."""
        work = self.home / "work"
        git(self.home, "clone", "-q", str(self.origin), "work")
        git(work, "checkout", "-qB", branch)
        for name, (old, new) in changes.items():
            text = (work / name).read_text("utf-8")
            assert old in text
            (work / name).write_text(text.replace(old, new), "utf-8")
        git(work, "commit", "-qam", branch)
        git(work, "push", "-q", "origin", branch)
        commit = git(work, "rev-parse", "HEAD")
        shutil.rmtree(work)
        return commit


@dataclass(frozen=True)
class Ended:
    """How a job ended: its exit code and its log."""

    code: int
    log: str


@dataclass
class GitHub:
    """Runs jobs of workflows step by step. `secrets` are by environment; a job has those of its own, and no others."""

    host: Host
    secrets: Mapping[str, Mapping[str, str]]
    values: Mapping[str, str] = field(default_factory=dict)

    def run(self, workflow: str, job: str, commit: str) -> Ended:
        """Run a job as this commit has it, in a checkout of its own."""
        folder, temp = self.host.home / "workspace", self.host.home / "temp"
        for each in folder, temp:
            shutil.rmtree(each, ignore_errors=True)
            each.mkdir()
        definition = yaml.safe_load(git(self.host.origin, "show", f"{commit}:.github/workflows/{workflow}.yml"))[
            "jobs"
        ][job]
        context = {
            **{
                f"secrets.{name}": value
                for name, value in self.secrets.get(definition.get("environment", ""), {}).items()
            },
            "github.token": "token-of-the-job",
            "github.repository": "team/numbers",
            "runner.temp": str(temp),
            **self.values,
        }
        code, log = 0, ""
        for step in definition["steps"]:
            if code == 0 or step.get("if") == "always()":
                ended = self._step(step, commit, context, folder)
                code, log = code or ended.code, log + ended.log
        return Ended(code, log)

    def _step(self, step: Mapping[str, Any], commit: str, context: Mapping[str, str], folder: Path) -> Ended:
        given = {name: _filled(value, context) for name, value in step.get("with", {}).items()}
        environ = {name: _filled(value, context) for name, value in step.get("env", {}).items()}
        match step.get("uses", "").partition("@")[0]:
            case "actions/checkout":
                return self._check_out(folder, commit, whole=given.get("fetch-depth") == "0")
            case "actions/upload-artifact":
                return self._upload(given)
            case "./.github/actions/reconciler":
                return self._action(folder, given, environ)
            case "":
                return self._shell(step["run"], folder, environ)
            case unknown:
                raise AssertionError(unknown)

    def _check_out(self, folder: Path, commit: str, *, whole: bool) -> Ended:
        """What actions/checkout fetches: one commit, under no branch's name, or everything."""
        git(folder, "init", "-q")
        git(folder, "remote", "add", "origin", str(self.host.origin))
        wanted = ["+refs/heads/*:refs/remotes/origin/*"] if whole else [f"+{commit}:refs/remotes/pull/1/merge"]
        git(folder, "fetch", "-q", *([] if whole else ["--depth", "1"]), "origin", *wanted)
        git(folder, "checkout", "-q", commit)
        return Ended(0, "")

    def _upload(self, given: Mapping[str, str]) -> Ended:
        target = self.host.home / "artifacts" / given["name"]
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for path in given["path"].split():
            if Path(path).exists():
                shutil.copy(path, target)
        return Ended(0, "")

    def _action(self, folder: Path, given: Mapping[str, str], environ: Mapping[str, str]) -> Ended:
        action = yaml.safe_load((folder / ".github" / "actions" / "reconciler" / "action.yml").read_text("utf-8"))
        unknown = given.keys() - action["inputs"].keys()
        assert not unknown
        inputs = {f"inputs.{name}": given.get(name, each.get("default", "")) for name, each in action["inputs"].items()}
        log = ""
        for step in action["runs"]["steps"]:
            own = {name: _filled(value, inputs) for name, value in step["env"].items()}
            ended = self._shell(step["run"], folder, {**environ, **own})
            log += ended.log
            if ended.code:
                return Ended(ended.code, log)
        return Ended(0, log)

    def _shell(self, script: str, folder: Path, environ: Mapping[str, str]) -> Ended:
        everything = {
            **self.host.environ,
            "GITHUB_ACTIONS": "true",
            "GITHUB_RUN_ID": "1",
            "GITHUB_REPOSITORY": "team/numbers",
            "GITHUB_SERVER_URL": "https://github.example.com",
            "GITHUB_STEP_SUMMARY": str(self.host.home / "notes" / "summary"),
            "RUNNER_TEMP": str(self.host.home / "temp"),
            "STORE": str(self.host.home),
            **environ,
        }
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        done = subprocess.run(words, cwd=folder, env=everything, capture_output=True, text=True, check=False)
        return Ended(done.returncode, done.stdout + done.stderr)


def _filled(value: object, context: Mapping[str, str]) -> str:
    """A value with its expressions replaced; a secret that the environment does not have is empty."""

    def known(match: re.Match[str]) -> str:
        name = match[1]
        return context.get(name, "") if name.startswith(("secrets.", "inputs.")) else context[name]

    return _EXPRESSION.sub(known, str(value))


def gitlab(host: Host, folder: Path, *jobs: str, **variables: str) -> Ended:
    """Run jobs of a checkout by gitlab-ci-local, or the whole pipeline."""
    given = [word for name, value in variables.items() for word in ("--variable", f"{name}={value}")]
    quiet = ["--ignore-predefined-vars", ",".join(name for name in variables if name.startswith("CI_"))]
    words = ["node", "--import", str(CLIENTS / "set-methods.mjs"), str(GITLAB_CI_LOCAL), "--force-shell-executor"]
    words += ["--no-color", *quiet, *given, *jobs]
    done = subprocess.run(words, cwd=folder, env=host.environ, capture_output=True, text=True, check=False, timeout=120)
    return Ended(done.returncode, done.stdout + done.stderr)
