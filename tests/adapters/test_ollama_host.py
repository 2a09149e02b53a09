"""Where Ollama answers, read as Ollama reads it."""

import pytest

from firsthand.adapters.ollama_host import parse_host


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("", ["http://127.0.0.1:11434"]),
        ("   ", ["http://127.0.0.1:11434"]),
        ("0.0.0.0", ["http://127.0.0.1:11434"]),
        ("0.0.0.0:8080", ["http://127.0.0.1:8080"]),
        ("::", ["http://127.0.0.1:11434", "http://[::1]:11434"]),
        ("[::]:8080", ["http://127.0.0.1:8080", "http://[::1]:8080"]),
        (":8080", ["http://127.0.0.1:8080"]),
        ("127.0.0.1", ["http://127.0.0.1:11434"]),
        ("127.0.0.1:99999", ["http://127.0.0.1:11434"]),
        ("127.0.0.1:abc", ["http://127.0.0.1:11434"]),
        (":abc", ["http://127.0.0.1:11434"]),
        ("127.0.0.1:-1", ["http://127.0.0.1:11434"]),
        ('"127.0.0.1:11434"', ["http://127.0.0.1:11434"]),
        ("'127.0.0.1'", ["http://127.0.0.1:11434"]),
        (" 127.0.0.1:1234", ["http://127.0.0.1:1234"]),
        ("::1", ["http://[::1]:11434"]),
        ("[::1]", ["http://[::1]:11434"]),
        ("[::1]:7", ["http://[::1]:7"]),
        ("localhost", ["http://127.0.0.1:11434", "http://localhost:11434"]),
        ("LocalHost:5", ["http://127.0.0.1:5", "http://localhost:5"]),
        ("http://box", ["http://box:80"]),
        ("https://box", ["https://box:443"]),
        ("HTTPS://box:8", ["https://box:8"]),
        ("box", ["http://box:11434"]),
        ("box/prefix/", ["http://box:11434/prefix"]),
        ("https://box:1/a/b", ["https://box:1/a/b"]),
        ("ftp://box", ["http://box:11434"]),
    ],
)
def test_a_host_is_read_by_gos_rules(value: str, urls: list[str]) -> None:
    """Every value gives an address; unspecified ones become loopback, IPv4 loopback comes before localhost."""
    assert urls == list(parse_host(value).urls)


@pytest.mark.parametrize(
    ("value", "loopback", "private"),
    [
        ("", True, True),
        ("0.0.0.0", True, True),
        ("::1", True, True),
        ("localhost:1", True, True),
        ("127.8.9.1", True, True),
        ("192.168.1.5", False, True),
        ("10.0.0.1:80", False, True),
        ("8.8.8.8", False, False),
        ("example.com", False, False),
        ("localhost.example.com", False, False),
        ("http://127.0.0.1@example.com", False, False),
        ("http://127.0.0.1:80@example.com", True, True),
    ],
)
def test_a_host_knows_whether_it_is_this_machine(value: str, loopback: bool, private: bool) -> None:
    """Only loopback addresses are this machine; what looks like one in a user name never is sent elsewhere."""
    host = parse_host(value)

    assert (loopback, private) == (host.is_loopback, host.is_private)


def test_a_user_name_that_looks_like_loopback_does_not_lead_elsewhere() -> None:
    """The address is put together from the parts that were judged."""
    assert parse_host("http://127.0.0.1:80@example.com").url == "http://127.0.0.1:80"
