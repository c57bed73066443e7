from __future__ import annotations

import pytest

from reconciler.http.errors import HostRefused
from reconciler.http.hosts import check_host, is_loopback
from reconciler.http.transport import proxy_for

VENDOR = ("api.exolve.ru",)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.exolve.ru",
        "https://API.exolve.ru:443/some/path",
        "http://127.0.0.1:8080/exolve",
        "http://localhost:1",
        "http://[::1]:8080",
        "https://127.8.9.10",
    ],
)
def test_a_credential_may_go_to_the_vendor_and_to_this_machine(url: str) -> None:
    assert check_host(url, trusted=VENDOR, environ={}).hostname


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://api.exolve.ru", "not https"),
        ("https://api.exolve.ru.evil.example", "credentials are not sent to api.exolve.ru.evil.example"),
        ("https://evil.example", "credentials are not sent to evil.example"),
        ("https://api.exolve.ru@evil.example", "not a base URL"),
        ("https://evil.example\\@api.exolve.ru", "not a base URL"),
        ("https://api.exolve.ru?x=", "not a base URL"),
        ("https://api.exolve.ru#", "not a base URL"),
        ("https://api.exolve.ru /", "not a base URL"),
        ("https://127.0.0.1.evil.example", "credentials are not sent"),
        ("https://10.0.0.7", "credentials are not sent"),
        ("http://169.254.169.254", "not https"),
        ("file:///etc/passwd", "not a base URL"),
        ("api.exolve.ru", "not a base URL"),
        ("https://[::1", "cannot be read"),
        ("https://api.exolve.ru:99999", "cannot be read"),
        ("", "not a base URL"),
    ],
)
def test_a_credential_goes_nowhere_else(url: str, words: str) -> None:
    with pytest.raises(HostRefused, match=words):
        check_host(url, trusted=VENDOR, environ={})


def test_an_allowed_host_is_trusted_by_its_exact_name_and_only_over_https() -> None:
    environ = {"RECONCILER_ALLOW_HOSTS": " gateway.example , other.example"}
    assert check_host("https://Gateway.example/exolve", trusted=VENDOR, environ=environ).hostname == "gateway.example"
    with pytest.raises(HostRefused):
        check_host("https://sub.gateway.example", trusted=VENDOR, environ=environ)
    with pytest.raises(HostRefused):
        check_host("http://gateway.example", trusted=VENDOR, environ=environ)


def test_the_refusal_says_what_to_set_and_hides_a_password() -> None:
    with pytest.raises(HostRefused) as refused:
        check_host("https://evil.example", trusted=VENDOR, environ={})
    assert refused.value.hint == "if you trust it, set RECONCILER_ALLOW_HOSTS=evil.example"
    with pytest.raises(HostRefused) as refused:
        check_host("https://user:hunter22@evil.example", trusted=VENDOR, environ={})
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "loopback"), [("localhost", True), ("::1", True), ("127.0.0.2", True), ("192.0.2.1", False)]
)
def test_loopback_is_this_machine_by_name_or_address(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_proxy_is_used_for_the_vendor_but_never_for_this_machine() -> None:
    environ = {"HTTPS_PROXY": "http://proxy.example:3128", "http_proxy": "http://other.example:3128"}
    assert proxy_for("https", "api.exolve.ru", environ) == ("http://proxy.example:3128", "HTTPS_PROXY")
    assert proxy_for("http", "127.0.0.1", environ) is None
    assert proxy_for("https", "localhost", environ) is None
    assert proxy_for("https", "api.exolve.ru", {}) is None
    named = {"all_proxy": "http://all.example"}
    assert proxy_for("https", "api.exolve.ru", named) == ("http://all.example", "all_proxy")


@pytest.mark.parametrize("no_proxy", ["api.exolve.ru", "exolve.ru", ".exolve.ru", "*.exolve.ru", "a.example, *"])
def test_a_host_that_no_proxy_names_is_reached_directly(no_proxy: str) -> None:
    environ = {"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": no_proxy}
    assert proxy_for("https", "api.exolve.ru", environ) is None
    everything = "*" in no_proxy.split(", ")
    assert (proxy_for("https", "notexolve.ru", environ) is None) is everything
