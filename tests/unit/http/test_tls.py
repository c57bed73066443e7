from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import time
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reconciler.clock import SystemClock
from reconciler.http.budget import Budget, Patience
from reconciler.http.client import HttpClient, Request
from reconciler.http.errors import ProviderError, TimedOut, Unavailable
from reconciler.secrets import Secrets
from tests.unit.http.fakes import Serve, answering, raw_server

READ = Request("POST", "/read", is_read=True, body=b"{}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "cert.pem", folder / "key.pem"


def over_tls(script: Serve, certificate: tuple[Path, Path], **environ: str) -> object:
    """What becomes of a read from a scripted server behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with raw_server(script, wrap=context) as server:
        clock = SystemClock()
        client = HttpClient(
            server.url.replace("http://", "https://"),
            peer="Exolve",
            trusted=(),
            budget=Budget(per_second=0, concurrency=1, clock=clock),
            secrets=Secrets(environ),
            clock=clock,
            patience=Patience(attempts=1, exchange=0.5),
        )
        try:
            return client.send(READ)
        except ProviderError as error:
            return error
        finally:
            client.close()


def test_an_authority_of_one_s_own_is_trusted_where_it_is_named(certificate: tuple[Path, Path]) -> None:
    answer = over_tls(answering("200 OK", b"{}"), certificate, SSL_CERT_FILE=str(certificate[0]))
    assert getattr(answer, "body", None) == b"{}"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_the_variable_that_says_whom_to_trust_is_named_where_that_is_not_enough(
    variable: str, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    other = tmp_path if variable == "SSL_CERT_DIR" else Path(certifi.where())
    result = over_tls(answering("200 OK", b"{}"), certificate, **{variable: str(other)})
    assert str(result) == "the TLS certificate of 127.0.0.1 is not trusted"
    assert str(getattr(result, "hint", "")).startswith(f"{variable} names the trusted authorities")


def test_without_it_the_certificate_is_not_trusted(certificate: tuple[Path, Path]) -> None:
    result = over_tls(answering("200 OK", b"{}"), certificate)
    assert isinstance(result, Unavailable)
    assert str(result) == "the TLS certificate of 127.0.0.1 is not trusted"


def test_a_dripping_answer_ends_behind_tls_too(certificate: tuple[Path, Path]) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"x")

    started = time.monotonic()
    assert isinstance(over_tls(drip, certificate, SSL_CERT_FILE=str(certificate[0])), TimedOut)
    assert time.monotonic() - started < 2
