"""Profiles and scenarios: maps merge deeply, lists replace, null removes, another type replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.model import NoForwarding, NumberForwarding, Redirect, UrlForwarding, Value
from reconciler.settings import Configuration
from tests.loading import load
from tests.unit.config.loading import ACCOUNTS, findings, only, sound, underlined, write

PROFILES = """\
profiles:
  base:
    tags: [base]
    description: From the profile
    forwarding:
      type: number
      targets: [{to: "74992223344"}]
      event_url: https://example.com/calls
      event_extended: true
  loud:
    forwarding: {redirect: parallel}
  both:
    use: [base, loud]
    tags: [both]
"""


def configuration(folder: Path, entry: str, more: str = "", *, scenario: str | None = None) -> Configuration:
    text = ACCOUNTS + PROFILES + f'numbers:\n  "74991112233": {entry}\n' + more
    loaded = load(write(folder, text), scenario=scenario)
    assert loaded.configuration is not None, [(item.code, item.message) for item in loaded.diagnostics]
    return loaded.configuration


def value(folder: Path, entry: str, more: str = "", *, scenario: str | None = None) -> Value:
    (desired,) = configuration(folder, entry, more, scenario=scenario).desired
    return desired.value


def numbers(given: Value) -> NumberForwarding:
    assert isinstance(given, NumberForwarding)
    return given


def test_an_entry_takes_over_what_its_profile_says(tmp_path: Path) -> None:
    (desired,) = configuration(tmp_path, "{use: [base]}").desired
    assert (desired.tags, desired.description) == (("base",), "From the profile")
    forwarding = numbers(desired.value)
    assert [target.to for target in forwarding.targets] == ["74992223344"]
    assert (forwarding.event_url, forwarding.event_extended) == ("https://example.com/calls", True)


def test_maps_merge_and_lists_replace(tmp_path: Path) -> None:
    (desired,) = configuration(
        tmp_path, '{use: [base], tags: [own], forwarding: {targets: [{to: "74992223355"}], masking: true}}'
    ).desired
    assert desired.tags == ("own",)
    forwarding = numbers(desired.value)
    assert [target.to for target in forwarding.targets] == ["74992223355"]
    assert (forwarding.masking, forwarding.event_url) == (True, "https://example.com/calls")


@pytest.mark.parametrize("null", ["null", "~", ""])
def test_null_removes_what_a_profile_says(null: str, tmp_path: Path) -> None:
    forwarding = numbers(value(tmp_path, f"{{use: [base], forwarding: {{event_url: {null}, event_extended: {null}}}}}"))
    assert (forwarding.event_url, forwarding.event_extended) == ("", False)


def test_null_removes_a_whole_block(tmp_path: Path) -> None:
    assert configuration(tmp_path, "{use: [base], forwarding: null}").desired == ()


def test_profiles_are_laid_left_to_right(tmp_path: Path) -> None:
    quiet = "  quiet: {forwarding: {redirect: single}}\n"
    text = ACCOUNTS + PROFILES + quiet + "numbers:\n"
    text += '  "74991112233": {use: [base, loud, quiet]}\n  "74991112244": {use: [base, quiet, loud]}\n'
    configuration_ = sound(tmp_path, text).configuration
    assert configuration_ is not None
    assert [numbers(desired.value).redirect for desired in configuration_.desired] == [
        Redirect.SINGLE,
        Redirect.PARALLEL,
    ]


def test_a_profile_may_use_profiles(tmp_path: Path) -> None:
    (desired,) = configuration(tmp_path, "{use: [both]}").desired
    assert desired.tags == ("both",)
    assert numbers(desired.value).redirect is Redirect.PARALLEL


def test_a_forwarding_of_another_type_replaces_the_profiles(tmp_path: Path) -> None:
    entry = "{use: [base], forwarding: {type: url, url: https://example.com/route}}"
    assert value(tmp_path, entry) == UrlForwarding("https://example.com/route")


def test_none_replaces_the_profiles_forwarding(tmp_path: Path) -> None:
    assert value(tmp_path, "{use: [base], forwarding: none}") == NoForwarding()


def test_a_field_from_a_profile_has_its_place_there_and_the_entry_its_own(tmp_path: Path) -> None:
    (desired,) = configuration(tmp_path, "{use: [base], forwarding: {masking: true}}").desired
    line = (ACCOUNTS + PROFILES).splitlines().index("      event_url: https://example.com/calls") + 1
    assert str(desired.place_of("event_url")) == f"reconciler.yaml:{line}:18"
    number = len((ACCOUNTS + PROFILES).splitlines()) + 2
    assert str(desired.declared_at) == f"reconciler.yaml:{number}:3"
    assert desired.place_of("masking").line == number


def test_a_fault_in_a_profile_is_told_once_however_many_use_it(tmp_path: Path) -> None:
    text = ACCOUNTS + 'profiles:\n  bad: {forwarding: {type: number, targets: [{to: "74992223344", timeout: soon}]}}\n'
    text += "numbers:\n" + "".join(f'  "749911122{index:02}": {{use: [bad]}}\n' for index in range(20))
    item = only(tmp_path, text)
    assert (item.code, underlined(item)) == ("timeout-range", "soon")


@pytest.mark.parametrize(
    ("profile", "code", "under"),
    [
        ("{forwading: none}", "unknown-key", "forwading"),
        ("{forwarding: {redirct: single}}", "unknown-key", "redirct"),
        ("{forwarding: {type: url, url: nowhere}}", "url-invalid", "nowhere"),
        ("{protected: perhaps}", "wrong-type", "perhaps"),
        ("{forwarding: [a]}", "forwarding-type", "[a]"),
        ("{forwarding: yes}", "forwarding-type", "yes"),
        ("{use: [nothing]}", "unknown-profile", "nothing"),
        ("{use: [spare]}", "profile-cycle", "spare"),
    ],
)
def test_a_profile_that_nobody_uses_is_judged_too(profile: str, code: str, under: str, tmp_path: Path) -> None:
    item = only(tmp_path, ACCOUNTS + f"profiles:\n  spare: {profile}\n")
    assert (item.code, underlined(item)) == (code, under)


def test_profiles_in_a_circle_are_named(tmp_path: Path) -> None:
    text = ACCOUNTS + "profiles: {a: {use: [b]}, b: {use: [c]}, c: {use: [a]}}\n"
    item = only(tmp_path, text + 'numbers: {"74991112233": {use: [a]}}\n')
    assert (item.code, item.message) == ("profile-cycle", "profiles use each other in a loop: a -> b -> c -> a")


# -- scenarios ------------------------------------------------------------------------------------------------------

STORM = """\
scenarios:
  storm:
    numbers:
      "74991112233": {forwarding: {type: url, url: https://example.com/storm}}
  night:
    contacts: {duty: {to: "74992223399"}}
    profiles: {loud: {forwarding: {redirect: single}}}
"""


def test_a_scenario_is_laid_over_the_numbers_it_names(tmp_path: Path) -> None:
    assert value(tmp_path, "{use: [base]}", STORM, scenario="storm") == UrlForwarding("https://example.com/storm")
    assert configuration(tmp_path, "{use: [base]}", STORM, scenario="storm").scenario == "storm"


def test_without_a_scenario_nothing_of_it_holds(tmp_path: Path) -> None:
    assert isinstance(value(tmp_path, "{use: [base]}", STORM), NumberForwarding)


def test_a_scenario_may_lay_over_contacts_and_profiles(tmp_path: Path) -> None:
    contacts = 'contacts: {duty: {to: "74992223344", name: Duty}}\n'
    entry = "{use: [base, loud], forwarding: {targets: [{to: duty}]}}"
    forwarding = numbers(value(tmp_path, entry, contacts + STORM, scenario="night"))
    assert [(target.to, target.name) for target in forwarding.targets] == [("74992223399", "Duty")]
    assert forwarding.redirect is Redirect.SINGLE


def test_a_scenario_changes_the_digest(tmp_path: Path) -> None:
    plain = configuration(tmp_path, "{use: [base]}", STORM)
    stormy = configuration(tmp_path, "{use: [base]}", STORM, scenario="storm")
    assert plain.digest != stormy.digest
    assert plain.digest == configuration(tmp_path, "{use: [base]}", STORM).digest


def test_an_unknown_scenario_suggests_the_nearest(tmp_path: Path) -> None:
    write(tmp_path, ACCOUNTS + STORM)
    found = load(tmp_path, scenario="strom").diagnostics
    assert [(item.code, item.message, item.hint) for item in found if item.code == "unknown-scenario"] == [
        ("unknown-scenario", "there is no scenario 'strom'", "did you mean storm?")
    ]


@pytest.mark.parametrize(
    ("scenario", "code", "under"),
    [
        ('{numbers: {"74991112233": {forwarding: {type: url, url: x}}}}', "url-invalid", "x"),
        ('{numbers: {"74991112233": {forwading: none}}}', "unknown-key", "forwading"),
        ("{numbers: {abc: {forwarding: none}}}", "number-invalid", "abc"),
        ('{numbers: {"74991112233": {use: [nothing]}}}', "unknown-profile", "nothing"),
        ("{nmbers: {}}", "unknown-key", "nmbers"),
        ("{contacts: {duty: {too: x}}}", "unknown-key", "too"),
        ("{schedules: {nights: {period: always}}}", "period-word", "always"),
    ],
)
def test_a_prepared_scenario_that_would_fail_is_an_error_today(
    scenario: str, code: str, under: str, tmp_path: Path
) -> None:
    text = ACCOUNTS + f"scenarios:\n  storm: {scenario}\n"
    assert (code, under) in {(item.code, underlined(item)) for item in findings(tmp_path, text)}


def test_a_scenario_cannot_take_a_number_away_by_an_empty_line(tmp_path: Path) -> None:
    text = ACCOUNTS + 'numbers: {"74991112233": {forwarding: none}}\nscenarios:\n  s:\n    numbers:\n'
    assert load(write(tmp_path, text + '      "74991112233":\n')).configuration is None


def test_an_unknown_profile_hides_nothing_else_that_is_wrong(tmp_path: Path) -> None:
    entry = """
    use: [nothing]
    account: sale
    tag: [x]
    forwarding: {type: number, redirct: single, targets: [{to: nobody, timeout: -1, schedule: never}]}
"""
    text = ACCOUNTS + f'numbers:\n  "74991112233":{entry}'
    assert {(item.code, underlined(item)) for item in findings(tmp_path, text)} == {
        ("unknown-profile", "nothing"),
        ("unknown-account", "sale"),
        ("unknown-key", "tag"),
        ("unknown-key", "redirct"),
        ("unknown-contact", "nobody"),
        ("timeout-range", "-1"),
        ("unknown-schedule", "never"),
    }


def test_all_that_is_wrong_in_a_scenario_is_told_at_once(tmp_path: Path) -> None:
    scenario = """
    nmbers: {}
    contacts: {duty: {too: x}}
    schedules: {nights: {period: "hr {25}"}}
    numbers:
      "74991112233": {forwarding: {type: url, url: x}}
      "74991112234": {forwarding: none, tagz: []}
      "74991112235":
"""
    text = ACCOUNTS + f"scenarios:\n  storm:{scenario}"
    assert {(item.code, underlined(item)) for item in findings(tmp_path, text)} == {
        ("unknown-key", "nmbers"),
        ("unknown-key", "too"),
        ("period-hour", "25"),
        ("url-invalid", "x"),
        ("unknown-key", "tagz"),
        ("wrong-type", '"74991112235"'),
    }


def test_a_number_stands_once_in_a_scenario_however_it_is_spelt(tmp_path: Path) -> None:
    entries = '{"74991112233": {forwarding: none}, "+7 499 111-22-33": {forwarding: none}}'
    item = only(tmp_path, ACCOUNTS + f"scenarios: {{storm: {{numbers: {entries}}}}}\n")
    assert (item.code, underlined(item)) == ("duplicate-entry", '"+7 499 111-22-33"')
    assert [(related.location.line, related.location.column) for related in item.related] == [(6, 31)]


def test_a_mistyped_type_is_told_beside_its_lack(tmp_path: Path) -> None:
    text = ACCOUNTS + 'numbers:\n  "74991112233": {forwarding: {typ: number, targets: []}}\n'
    assert [(item.code, item.hint) for item in findings(tmp_path, text)] == [
        ("forwarding-type", "add `type: number`, `url`, `sip_trunk` or `sip`"),
        ("unknown-key", "did you mean type?"),
    ]
