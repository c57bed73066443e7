"""Opens a record from a text, `file:PATH` and the like, so that a test can name one to a process that it starts."""

from __future__ import annotations

from pathlib import Path

from reconciler.record.base import Record
from reconciler.record.sqlite import SqliteRecord


def open_place(place: str, *, name: str | None = "lines") -> Record:
    kind, _, where = place.partition(":")
    match kind:
        case "file":
            return SqliteRecord(Path(where), name=name)
        case "postgres":
            from reconciler.record.postgres import PostgresRecord

            return PostgresRecord(where, name=name or "lines")
        case "git":
            from reconciler.record.git_ref import GitRecord

            return GitRecord(Path(where), name=name or "lines")
        case "http":
            from tests.record.test_http import plain

            return plain(where, name or "lines")
        case "s3":
            from reconciler.record.s3 import S3Record, S3Store
            from reconciler.secrets import Secrets

            environ = {"AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "hunter2-canary", "AWS_ENDPOINT_URL": where}
            return S3Record(
                S3Store({"bucket": "lines", "key": "lines.json"}, name="", secrets=Secrets(environ)), name=name
            )
        case _:
            raise ValueError(place)
