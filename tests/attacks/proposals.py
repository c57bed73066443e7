"""Proposals as somebody would make them who wants more than to propose: a pull request's tree, changed at random.

The job stands as docs/security.md lays it out: main is trusted, `origin/main` is its tip, the proposal is checked out,
and the environment holds keys. Whatever is done to the tree leaves the one entry that policy forbids as it is.
"""

from __future__ import annotations

import os
import random
import shutil
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox import Sandbox
from tests.checkout import git
from tests.unit.config.test_mangled import mangled

FOLDER = "telephony"
FORBIDDEN = "19005550100"
CANARIES = {
    "CI_JOB_TOKEN": "canary-job-token-4c1e",
    "RECONCILER_VAR_HOOK": "canary-hook-value-77ab",
    "RECONCILER_RECORD_KEY": "c0ffee" * 10 + "abcd",
}
OURS = tuple(value for name, value in CANARIES.items() if name.startswith("RECONCILER_"))
IN_FILES = "canary-in-a-file-90d2"

_HEAD = """\
version: 1
name: calls
defaults: {{account: sales, timeout: 20}}
accounts:
  sales:
    provider: exolve
    api_key: {{env: EXOLVE_API_KEY}}
    application: {application}
    base_url: {url}
record: {{backend: file}}
"""
_POLICY = "policy: {destinations: {allow: [RU, 'url:https://example.com']}, max_changes: 10}\n"
_NUMBERS = """\
version: 1
numbers:
  "74991000000":
    description: Hot line
    forwarding: {type: number, targets: [{to: "74992223344"}]}
  "74991000001":
    forwarding: {type: url, url: "https://example.com/${var:HOOK}"}
"""
_FORBIDDEN = f"""\
version: 1
numbers:
  "74991000002":
    forwarding: {{type: number, targets: [{{to: "{FORBIDDEN}"}}]}}
"""


@dataclass(frozen=True)
class Job:
    """Where a job works: the checkout, the folder of what the checkout has no business with, and the lax commit."""

    top: Path
    outside: Path
    marker: Path
    lax: str

    @property
    def folder(self) -> Path:
        return self.top / FOLDER

    def copied(self, to: Path) -> Job:
        """The same job in a folder of its own."""
        shutil.copytree(self.top, to, symlinks=True)
        return Job(to, self.outside, self.marker, self.lax)


def job(folder: Path, sandbox: Sandbox) -> Job:
    """Lay out main with its policy, a playground without one, and an honest proposal that policy forbids."""
    top, outside = folder / "checkout", folder / "outside"
    head = _HEAD.format(application=sandbox.application, url=sandbox.exolve_url)
    for name, policy in ((FOLDER, _POLICY), ("playground", "")):
        (top / name / "numbers").mkdir(parents=True)
        (top / name / "reconciler.yaml").write_text(head + policy, "utf-8")
        (top / name / "numbers" / "all.yaml").write_text(_NUMBERS, "utf-8")
    outside.mkdir()
    (outside / "secret.txt").write_text(f"token: {IN_FILES}\n", "utf-8")
    (outside / "numbers.yaml").write_text(f"version: 1\nnumbers:\n  {IN_FILES}: {{}}\n", "utf-8")
    git(folder, "init", "--quiet", "-b", "main", str(top))
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "main")
    git(top, "update-ref", "refs/remotes/origin/main", "HEAD")
    (top / FOLDER / "reconciler.yaml").write_text(head, "utf-8")
    git(top, "commit", "--quiet", "-a", "-m", "lax")
    lax = git(top, "rev-parse", "HEAD")
    git(top, "checkout", "--quiet", "-b", "proposal", "refs/remotes/origin/main")
    for name in (FOLDER, "playground"):
        (top / name / "numbers" / "forbidden.yaml").write_text(_FORBIDDEN, "utf-8")
    git(top, "add", ".")
    git(top, "commit", "--quiet", "-m", "proposal")
    (top / FOLDER / ".env").write_text(f"TOKEN={IN_FILES}\n", "utf-8")  # what the job itself keeps there
    git(top, "config", "http.extraheader", f"AUTHORIZATION: basic {IN_FILES}")
    return Job(top, outside, folder / "marker", lax)


# -- mutations ---------------------------------------------------------------------------------------------------------

Mutation = Callable[[Job, random.Random], str]


def mutate(at: Job, seeded: random.Random) -> list[str]:
    """Change the tree in one to three ways and commit most of it; returns what was done, in words."""
    done = [seeded.choice(_MUTATIONS)(at, seeded) for _ in range(seeded.randint(1, 3))]
    if seeded.random() < 0.7:
        with suppress(subprocess.CalledProcessError):  # what git does not take stays uncommitted
            git(at.top, "add", "-A", "-f", ".")
            git(at.top, "commit", "--quiet", "-m", "more")
        done.append("committed")
    return done


def _place(path: Path) -> Path:
    """Make room for what comes to a path."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:  # a folder above was made a file
        return path.with_name("room")
    return path


def _write(path: Path, content: bytes) -> None:
    try:
        _place(path).write_bytes(content)
    except OSError:  # a folder above was made a file, or the name cannot be
        return


def _mangled_file(at: Job, seeded: random.Random) -> str:
    name = seeded.choice(["numbers/m.yaml", "m.yaml", "_m.yaml", "numbers/deep/er/m.yaml"])
    _write(at.folder / name, mangled(seeded).encode("utf-8", "surrogatepass"))
    return f"mangled text in {name}"


def _own_head(at: Job, seeded: random.Random) -> str:
    touch = f"[/bin/sh, -c, 'touch {at.marker}']"
    text = seeded.choice(
        [
            "",
            "version: 1\n",
            "version: 1\naccounts: {sales: {provider: exolve, api_key: {command: " + touch + "}}}\n",
            "version: 1\naccounts: {sales: {provider: exolve, api_key: {file: "
            + str(at.outside / "secret.txt")
            + "}}}\n",
            "version: 1\naccounts: {sales: {provider: exolve, api_key: {env: CI_JOB_TOKEN}, base_url: 'http://127.0.0.1:9'}}\n",
            "version: 1\nrecord: {backend: http, http: {address: 'http://127.0.0.1:9/', lock_method: DELETE}}\n",
            "version: 1\nrecord: {backend: git, git: {remote: 'ext::sh -c touch% " + str(at.marker) + "'}}\n",
            "version: 1\ninclude: ['" + "*a" * 40 + "b.yaml', '" + "**/" * 30 + "x.yaml', '../outside/*']\n",
            "version: 1\npolicy: {destinations: {allow: ['*']}, max_changes: 100%}\n",
        ]
    )
    _write(at.folder / "reconciler.yaml", text.encode())
    return f"reconciler.yaml says {text!r}"


def _own_blocks(at: Job, seeded: random.Random) -> str:
    text = seeded.choice(
        [
            "version: 1\npolicy: {destinations: {allow: ['*']}}\n",
            "version: 1\naccounts: {sales: {provider: exolve, api_key: {env: CI_JOB_TOKEN}}}\n",
            "version: 1\nrecord: {backend: file}\n",
            'version: 1\nforget: ["74991000000", "74991000002"]\n',
            'version: 1\nnumbers: {"74993000000": {description: ${var:HOOK}, tags: [a]}}\n',
            'version: 1\nnumbers: {"74993000000": {description: "${env:CI_JOB_TOKEN} ${var:RECORD_KEY}"}}\n',
            "version: 1\nscenarios: {x: {numbers: {}}}\n",
        ]
    )
    _write(at.folder / "numbers" / "blocks.yaml", text.encode())
    return f"a file says {text!r}"


def _state(at: Job, seeded: random.Random) -> str:
    folder = at.folder / ".reconciler"
    kind = seeded.choice(["key", "view", "noise", "link", "link inside", "file"])
    if kind == "key":
        _write(folder / "record.key", b"0" * 64 + b"\n")
    elif kind == "view":
        _write(folder / "record.db", _record_of_a_view())
    elif kind == "noise":
        _write(folder / "record.db", seeded.randbytes(4_096))
    elif kind == "link":
        _link(folder, at.outside)
    elif kind == "link inside":
        _link(folder / seeded.choice(["record.key", "record.db", ".gitignore"]), at.outside / "secret.txt")
    else:
        _write(folder, b"x")
    return f"state folder: {kind}"


def _record_of_a_view() -> bytes:

    made = sqlite3.connect(":memory:")
    made.execute(
        "CREATE VIEW entries AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    )
    return made.serialize()


def _link(path: Path, to: str | Path) -> None:
    try:
        _place(path).symlink_to(to)
    except OSError:
        return


def _links(at: Job, seeded: random.Random) -> str:
    name = seeded.choice(
        ["reconciler.yaml", "numbers/l.yaml", "l.yaml", "numbers/deep", "numbers/all.yaml", ".reconciler", "../up.yaml"]
    )
    to = seeded.choice(
        [
            *(str(at.outside / "secret.txt"), str(at.outside / "numbers.yaml"), str(at.outside), "/etc/passwd", "/etc"),
            *("/proc/self/environ", "/proc/self/mem", "/proc/self/fd/0", "/dev/zero", "/dev/stdin", "/dev/tty", "/"),
            *(".env", "../.env", "../.git/config", "../../.git/config", "../../outside/numbers.yaml", "../playground"),
            *("l.yaml", "../numbers/l.yaml", "nowhere", "../playground/reconciler.yaml", "."),
        ]
    )
    _link(at.folder / name, to)
    return f"{name} -> {to}"


def _folder_elsewhere(at: Job, seeded: random.Random) -> str:
    kind = seeded.choice(["link", "link outside", "repository", "gitfile"])
    if kind == "link":
        _link(at.folder, "playground")
    elif kind == "link outside":
        shutil.copytree(at.top / "playground", at.top.parent / "elsewhere", symlinks=True, dirs_exist_ok=True)
        _link(at.folder, at.top.parent / "elsewhere")
    elif kind == "repository":
        if at.folder.is_symlink() or (at.folder / ".git").exists():
            return "nothing"
        shutil.copyfile(at.top / "playground" / "reconciler.yaml", _place(at.folder / "reconciler.yaml"))
        git(at.folder, "init", "--quiet")
        git(at.folder, "add", "reconciler.yaml")
        git(at.folder, "commit", "--quiet", "-m", "own")
        git(at.folder, "update-ref", "refs/remotes/origin/main", "HEAD")
    else:
        module = at.top / ".git" / "modules" / FOLDER
        git(at.top, "clone", "--quiet", "--bare", ".", str(module))
        git(module, "update-ref", "refs/remotes/origin/main", at.lax)
        _write(at.folder / ".git", b"gitdir: ../.git/modules/telephony\n")
    return f"the folder: {kind}"


def _refs(at: Job, seeded: random.Random) -> str:
    ref = seeded.choice(
        [
            *("refs/tags/origin/main", "refs/heads/origin/main", "refs/tags/main", "refs/origin/main"),
            *("refs/tags/refs/remotes/origin/main", "refs/heads/refs/remotes/origin/main", "refs/notes/origin/main"),
            *("refs/remotes/origin/main/HEAD", "refs/replace", "origin/main"),
        ]
    )
    if ref == "refs/replace":
        ref = f"refs/replace/{git(at.top, 'rev-parse', 'refs/remotes/origin/main')}"
    with suppress(subprocess.CalledProcessError):
        git(at.top, "update-ref", ref, at.lax)
    return f"{ref} is the lax commit"


def _embedded(at: Job, seeded: random.Random) -> str:
    """Attack 1: files that look like a bare repository, with a configuration that runs something."""
    here = at.top / seeded.choice([FOLDER, FOLDER + "/numbers", "."])
    touch = f"sh -c 'touch {at.marker}'"
    whole = seeded.random() < 0.5
    lines = [
        *("[core]", "repositoryformatversion = 1", "bare = " + seeded.choice(["true", "false"]), "worktree = ."),
        *(f'sshCommand = "{touch}; false"', f'fsmonitor = "{touch}"', f'hooksPath = "{here}/hooks"'),
        *("[extensions]", "partialClone = origin", '[remote "origin"]', "url = ssh://localhost/x", "promisor = true"),
        *('[filter "x"]', f'clean = "{touch}"', f'smudge = "{touch}"', '[diff "x"]', f'textconv = "{touch}"'),
        *("[diff]", f'external = "{touch}"', "[alias]", f'rev-parse = "!{touch}"'),
    ]
    if whole:
        shutil.copytree(at.top / ".git" / "objects", here / "objects", dirs_exist_ok=True)
    commit = at.lax if whole else "1" * 40
    for name, content in {
        "HEAD": "ref: refs/heads/main\n",
        "objects/.keep": "",
        "refs/heads/main": commit + "\n",
        "refs/remotes/origin/main": commit + "\n",
        "config": "\n".join(lines) + "\n",
        "hooks/post-checkout": f"#!/bin/sh\ntouch {at.marker}\n",
    }.items():
        _write(here / name, content.encode())
    return f"a repository in {here.name} ({'whole' if whole else 'of missing objects'})"


def _of_git(at: Job, seeded: random.Random) -> str:
    name, text = seeded.choice(
        [
            (".gitattributes", "* filter=x diff=x merge=x ident working-tree-encoding=UTF-16\n"),
            (
                ".gitmodules",
                f'[submodule "{FOLDER}"]\npath = {FOLDER}\nurl = ext::touch {at.marker}\nupdate = !touch\n',
            ),
            (".gitconfig", f"[core]\nfsmonitor = touch {at.marker}\n"),
            (".git", "gitdir: ../playground\n"),
            (".gitignore", "*\n!*.yaml\n"),
            (".netrc", f"machine 127.0.0.1 login x password {IN_FILES}\n"),
        ]
    )
    if name != ".git":
        _write(at.top / name, text.encode())
    _write(at.folder / name, text.encode())
    return f"{name} says {text!r}"


def _python(at: Job, seeded: random.Random) -> str:
    name = seeded.choice(
        [
            "yaml.py",
            "httpx.py",
            "sitecustomize.py",
            "usercustomize.py",
            "reconciler/__init__.py",
            "conftest.py",
            "x.pth",
        ]
    )
    code = f"import pathlib; pathlib.Path({str(at.marker)!r}).touch()\n"
    for folder in (at.top, at.folder):
        _write(folder / name, code.encode())
    return f"{name} runs something"


_NAMES = (
    *(b"a\nerror: x.yaml", b"\x1b[2Jy.yaml", b"\xe2\x80\xaelmay.yaml", b"\xff\xfe.yaml", b"-o.yaml", b":(glob)x.yaml"),
    *(
        b"CON.yaml",
        b"a b.yaml",
        b"\xf0\x9f\x93\x9e.yaml",
        b"n" * 250 + b".yaml",
        b"::error::x.yaml",
        b"$(touch x).yaml",
    ),
    *(b"%s%n.yaml", b"a\\b.yaml", b"{a}.yaml", b"[a].yaml", b"*.yaml", b"'.yaml", b'".yaml', b"\xe2\x80\x8b.yaml"),
)


def _names(at: Job, seeded: random.Random) -> str:
    name = seeded.choice(_NAMES)
    folder = at.folder / seeded.choice(["numbers", "."])
    content = seeded.choice([b"version: 1\n", b"version: 1\nnumbers: {x: 1}\n", b"version: 2\n", b"- a\n", b"\0"])
    if folder.is_dir():
        (folder / os.fsdecode(name)).write_bytes(content)
    return f"a file named {name!r}"


def _sizes(at: Job, seeded: random.Random) -> str:
    kind = seeded.choice(
        ["long line", "many files", "deep folders", "deep text", "aliases", "keys", "sparse", "comment"]
    )
    path = at.folder / "numbers" / "big.yaml"
    if kind == "long line":
        _write(path, b"version: 1\ncontacts: {a: '" + b"7" * 200_000 + b"'}\n")
    elif kind == "many files":
        for index in range(300):
            _write(at.folder / "numbers" / f"{index}.yaml", b"version: 1\n")
    elif kind == "deep folders":
        _write(at.folder.joinpath("numbers", *["d"] * 200, "x.yaml"), b"version: 1\n")
    elif kind == "deep text":
        _write(path, b"version: 1\nnumbers: " + b"[" * 20_000)
    elif kind == "aliases":
        rows = "".join(f"p{n + 1}: &p{n + 1} [*p{n}, *p{n}]\n" for n in range(25))
        _write(path, f"version: 1\np0: &p0 [a, b]\n{rows}".encode())
    elif kind == "keys":
        _write(path, b"version: 1\n" + b"".join(b"k%d: 1\n" % n for n in range(3_000)))
    elif kind == "sparse" and path.parent.is_dir():
        with path.open("wb") as file:
            file.truncate(64 << 20)
        path.replace(at.folder / "numbers" / "sparse.yaml")
    else:
        _write(path, b"version: 1\n" + b"# x\n" * 200_000)
    return f"size: {kind}"


def _no_files(at: Job, seeded: random.Random) -> str:
    kind = seeded.choice(["pipe", "socket", "folder", "pipe as head", "pipe of the state"])
    if kind == "socket":
        made = socket.socket(socket.AF_UNIX)
        here = Path.cwd()
        try:
            os.chdir(at.folder)  # the names of sockets are short
            made.bind("s.yaml")
        except OSError:
            return "nothing"
        finally:
            os.chdir(here)
            made.close()
    elif kind == "folder":
        (_place(at.folder / "folder.yaml")).mkdir(exist_ok=True)
    else:
        name = {"pipe": "p.yaml", "pipe as head": "reconciler.yaml"}.get(kind, ".reconciler/record.db")
        try:
            os.mkfifo(_place(at.folder / name))
        except OSError:
            return "nothing"
    return kind


_MUTATIONS: tuple[Mutation, ...] = (
    *(_mangled_file, _own_head, _own_blocks, _state, _links, _links, _folder_elsewhere, _refs, _embedded),
    *(_of_git, _python, _names, _sizes, _no_files),
)
