"""`reconciler calls`: live calls listed, placed, transferred, ended; each step is asked for before it is taken.

Must not know what a vendor offers: a service says so itself.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from enum import StrEnum

import click

from reconciler.calls.base import Action, CallError, CallRef, Calls, Done, Order, Step, UndeclaredError
from reconciler.calls.simple_call import Direction, First, UsageRule
from reconciler.cli.errors import command_error
from reconciler.cli.exits import Exit
from reconciler.cli.opening import load_valid, show_progress, start_session
from reconciler.cli.options import Count, Name
from reconciler.cli.process import Process
from reconciler.cli.suggestions import Group, HintedUsageError
from reconciler.views.base import line
from reconciler.views.human import calls as view
from reconciler.workflow.calls import chosen, open_calls, services_of

_SPELLED = re.compile(r"\+?[\d\s()\u00a0-]+", re.ASCII)
_LAW = (
    "somebody who speaks does not know of the listener. In Russia the secrecy of telephone calls is protected by "
    "article 23 of the Constitution, article 63 of the law On Communications and article 138 of the Criminal Code; "
    "whether you have a right to listen, and must tell those who speak, is for you to settle first"
)


class Dialled(click.ParamType[str]):
    """A number in any spelling as its digits; what is none, such as an extension of an exchange, stays as typed."""

    name = "number"

    def convert(self, value: object, _parameter: click.Parameter | None, _context: click.Context | None) -> str:
        """Take separators out of what has nothing else."""
        text = str(value)
        return re.sub(r"\D", "", text) if _SPELLED.fullmatch(text) else text


class Heard(click.ParamType[dict[str, str]]):
    """What one side hears: `tts:TEXT` or `media:ID`."""

    name = "message"

    def convert(
        self, value: object, parameter: click.Parameter | None, context: click.Context | None
    ) -> dict[str, str]:
        """Read it, or fail as wrong usage."""
        kind, _mark, text = str(value).partition(":")
        if kind not in {"tts", "media"} or not text:
            self.fail(f"{value!r} is no message: write tts:TEXT or media:ID", parameter, context)
        return {"type": kind, "value": text}


def _choice(words: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([each.value for each in words])


_via = click.option("--via", type=Name("calls"), metavar="NAME", help="The service, where several are declared.")
_approve = click.option("--auto-approve", is_flag=True, help="Do not ask; needed where nobody can be asked.")
_extension = click.option("--extension", metavar="ID", help="Telphin: the extension that the call is at.")
_tag = click.option("--tag", metavar="TAG", help="MTT: the call's tag, from its event.")
_transport = click.option("--transport", metavar="ID", help="MTT: the call's transportId, from its event.")
_call = click.argument("call", metavar="CALL")


@click.group("calls", cls=Group)
def calls() -> None:
    """See and control live calls at Telphin, MTT Business and UIS.

    Services are declared under `calls` in reconciler.yaml; an MTT account serves by its own name. No plan and no apply
    has anything to do with it. What changes a call is said and asked for first, sent once and never repeated.
    """


@calls.command("list")
@_via
@click.option("--extension", metavar="ID", help="Telphin: only this extension's calls.")
@click.pass_obj
def list_calls(process: Process, via: str | None, extension: str | None) -> Exit:
    """List live calls (Telphin), or the workplaces and terminals that calls are placed from (MTT).

    Example: reconciler calls list --via pbx
    """
    with _opened(process, via) as (name, provider, service):
        found = service.listing(extension)
    content = {"service": name, "provider": provider, **view.listing_json(found)}
    process.answer(lambda: content, lambda columns: view.listing(found, columns))
    return Exit.DONE


@calls.command()
@click.argument("to", type=Dialled(), metavar="TO")
@click.option(
    "--from",
    "caller",
    required=True,
    type=Dialled(),
    metavar="WHO",
    help="MTT: the workplace that is called first. UIS: the operator, who can control the call.",
)
@_via
@click.option("--first", "first_call", type=_choice(First), help="UIS: who is called first.")
@click.option(
    "--virtual-number", "virtual_phone_number", type=Dialled(), metavar="NUMBER", help="UIS: whence it comes."
)
@click.option(
    "--virtual-number-rule",
    "virtual_phone_usage_rule",
    type=_choice(UsageRule),
    metavar="RULE",
    help="UIS: how the rented number is chosen.",
)
@click.option(
    "--show-virtual-number/--hide-virtual-number",
    "show_virtual_phone_number",
    default=None,
    help="UIS: whether the operator sees the rented number.",
)
@click.option(
    "--switch-at-once/--no-switch-at-once", default=None, help="UIS: cut messages off once both have answered."
)
@click.option("--early-switching/--no-early-switching", default=None, help="UIS: the operator hears the line early.")
@click.option("--media-file", "media_file_id", type=Count(1), metavar="ID", help="UIS: the music while waiting.")
@click.option("--external-id", metavar="TEXT", help="UIS: your own id of the call.")
@click.option("--dtmf", "dtmf_string", metavar="KEYS", help="UIS: keys sent to TO; . waits a second.")
@click.option("--direction", type=_choice(Direction), help="UIS: as what reports show it.")
@click.option("--confirm", "operator_confirmation", metavar="KEY", help="UIS: the key the operator presses, or any.")
@click.option("--contact-message", type=Heard(), metavar="KIND:VALUE", help="UIS: what TO hears: tts:TEXT or media:ID.")
@click.option("--operator-message", type=Heard(), metavar="KIND:VALUE", help="UIS: what the operator hears.")
@_approve
@click.pass_obj
def place(process: Process, /, to: str, caller: str, via: str | None, auto_approve: bool, **options: object) -> Exit:
    """Place a call between two telephones: it rings there, and costs money.

    A service that was sent the request and did not answer may have placed the call: then that is said, and it is not
    tried again.

    Example: reconciler calls place 79091234567 --from 79262444491 --via probe
    """
    order = Order(caller, to, {key: value for key, value in options.items() if value is not None})
    return _taken(process, via, "place", lambda service: service.place(order), approved=auto_approve)


@calls.command()
@_call
@click.argument("to", type=Dialled(), metavar="TO")
@click.option("--attended", is_flag=True, help="Telphin: ask there before the call is handed over.")
@_extension
@_tag
@_transport
@_via
@_approve
@click.pass_obj
def transfer(
    process: Process,
    /,
    call: str,
    to: str,
    attended: bool,
    extension: str | None,
    tag: str | None,
    transport: str | None,
    via: str | None,
    auto_approve: bool,
) -> Exit:
    """Lead a live call to another number.

    Example: reconciler calls transfer 81b3e6 74992223344 --extension 143211
    """
    ref = CallRef(call, extension or "", tag or "", transport or "")

    def transferred(service: Calls) -> Step:
        return service.transfer(ref, to, attended=attended)

    return _taken(process, via, "transfer", transferred, approved=auto_approve)


@calls.command()
@_call
@_extension
@_tag
@_transport
@_via
@_approve
@click.pass_obj
def hangup(
    process: Process,
    /,
    call: str,
    extension: str | None,
    tag: str | None,
    transport: str | None,
    via: str | None,
    auto_approve: bool,
) -> Exit:
    """End a live call, or one leg of it (MTT).

    Example: reconciler calls hangup 81b3e6 --extension 143211
    """
    ref = CallRef(call, extension or "", tag or "", transport or "")
    return _taken(process, via, "hangup", lambda service: service.hang_up(ref), approved=auto_approve)


@calls.command()
@click.argument("what", type=_choice(Action), metavar="ACTION")
@_call
@click.argument("to", type=Dialled(), required=False, metavar="[TO]")
@_extension
@_via
@click.option(
    "--allow-listening", is_flag=True, help="Permit eavesdrop and whisper, for which the law may want a right."
)
@_approve
@click.pass_obj
def action(
    process: Process,
    /,
    what: str,
    call: str,
    to: str | None,
    extension: str | None,
    via: str | None,
    allow_listening: bool,
    auto_approve: bool,
) -> Exit:
    """Do one of Telphin's nine things to a live call.

    ACTION is transfer, attended_transfer, eavesdrop, whisper, conference, hold, offhold, park or pickup. TO is who is
    called for it; hold, offhold and park call nobody. eavesdrop and whisper need --allow-listening.

    Example: reconciler calls action pickup 81b3e6 101 --extension 143211
    """
    wanted, ref = Action(what), CallRef(call, extension or "")
    if wanted.listens and not allow_listening:
        hint = "if you may, pass --allow-listening"
        raise command_error("needs-allow-listening", f"{wanted}: {_LAW}", hint=hint, exit_code=Exit.REFUSED)
    return _taken(process, via, wanted.value, lambda service: service.act(wanted, ref, to), approved=auto_approve)


# -- opening, asking, taking ------------------------------------------------------------------------------------------


@contextmanager
def _opened(process: Process, via: str | None) -> Iterator[tuple[str, str, Calls]]:
    """Open a service; what it finds wrong with a request before it is sent is wrong usage."""
    configuration, _found = load_valid(process)
    try:
        name = chosen(configuration, via)
        with (
            start_session(process, configuration) as session,
            show_progress(process, session),
            closing(open_calls(session, name)) as service,
        ):
            yield name, services_of(configuration)[name], service
    except UndeclaredError as error:
        raise command_error("calls-undeclared", str(error), hint=error.hint) from None
    except CallError as error:
        path = click.get_current_context().command_path
        raise HintedUsageError(str(error), path, error.hint or f"{path} --help") from None


def _taken(process: Process, via: str | None, what: str, prepare: Callable[[Calls], Step], *, approved: bool) -> Exit:
    """Check, ask, and do one thing to a call."""
    if not approved and (process.format.for_programs or not process.has_person):
        raise click.UsageError("there is nobody to ask: pass --auto-approve")
    with _opened(process, via) as (name, provider, service):
        step = prepare(service)
        if not approved:
            _ask(process, step.question)
        done = step.take()
    process.answer(lambda: _content(name, provider, what, done), lambda _columns: view.done(done, name))
    return Exit.DONE


def _content(name: str, provider: str, what: str, done: Done) -> Mapping[str, object]:
    told = {"call": done.call, "limits": dict(done.limits)}
    return {"service": name, "provider": provider, "action": what, "accepted": True, **told}


def _ask(process: Process, question: str) -> None:
    """Say what would happen, and ask; raises CommandError where the answer is not yes."""
    process.screen.note([line(question)])
    click.echo("Only yes is accepted: ", err=True, nl=False)
    if sys.stdin.readline().strip() != "yes":
        raise command_error("not-approved", "not approved; nothing was sent")
