"""A folder to parsed files: reconciler.yaml, what its `include` names, and the trusted copy from git.

Knows which keys belong to the trusted file; knows no sections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from pydantic_core import PydanticCustomError

from reconciler import __version__
from reconciler.config.folder import no_configuration
from reconciler.config.forms import says_nothing, stray_comma
from reconciler.config.include import TRUSTED_FILE, find_included, refused_link
from reconciler.config.phones import digits_of
from reconciler.config.releases import release_range
from reconciler.config.validation import did_you_mean
from reconciler.config.values import configuration_name, kind_of, quoted
from reconciler.diagnostics import Diagnostic, Location, Related
from reconciler.document import Sources, Tree, Unreadable, decode, overlay, parse, read_text
from reconciler.document.source import is_ours, span_at
from reconciler.git import GitError, file_at
from reconciler.rules import RULES

_OWN_KEYS = ("name", "include", "defaults", "accounts", "calls", "record", "policy")
TRUSTED_KEYS = ("required_version", *_OWN_KEYS, "environments")
_FOR_POLICY = "; a file for --policy has a name that begins with `_`, or is outside `include`"
SHARED_KEYS = ("contacts", "schedules", "profiles", "scenarios", "numbers", "expectations", "forget")
_VERSION = "1"
_NOT_OURS = f"if the file is another program's, narrow `include` in {TRUSTED_FILE}"
Value = TypeVar("Value")
Reader = Callable[[Path], str | Unreadable]
_SHORTEST_NUMBER = 7
_FOREIGN = ("yaml-documents", "yaml-tag")


class File(NamedTuple):
    """A parsed file whose root is a map of known keys."""

    name: str
    tree: Tree
    has_nulls: bool


@dataclass(slots=True)
class Files:
    """Everything read. `broken`: some file could not be, so what seems to be missing may stand there.

    `calendars`: the texts of the calendar files that schedules name.
    """

    root: Path = Path()
    sources: Sources = field(default_factory=Sources)
    calendars: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)
    broken: bool = False

    @property
    def trusted(self) -> Tree | None:
        """The root of reconciler.yaml."""
        return self.files[0].tree if self.files else None

    def judged(self, read: Callable[[Any], Value], written: object, span: int) -> Value | None:
        """What a text says; None where it says nothing of that kind, which is reported."""
        try:
            return read(written)
        except PydanticCustomError as error:
            context = error.context or {}
            self.complain(error.type, span, context["message"], context["hint"])
            return None

    def complain(
        self,
        code: str,
        span: int,
        message: str,
        hint: str | Callable[[], str | None] | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report a breach of a rule at its place."""
        self.found.append(self.sources.problem(code, span, message, hint, related))


class Origin(NamedTuple):
    """Where files are taken from: reconciler.yaml at a git ref, in one of its environments; `read` gives each text.

    `texts` stand for files of these names, which need not exist.
    """

    trusted: str | None = None
    environment: str | None = None
    read: Reader = read_text
    texts: Mapping[str, str] = MappingProxyType({})


WORKING_COPY = Origin()


def read_files(root: Path, origin: Origin = WORKING_COPY) -> Files:
    """Read a configuration's files; every diagnostic is in `found`."""
    trusted, environment, read, texts = origin
    files = Files(root)
    text = texts.get(TRUSTED_FILE) if trusted is None else None
    text = _trusted_text(root, trusted, files, read) if text is None else text
    if text is None:
        files.broken = True
        return files
    name = TRUSTED_FILE if trusted is None else f"{trusted}:{TRUSTED_FILE}"
    if not _take(files, name, text, origin=None):
        return files
    if not _enter(files, environment):
        files.broken = True
        return files
    chosen = find_included(root, files.files[0].tree, files.sources, texts)
    files.found += chosen.found
    files.broken = files.broken or any(item.is_error for item in chosen.found)
    for path in chosen.names:
        given = texts[path] if path in texts else read(root / path)
        if isinstance(given, Unreadable):
            _refuse_file(files, path, given)
        else:
            _take(files, path, given, origin=chosen.origin)
    return files


def _trusted_text(root: Path, trusted: str | None, files: Files, read: Reader) -> str | None:
    path = root / TRUSTED_FILE
    if path.is_symlink():
        files.found.append(refused_link(TRUSTED_FILE, "the file is a link", "put the file itself there"))
        return None
    if trusted is None and _is_missing(path):
        files.found.append(no_configuration(root))
        return None
    given = read(path) if trusted is None else _taken(root, trusted, files)
    if given is None:
        return None
    if isinstance(given, Unreadable):
        _refuse_file(files, TRUSTED_FILE, given)
        return None
    if trusted is not None:
        files.found.extend(_ignored(path, given, trusted))
    return given


def _taken(root: Path, ref: str, files: Files) -> str | Unreadable | None:
    """The text of the trusted file as a ref has it, which is said; None where it cannot be had."""
    try:
        taken = file_at(root, ref, TRUSTED_FILE)
    except GitError as error:
        hint = error.hint or "name a branch, tag or commit that has it, like origin/main"
        message = f"the trusted {TRUSTED_FILE} cannot be read: {error}"
        files.found.append(RULES["trusted-unreadable"].at(None, message, hint))
        return None
    files.found.append(RULES["trusted-taken"].at(None, f"the trusted {TRUSTED_FILE} is {taken}"))
    return decode(taken.content)


def _is_missing(path: Path) -> bool:
    """Whether nothing is there; what cannot be looked at is not a reason to say so."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError | NotADirectoryError)
    return False


def _refuse_file(files: Files, name: str, given: Unreadable) -> None:
    files.broken = True
    files.names.append(name)
    files.found.append(given.at(name))


def _ignored(path: Path, trusted: str, ref: str) -> Iterator[Diagnostic]:
    """Say which lines of the working copy are not those of the trusted file."""
    given = "" if _is_missing(path) else read_text(path)
    if isinstance(given, Unreadable) or given == trusted:
        return

    matcher = SequenceMatcher(None, _rows(trusted), _rows(given), autojunk=False)
    changes = [(start, end) for tag, _, _, start, end in matcher.get_opcodes() if tag != "equal"]
    if not changes:
        return  # they differ in line ends only
    added = [(start + 1, end) for start, end in changes if end > start]
    first = changes[0][0] + 1
    where = ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in added)
    if added:
        lines, was = ("line", "was") if where.isdigit() else ("lines", "were")
        message = f"of the working copy's {TRUSTED_FILE}, {lines} {where} {was} ignored: {ref} has the trusted one"
    else:
        message = f"lines that the working copy's {TRUSTED_FILE} omits still apply: {ref} has the trusted one"
    sources = Sources()
    base = sources.add(TRUSTED_FILE, given or "\n", quoted=is_ours(given))
    offset = sum(len(line) + 1 for line in given.split("\n")[: first - 1])
    yield sources.problem("trusted-ignored", span_at(base, min(offset, len(given)), min(offset, len(given))), message)


def _rows(text: str) -> list[str]:
    """The lines of a text, as an editor counts them."""
    return [row.removesuffix("\r") for row in text.removesuffix("\n").split("\n")] if text else []


# -- environments -----------------------------------------------------------------------------------------------------


# docs/decisions/179
def _enter(files: Files, environment: str | None) -> bool:
    """Judge the environments of reconciler.yaml and lay one over it; whether that could be done."""
    root = files.files[0].tree
    given = root.get("environments")
    if given is not None and given.data is not None and not isinstance(given.data, dict):
        hint = f"write environments: {{staging: {_AN_ENVIRONMENT}}}"
        files.complain("wrong-type", given.span, f"environments takes a map, not {kind_of(given.data)}", hint)
        return False
    declared = {key: each for key, _span, each in given.items()} if given is not None and given.data else {}
    fit = [_is_fit(files, root, key, each, declared) for key, each in declared.items()]
    if declared and root.data.get("name") is None:
        message = (
            "without `environments` laid over it this configuration has no name, so its record would be theirs too"
        )
        files.complain("name-missing", root.key_span("environments"), message, "add `name: moscow-lines`")
        return False
    if environment is not None and environment not in declared:
        hint = did_you_mean(environment, declared) or "declare it under `environments` in reconciler.yaml"
        message = f"there is no environment {quoted(environment)}"
        files.found.append(RULES["unknown-environment"].at(None, message, hint))
        return False
    if environment is not None and all(fit):
        laid = overlay(root, declared[environment], _is_another)
        files.files[0] = files.files[0]._replace(tree=laid)
    return environment is None or all(fit)


def environments_of(files: Files) -> list[str]:
    """The names of the environments that reconciler.yaml declares."""
    given = files.trusted.get("environments") if files.trusted is not None else None
    return list(given.data) if given is not None and isinstance(given.data, dict) else []


def _is_another(below: dict[str, Any], above: dict[str, Any]) -> bool:
    """Whether a map takes the place of the one below: a secret has one source, and an account one provider."""
    if above.keys() <= _SOURCES and below.keys() <= _SOURCES:
        return True
    return "provider" in above and above["provider"] != below.get("provider")


_SOURCES = {"env", "file", "command"}
_AN_ENVIRONMENT = "{name: lines-staging, accounts: {…}}"


def _is_fit(files: Files, root: Tree, name: str, given: Tree, declared: Mapping[str, Tree]) -> bool:
    """Whether an environment is a map of known keys, with a name that is its own."""
    if not isinstance(given.data, dict):
        hint = f"write it like {_AN_ENVIRONMENT}"
        files.complain("wrong-type", given.span, f"{name} takes a map, not {kind_of(given.data)}", hint)
        return False
    for key, span, _value in given.items():
        if key not in _OWN_KEYS:
            message, covered = f"{quoted(key)} is not known in an environment", "put it in a file that `include` covers"
            files.complain(
                "unknown-key", span, message, covered if key in SHARED_KEYS else did_you_mean(key, _OWN_KEYS)
            )
    return _has_own_name(files, root, name, given, declared)


def _has_own_name(files: Files, root: Tree, name: str, given: Tree, declared: Mapping[str, Tree]) -> bool:
    own = given.get("name")
    if own is None or own.data is None:
        span = given.span if own is None else given.key_span("name")
        message = f"the environment {quoted(name)} has no name, so its record would be that of another"
        files.complain("name-missing", span, message, f"add `name: lines-{name}`")
        return False
    if files.judged(configuration_name, own.data, own.span) is None:
        return False
    if own.data in {_name_of(root), *(_name_of(each) for key, each in declared.items() if key != name)}:
        message = f"the environment {quoted(name)} has the name of another, so their records would be one"
        files.complain("invalid-value", given.key_span("name"), message, "give each a name of its own")
        return False
    return True


def _name_of(tree: Tree) -> str | None:
    """The name that a map gives itself; None where it is none."""
    name = tree.data.get("name") if isinstance(tree.data, dict) else None
    return name if isinstance(name, str) else None


# -- one file ---------------------------------------------------------------------------------------------------------


def _take(files: Files, name: str, text: str, *, origin: Location | None) -> bool:
    base = files.sources.add(name, text, quoted=is_ours(text))
    files.names.append(name)
    document = parse(files.sources, base, text)
    problems = limit_quotes(document.problems, quoted=is_ours(text))
    files.found.extend(problems if len(files.names) == 1 else map(_perhaps_foreign, problems))
    if document.tree is None or any(item.is_error for item in document.problems):
        files.broken = True
    if document.tree is None:
        if not document.problems:
            hint = "begin with `version: 1`"
            files.complain("file-empty", span_at(base, 0, 1), "the file has only comments", hint)
        return False
    trusted = len(files.names) == 1
    if trusted and not _takes_this_release(files, document.tree):
        files.broken = True
        return False
    if not _is_ours(files, document.tree, trusted=trusted, origin=origin):
        files.broken = True
        return False
    _check_keys(files, name, document.tree, trusted=trusted)
    files.files.append(File(name, document.tree, document.has_nulls))
    return True


def _perhaps_foreign(found: Diagnostic) -> Diagnostic:
    """The same of an included file; what other programs write, and we do not know, may not be meant for us."""
    if found.hint and found.code not in _FOREIGN:
        return found
    return replace(found, hint=f"{found.hint}; {_NOT_OURS}" if found.hint else _NOT_OURS)


def _misplaced(key: str) -> str | None:
    """Where a key belongs that cannot be one of the file's own."""
    is_number = len(digits_of(key) or "") >= _SHORTEST_NUMBER
    return "this looks like a phone number: indent it under `numbers`" if is_number else None


def limit_quotes(problems: Iterable[Diagnostic], *, quoted: bool) -> Iterator[Diagnostic]:
    """What is wrong with a text; of one that may not be quoted only the rule and the place."""
    for each in problems:
        rule = RULES[each.code]
        yield each if quoted else rule.at(each.location, rule.sentence.rstrip("."))


def is_own_key(key: str) -> bool:
    """Whether a key at the top of a file is the user's own, which nothing reads."""
    # docs/decisions/174
    return key.startswith("x-")


# docs/decisions/175
def _takes_this_release(files: Files, tree: Tree) -> bool:
    """Whether a configuration lets this release read it; where not, that is all that is said of it."""
    asked = tree.get("required_version")
    if asked is None or asked.data is None:
        return True
    bounds = files.judged(release_range, asked.data, asked.span)
    if bounds is None or bounds.takes(__version__):
        return bounds is not None
    message = f"this is reconciler {__version__}, and the configuration asks for {asked.data}"
    files.complain("release-unfit", asked.span, message, "install a release that fits, or change required_version")
    return False


def _is_ours(files: Files, tree: Tree, *, trusted: bool, origin: Location | None) -> bool:
    """Whether a file is a map that says `version: 1`."""
    if not isinstance(tree.data, dict):
        message = f"a file is a map of keys, not {kind_of(tree.data)}"
        hint = "begin with `version: 1`" if trusted else f"begin with `version: 1`; {_NOT_OURS}"
        files.complain("wrong-type", tree.span, message, hint)
        return False
    version = tree.get("version")
    if version is None:
        files.found.append(_no_version(files, tree, trusted=trusted, origin=origin))
        return False
    if version.data != _VERSION:
        shown = quoted(version.data) if isinstance(version.data, str) else kind_of(version.data)
        message = f"{shown} is not a known version"
        hint = "write `version: 1`" if trusted else f"write `version: 1`; {_NOT_OURS}"
        files.complain("version-unsupported", version.span, message, hint)
        return False
    return True


def _no_version(files: Files, tree: Tree, *, trusted: bool, origin: Location | None) -> Diagnostic:
    start = tree.span >> 24 << 24
    if trusted:
        return files.sources.problem("version-missing", start, "the file does not say `version: 1`", "add `version: 1`")
    hint = f"add `version: 1`; {_NOT_OURS}"
    related = (Related("included from here", origin),) if origin else ()
    return files.sources.problem("version-missing", start, "an included file does not say `version: 1`", hint, related)


def _check_keys(files: Files, name: str, tree: Tree, *, trusted: bool) -> None:
    for key, span, value in tree.items():
        if is_own_key(key):
            continue
        comma = stray_comma(files.sources, span, value.data)
        if key == "version" or key in SHARED_KEYS or (trusted and key in TRUSTED_KEYS):
            if comma is not None:
                files.complain("wrong-type", span, says_nothing(key), comma)
            continue
        if key in TRUSTED_KEYS:
            message = f"{key} is allowed only in {TRUSTED_FILE}"
            hint = f"move it to {TRUSTED_FILE}" + (_FOR_POLICY if key == "policy" else "")
            if name.rpartition("/")[2] == TRUSTED_FILE:
                message = f"{key} is allowed only in the {TRUSTED_FILE} of the configuration's own folder"
                hint = f"narrow `include` if {name} belongs to another configuration"
            files.complain("trusted-only", span, message, hint)
        else:
            known = ("version", *SHARED_KEYS, *(TRUSTED_KEYS if trusted else ()))
            message = f"{quoted(key)} is not known here"
            instead = comma or _misplaced(key) or partial(did_you_mean, key, known)
            files.complain("unknown-key", span, message, instead)
