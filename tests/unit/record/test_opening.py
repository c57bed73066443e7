from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.record import open_record
from reconciler.record.base import RecordError, Update
from reconciler.secrets import SecretRef, Secrets
from reconciler.settings import RecordSettings
from tests.record.contract import commit
from tests.record.values import entry


def test_a_local_file_is_the_default_and_needs_no_name(tmp_path: Path) -> None:
    record = open_record(RecordSettings(), name=None, root=tmp_path, secrets=Secrets({}))
    commit(record, Update(put=[entry()]))
    record.close()
    assert (tmp_path / ".reconciler" / "record.db").exists()


def test_a_path_is_meant_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    record = open_record(
        RecordSettings("file", {"path": "state/x.db"}), name="lines", root=tmp_path, secrets=Secrets({})
    )
    commit(record, Update(put=[entry()]))
    record.close()
    assert (tmp_path / "state" / "x.db").exists()


def test_an_ephemeral_record_leaves_nothing(tmp_path: Path) -> None:
    record = open_record(RecordSettings("git"), name=None, root=tmp_path, secrets=Secrets({}), ephemeral=True)
    assert commit(record, Update(put=[entry()])).serial == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("backend", ["git", "http", "postgres", "s3"])
def test_a_shared_record_needs_a_name(tmp_path: Path, backend: str) -> None:
    with pytest.raises(RecordError, match="needs a name"):
        open_record(RecordSettings(backend), name=None, root=tmp_path, secrets=Secrets({}))


def test_a_backend_that_nobody_knows_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="'gcs' is not one of file, git, http, postgres, s3"):
        open_record(RecordSettings("gcs"), name="lines", root=tmp_path, secrets=Secrets({}))


@pytest.mark.parametrize(
    ("settings", "environ", "description"),
    [
        (RecordSettings("git", {"remote": "upstream", "ref": "refs/x/y"}), {}, "the record refs/x/y in upstream"),
        (
            RecordSettings("postgres", {"dsn": SecretRef(env="DSN")}),
            {"DSN": "postgresql://u:hunter2-canary@db.example.com/lines"},
            "the record 'lines' in database lines at db.example.com",
        ),
        (
            RecordSettings("s3", {"bucket": "lines", "secret_access_key": SecretRef(env="KEY"), "access_key_id": "AK"}),
            {"KEY": "hunter2-canary"},
            "the record s3://lines/lines.json",
        ),
        (
            RecordSettings("http", {"password": SecretRef(env="TOKEN"), "lock_method": "LOCK"}),
            {
                "TOKEN": "hunter2-canary",
                "TF_HTTP_ADDRESS": "https://u:hunter2-canary@git.example.com/s?k=hunter2-canary",
                "TF_HTTP_LOCK_ADDRESS": "https://git.example.com/s/lock",
            },
            "the record at https://***@git.example.com/s?***",
        ),
    ],
)
def test_each_backend_is_described_without_its_secrets(
    tmp_path: Path, settings: RecordSettings, environ: dict[str, str], description: str
) -> None:
    record = open_record(settings, name="lines", root=tmp_path, secrets=Secrets(environ))
    assert record.description == description
    assert "canary" not in repr(record)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (RecordSettings("postgres"), "no dsn"),
        (RecordSettings("s3"), "no bucket"),
        (RecordSettings("s3", {"bucket": "b", "access_key_id": "AK"}), "needs both"),
        (
            RecordSettings("s3", {"bucket": "b", "endpoint": "https://store.example.com"}),
            "not sent to store.example.com",
        ),
        (RecordSettings("s3", {"bucket": "b", "endpoint": "http://store.example.com"}), "not https"),
        (RecordSettings("postgres", {"dsn": SecretRef(env="DSN")}), "DSN is not set"),
        (RecordSettings("http", {"password": SecretRef(file="token")}), "read only where you trust"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_problem_of_the_record(
    tmp_path: Path, settings: RecordSettings, message: str
) -> None:
    with pytest.raises(RecordError, match=message):
        open_record(settings, name="lines", root=tmp_path, secrets=Secrets({}))


def test_opening_one_backend_loads_no_other() -> None:
    code = (
        "import sys; from pathlib import Path; from reconciler.record import open_record; "
        "from reconciler.settings import RecordSettings; from reconciler.secrets import Secrets; "
        "open_record(RecordSettings(), name=None, root=Path('x'), secrets=Secrets({})).load(); "
        "sys.stdout.write(' '.join(sorted({'httpx', 'psycopg', 'cryptography', 'obstore'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
