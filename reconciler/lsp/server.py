"""The Language Server Protocol over standard streams: texts come in, findings, names, words and edits go out.

The only module that knows pygls. Judges after a short pause in typing; one configuration for each folder with a
reconciler.yaml.
"""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from reconciler import __version__
from reconciler.config.trusted import Providers
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.document.source import LONGEST_SPAN
from reconciler.lsp.fixes import Fix, fixes
from reconciler.lsp.project import Project, nearest_root
from reconciler.lsp.spots import Spot, spot_at, typed
from reconciler.lsp.telling import declaration, told

_PAUSE = 0.01  # seconds without a keystroke before the files are judged
_REST = 1.0  # seconds without one before what is left of earlier judgements is looked for
_MOST_LEFT = 50  # judgements after which it is looked for anyhow
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTICE: types.DiagnosticSeverity.Information,
}
_KINDS = {
    "schedules": types.CompletionItemKind.Event,
    "contacts": types.CompletionItemKind.Constant,
    "profiles": types.CompletionItemKind.Struct,
    "scenarios": types.CompletionItemKind.Operator,
    "accounts": types.CompletionItemKind.Module,
}
_PLAIN_NAME = re.compile(r"[\w][\w .@/-]*(?<! )")
_MOST_FIXED = 4


_SIZES = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


class Units:
    """Columns as the editor counts them: UTF-16 units, unless it asked for another way."""

    def __init__(self, encoding: str = "utf-16") -> None:
        self._codec, self._size = _SIZES[encoding]

    def count(self, text: str) -> int:
        """How many units a text has."""
        return len(text) if text.isascii() else len(text.encode(self._codec, "surrogatepass")) // self._size

    def characters(self, text: str, units: int) -> int:
        """How many characters of a text so many units are."""
        if text.isascii():
            return min(units, len(text))
        return len(text.encode(self._codec, "surrogatepass")[: units * self._size].decode(self._codec, "replace"))

    def position(self, lines: Sequence[str], line: int, column: int) -> types.Position:
        """A line and column of ours, both from 1."""
        row = lines[line - 1] if line <= len(lines) else ""
        return types.Position(line - 1, self.count(row[: column - 1]))

    def range(self, lines: Sequence[str], place: Location) -> types.Range:
        """The characters of a place."""
        end = self.position(lines, place.end_line, place.end_column)
        return types.Range(self.position(lines, place.line, place.column), end)


@dataclass(slots=True)
class Desk:
    """What the editor has open, and the configurations that these files belong to."""

    providers: Providers
    today: Callable[[], date]
    texts: dict[Path, str] = field(default_factory=dict)
    addresses: dict[Path, str] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    projects: dict[Path, Project] = field(default_factory=dict)
    shown: dict[Path, set[str]] = field(default_factory=dict)
    waiting: dict[Path, asyncio.Task[None]] = field(default_factory=dict)
    units: Units = field(default_factory=Units)
    judgements: int = 0
    rest: asyncio.TimerHandle | None = None

    def project_of(self, path: Path) -> Project | None:
        """The configuration that a file belongs to."""
        root = nearest_root(path, self.folders)
        if root is None:
            return None
        if root not in self.projects:
            self.projects[root] = Project(root, self.providers, self.today, self.texts)
        return self.projects[root]

    def place(self, uri: str, *, current: bool = True) -> tuple[Project, str] | None:
        """A file's configuration, judged (as the editor shows it now, where places matter), and the file's name there.

        None for a file that belongs to none.
        """
        path = path_of(uri)
        project = self.project_of(path) if path is not None else None
        name = project.name_of(path) if project is not None and path is not None else None
        if project is None or name is None or path is None:
            return None
        held = self.texts.get(path)
        is_old = current and held is not None and not project.has_judged(name, held)
        if project.state.parts is None or is_old:
            project.judge()
        return project, name

    def address(self, project: Project, name: str) -> str:
        """A file's address, as the editor wrote it where it did."""
        path = project.root / name
        return self.addresses.get(path) or path.as_uri()


def path_of(uri: str) -> Path | None:
    """The file that an address names; None for what is in no file yet."""
    path = to_fs_path(uri)
    return Path(path) if path is not None and Path(path).is_absolute() else None


def make_server(providers: Providers, today: Callable[[], date]) -> LanguageServer:
    """A server that is ready to be started."""
    server = LanguageServer("reconciler", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
    desk = Desk(providers, today)
    gc.freeze()  # what was imported stays
    _follow(server, desk)
    _answer(server, desk)
    return server


# -- files ------------------------------------------------------------------------------------------------------------


def _follow(server: LanguageServer, desk: Desk) -> None:
    """Keep up with what the editor opens, changes, saves and closes."""

    @server.feature(types.INITIALIZED)
    def initialized(_params: types.InitializedParams) -> None:
        desk.folders = _folders(server)
        encoding = server.workspace.position_encoding or "utf-16"
        desk.units = Units(str(getattr(encoding, "value", encoding)))
        _watch(server)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def moved(_params: types.DidChangeWorkspaceFoldersParams) -> None:
        desk.folders = _folders(server)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        _take(server, desk, params.text_document.uri, params.text_document.text)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        _take(server, desk, uri, params.content_changes[-1].text)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        _judge_soon(server, desk, path_of(params.text_document.uri))

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        path = path_of(params.text_document.uri)
        if path is not None:
            desk.texts.pop(path, None)
        _judge_soon(server, desk, path)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        for change in params.changes:
            _judge_soon(server, desk, path_of(change.uri))


def _watch(server: LanguageServer) -> None:
    """Ask to be told of files that others change, a checkout of git for one, where the editor can."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace is not None else None
    if watching is not None and watching.dynamic_registration:
        watchers = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*.{yaml,yml}")])
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        wish = types.Registration(id="files", method=method, register_options=watchers)
        server.client_register_capability(types.RegistrationParams([wish]))


def _folders(server: LanguageServer) -> list[Path]:
    """The folders that the editor has open; an old one tells of a single one."""
    addresses = [folder.uri for folder in server.workspace.folders.values()] or [server.workspace.root_uri or ""]
    return [path for path in map(path_of, addresses) if path is not None]


def _take(server: LanguageServer, desk: Desk, uri: str, text: str) -> None:
    path = path_of(uri)
    if path is not None:
        desk.texts[path], desk.addresses[path] = text, uri
    _judge_soon(server, desk, path)


def _judge_soon(server: LanguageServer, desk: Desk, path: Path | None) -> None:
    """Judge the configuration of a file after a pause; what is typed meanwhile begins a new one."""
    project = desk.project_of(path) if path is not None else None
    if project is None:
        return
    before = desk.waiting.pop(project.root, None)
    if before is not None:
        before.cancel()
    desk.waiting[project.root] = asyncio.ensure_future(_judge_after_pause(server, desk, project))


async def _judge_after_pause(server: LanguageServer, desk: Desk, project: Project) -> None:
    await asyncio.sleep(_PAUSE)
    desk.waiting.pop(project.root, None)
    try:
        project.judge()
        _publish(server, desk, project)
    except Exception as error:
        kind = type(error).__name__
        text = f"reconciler lsp: a fault of the program ({kind}); `reconciler validate` says more. Please report it."
        server.window_log_message(types.LogMessageParams(types.MessageType.Error, text))
        raise
    _rest_soon(desk)


def _rest_soon(desk: Desk) -> None:
    """Give back what judgements have left, in circles that only the collector finds, when nobody types."""
    desk.judgements += 1
    if desk.rest is not None:
        desk.rest.cancel()
    due = 0.0 if desk.judgements % _MOST_LEFT == 0 else _REST
    desk.rest = asyncio.get_running_loop().call_later(due, gc.collect)


def _publish(server: LanguageServer, desk: Desk, project: Project) -> None:
    """Tell of every file that has findings, that had some, or that is open."""
    found = project.state.found
    held = {name for path in desk.texts if (name := project.name_of(path)) is not None}
    for name in sorted({*found, *desk.shown.get(project.root, ()), *(held & set(project.state.names))}):
        told = list(_shown(desk, project, name, found.get(name, ())))
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(desk.address(project, name), told))
    desk.shown[project.root] = set(found)


def _shown(desk: Desk, project: Project, name: str, found: Sequence[Diagnostic]) -> Iterator[types.Diagnostic]:
    lines = project.text_of(name).split("\n") if found else []
    for item in found:
        yield types.Diagnostic(
            range=desk.units.range(lines, item.location or Location(name, 1, 1, 1, 1)),
            message=f"{item.message}\nhint: {item.hint}" if item.hint else item.message,
            severity=_SEVERITIES[item.severity],
            code=item.code,
            source="reconciler",
            related_information=[
                types.DiagnosticRelatedInformation(_location(desk, project, each.location), each.message)
                for each in item.related
            ],
        )


def _location(desk: Desk, project: Project, place: Location) -> types.Location:
    lines = project.text_of(place.file).split("\n")
    return types.Location(desk.address(project, place.file), desk.units.range(lines, place))


# -- questions --------------------------------------------------------------------------------------------------------


def _answer(server: LanguageServer, desk: Desk) -> None:
    """Answer what the editor asks about a place."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        here = _spot(desk, params)
        text = told(here[0], here[2]) if here is not None else None
        if here is None or text is None:
            return None
        project, name, spot = here
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), _range_of(desk, project, name, spot))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> types.Location | None:
        here = _spot(desk, params)
        if here is None or here[2].section is None or here[0].state.parts is None:
            return None
        place = declaration(here[0].state.parts, here[2].section, here[2].text)
        return None if place is None else _location(desk, here[0], place)

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[" ", "[", ",", "-"]))
    def completion(params: types.CompletionParams) -> types.CompletionList:
        return types.CompletionList(is_incomplete=False, items=list(_completed(desk, params)))

    kinds = types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, kinds)
    def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return list(_actions(desk, params))


def _spot(desk: Desk, params: types.HoverParams | types.DefinitionParams) -> tuple[Project, str, Spot] | None:
    """What stands at a place of a file that can be read."""
    here = desk.place(params.text_document.uri)
    if here is None:
        return None
    project, name = here
    tree, parts = project.tree_of(name), project.state.parts
    if tree is None or parts is None:
        return None
    offset = _offset(desk, project.text_of(name), params.position)
    spot = spot_at(parts.files.sources, tree, name, offset)
    return None if spot is None else (project, name, spot)


def _offset(desk: Desk, text: str, position: types.Position) -> int:
    lines = text.split("\n")
    row = lines[position.line] if position.line < len(lines) else ""
    before = sum(len(line) + 1 for line in lines[: position.line])
    return before + desk.units.characters(row, position.character)


def _range_of(desk: Desk, project: Project, name: str, spot: Spot) -> types.Range | None:
    parts = project.state.parts
    if parts is None or not spot.span & LONGEST_SPAN:
        return None
    return desk.units.range(project.text_of(name).split("\n"), parts.files.sources.location(spot.span))


def _completed(desk: Desk, params: types.CompletionParams) -> Iterator[types.CompletionItem]:
    here = desk.place(params.text_document.uri, current=False)
    if here is None:
        return
    project, name = here
    held = desk.texts.get(project.root / name)
    lines, row = (project.text_of(name) if held is None else held).split("\n"), params.position.line
    line = lines[row] if row < len(lines) else ""
    before = line[: desk.units.characters(line, params.position.character)]
    due = typed(lines, row, before)
    if due is None:
        return
    start = types.Position(row, params.position.character - desk.units.count(due.word))
    for word in project.words(due.section):
        new = word if _PLAIN_NAME.fullmatch(word) else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
        yield types.CompletionItem(
            word,
            kind=_KINDS[due.section],
            detail=f"{due.section.removesuffix('s')}",
            text_edit=types.TextEdit(types.Range(start, params.position), new),
        )


def _actions(desk: Desk, params: types.CodeActionParams) -> Iterator[types.CodeAction]:
    here = desk.place(params.text_document.uri)
    if here is None:
        return
    project, name = here
    lines = project.text_of(name).split("\n")
    asked = [
        item
        for item in project.state.found.get(name, ())
        if item.location is not None and _touch(desk.units.range(lines, item.location), params.range)
    ]
    for item in asked[:_MOST_FIXED]:
        for fix in fixes(project, name, item):
            yield _action(desk, project, name, fix)


def _touch(one: types.Range, other: types.Range) -> bool:
    starts, ends = (one.start, other.start), (one.end, other.end)
    return max((each.line, each.character) for each in starts) <= min((each.line, each.character) for each in ends)


def _action(desk: Desk, project: Project, name: str, fix: Fix) -> types.CodeAction:
    text = project.text_of(name)
    lines = text.split("\n")
    start, end = (_place(desk, text, lines, offset) for offset in (fix.edit.start, fix.edit.end))
    edit = types.TextEdit(types.Range(start, end), fix.edit.text)
    return types.CodeAction(
        fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=list(_shown(desk, project, name, [fix.finding])),
        edit=types.WorkspaceEdit(changes={desk.address(project, name): [edit]}),
        is_preferred=True,
    )


def _place(desk: Desk, text: str, lines: Sequence[str], offset: int) -> types.Position:
    line = text.count("\n", 0, offset) + 1
    return desk.units.position(lines, line, offset - text.rfind("\n", 0, offset))
