"""Secrets: where they come from, where they never go, and digests that tell them apart."""

from __future__ import annotations

import base64
import hmac
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.secrets import (
    Digester,
    SecretError,
    SecretRef,
    Secrets,
    are_apart,
    derived_key,
    key_of,
    mask_url,
    mask_urls,
    variables,
)

KEY = "0123456789abcdef" * 2
CANARY = 'cánary/"s3cret"+x'


def test_a_secret_comes_from_the_environment_it_was_handed() -> None:
    assert Secrets({"KEY": CANARY}).get(SecretRef(env="KEY")) == CANARY


@pytest.mark.parametrize(("environ", "says"), [({}, "is not set$"), ({"KEY": ""}, "is set but empty")])
def test_a_variable_that_is_missing_is_told_from_one_that_is_empty(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SecretError, match=f"environment variable KEY {says}"):
        Secrets(environ).get(SecretRef(env="KEY"))


def test_a_variable_of_a_template_that_is_empty_is_told() -> None:
    with pytest.raises(SecretError, match="RECONCILER_VAR_KEY is set but empty"):
        Secrets({"RECONCILER_VAR_KEY": ""}).variable("KEY")


@pytest.mark.parametrize("value", ['"canary"', "'canary'", "''"])
def test_the_quotes_of_an_env_file_are_told_wherever_a_secret_comes_from(value: str, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(value + "\n")
    secrets = Secrets({"KEY": value, "RECONCILER_VAR_KEY": value}, local=True, base=tmp_path)
    for reference in (SecretRef(env="KEY"), SecretRef(file="key"), SecretRef(command=("printf", "%s", value))):
        with pytest.raises(SecretError, match="has quotes around its value") as caught:
            secrets.get(reference)
        assert "canary" not in str(caught.value)
    with pytest.raises(SecretError, match="environment variable RECONCILER_VAR_KEY has quotes"):
        secrets.variable("KEY")
    assert Secrets({"KEY": 'a"b'}).get(SecretRef(env="KEY")) == 'a"b'


@pytest.mark.parametrize("reference", [SecretRef(file="key"), SecretRef(command=("echo", "x"))])
def test_files_and_commands_need_trust(reference: SecretRef) -> None:
    with pytest.raises(SecretError, match="only where you trust the files") as caught:
        Secrets({}).get(reference)
    assert "RECONCILER_TRUSTED=1" in str(caught.value.hint)


def test_a_file_gives_its_text_without_the_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc\n")
    assert Secrets({}, local=True, base=tmp_path).get(SecretRef(file="key")) == "abc"


@pytest.mark.parametrize(("content", "why"), [(None, "No such file"), (b"\xff", "not UTF-8"), (b"\n", "empty")])
def test_a_file_that_is_no_secret_says_why(tmp_path: Path, content: bytes | None, why: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(SecretError, match=why):
        Secrets({}, local=True, base=tmp_path).get(SecretRef(file="key"))


def test_a_command_runs_without_a_shell() -> None:
    assert Secrets({}, local=True).get(SecretRef(command=("printf", "%s", "$HOME"))) == "$HOME"


@pytest.mark.parametrize("command", [("false",), ("/nonexistent/program",), ("true",)])
def test_a_command_that_fails_names_itself_and_shows_no_output(command: tuple[str, ...]) -> None:
    with pytest.raises(SecretError, match=command[0]):
        Secrets({}, local=True).get(SecretRef(command=command))


def test_a_command_that_takes_too_long_is_ended_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.secrets.COMMAND_TIMEOUT_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(SecretError, match=r"secret command sleep took longer than"):
        Secrets({}, local=True).get(SecretRef(command=("sleep", "60")))
    assert time.monotonic() - started < 30


def test_a_command_is_given_nothing_to_read() -> None:
    """Else it would wait for a person, or eat what is meant for the program."""
    assert Secrets({}, local=True).get(SecretRef(command=("sh", "-c", "cat; printf end"))) == "end"


def test_a_template_is_filled_from_variables_with_the_prefix_only() -> None:
    secrets = Secrets({"RECONCILER_VAR_A": "1", "A": "wrong", "RECONCILER_VAR_B_2": "2"})
    assert secrets.resolve("https://x/${var:A}?${var:B_2}&$A${A}") == "https://x/1?2&$A${A}"
    assert variables("${var:A}/${var:B}") == ("A", "B")


def test_an_unset_variable_is_named_with_its_remedy() -> None:
    with pytest.raises(SecretError, match="RECONCILER_VAR_KEY is not set"):
        Secrets({"KEY": "x"}).resolve("${var:KEY}")


@pytest.mark.parametrize("spell", [str, lambda s: quote(s, safe=""), quote, lambda s: json.dumps(s)[1:-1]])
def test_a_known_secret_is_redacted_in_every_spelling(spell: object) -> None:
    assert callable(spell)
    secrets = Secrets({"KEY": CANARY})
    secrets.get(SecretRef(env="KEY"))
    text = secrets.redact(f"before {spell(CANARY)} after")
    assert text == "before *** after"


def test_a_known_secret_is_redacted_in_base64() -> None:
    secrets = Secrets({"KEY": CANARY})
    secrets.get(SecretRef(env="KEY"))
    encoded = base64.b64encode(CANARY.encode()).decode()
    assert encoded not in secrets.redact(f"Basic {encoded}")


def test_the_query_of_any_url_in_a_text_is_redacted() -> None:
    assert mask_urls("see https://a.b/c?key=1 and https://u:p@a.b") == "see https://a.b/c?*** and https://***@a.b"


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("https://a.b/c", "https://a.b/c"),
        ("https://a.b/c?x=1", "https://a.b/c?***"),
        ("https://a.b/c#x", "https://a.b/c?***"),
        ("https://u:p@a.b:8443/c", "https://***@a.b:8443/c"),
        ("https://u:p@ss@a.b/", "https://***@a.b/"),
        ("https://[", "***"),
    ],
)
def test_query_fragment_and_userinfo_are_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def hashed(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def test_a_key_is_derived_as_rfc_5869_has_it() -> None:
    expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"  # A.3, the first 32 of 42 bytes
    assert derived_key(b"\x0b" * 22, info=b"").hex() == expected


def test_a_digest_is_the_one_that_records_of_earlier_versions_hold() -> None:
    key = hashed(hashed(b"\0" * 32, KEY.encode()), b"reconciler record digest v1\x01")
    key_id = hashed(hashed(b"\0" * 32, KEY.encode()), b"reconciler record key id v1\x01")[:4].hex()
    digest = Digester.from_text(KEY).digest("secret")
    assert digest == f"hmac-sha256:{key_id}:{hashed(key, b'secret').hex()}"
    assert digest == "hmac-sha256:a6478b3c:975189ecbf7c271bc79ffdd6cf969a58249706f1f4a70657fa015d947651199a"
    assert (key_of(digest), Digester.from_text(KEY).key_id) == (key_id, key_id)


def test_digests_of_different_keys_say_nothing_of_each_other() -> None:
    one, other = (Digester.from_text(text * 32) for text in "ab")
    same, apart, elsewhere = one.digest("x"), one.digest("y"), other.digest("y")
    assert isinstance(same, str)
    assert isinstance(apart, str)
    assert isinstance(elsewhere, str)
    assert are_apart(same, apart)
    assert not are_apart(same, same)
    assert not are_apart(same, elsewhere)
    assert not are_apart(same, "hmac-sha256:" + "0" * 64)
    assert are_apart("one in clear", "another")


def test_a_short_key_is_refused_without_showing_it() -> None:
    with pytest.raises(SecretError, match="has 31 bytes: use 32 or more") as caught:
        Digester.from_text("x" * 31)
    assert "xxx" not in str(caught.value)


@pytest.mark.parametrize("text", [None, ""])
def test_without_a_key_there_is_no_digest(text: str | None) -> None:
    assert Digester.from_text(text).digest("secret") is None


def test_no_representation_shows_a_secret() -> None:
    secrets = Secrets({})
    secrets.remember(CANARY)
    assert CANARY not in repr(secrets)
    assert "kkkk" not in repr(Digester.from_text("k" * 32))


def test_a_command_is_named_by_its_program_only() -> None:
    assert str(SecretRef(command=("pass", "show", "exolve"))) == "command pass"
