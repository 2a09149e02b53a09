"""Where Ollama answers, read as Ollama's own programs read it."""

import ipaddress
from dataclasses import dataclass

DEFAULT_PORT = "11434"
_SCHEME_PORTS = {"http": "80", "https": "443"}
_HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class OllamaHost:
    """An endpoint: scheme, host (IPv6 without brackets), port, path without slashes around it."""

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def url(self) -> str:
        """The address that is tried first."""
        return self.urls[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """Every address to try, in order: the IPv4 loopback comes before `localhost`, which may be IPv6."""
        if self.host.lower() == "localhost":
            return self._url("127.0.0.1"), self._url("localhost")
        if self.host == "::":
            return self._url("127.0.0.1"), self._url("::1")
        if self.host in ("", "0.0.0.0"):
            return (self._url("127.0.0.1"),)
        return (self._url(self.host),)

    @property
    def is_loopback(self) -> bool:
        """It is this very machine, as far as the address tells."""
        if self.host.lower() in ("", "localhost"):
            return True
        address = _address(self.host)
        return address is not None and (address.is_loopback or address.is_unspecified)

    @property
    def is_private(self) -> bool:
        """It is this machine or one of the same private network: no proxy lies between."""
        address = _address(self.host)
        return self.is_loopback or (address is not None and address.is_private)

    def _url(self, host: str) -> str:
        shown = f"[{host}]" if ":" in host else host
        path = f"/{self.path}" if self.path else ""
        return f"{self.scheme}://{shown}:{self.port}{path}"


def parse_host(value: str) -> OllamaHost:
    """Read an endpoint setting or `OLLAMA_HOST` by Go's rules; there is no wrong value."""
    text = value.strip().strip("\"'").strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "http", text
    scheme = scheme.lower()
    default_port = _SCHEME_PORTS.get(scheme, DEFAULT_PORT) if separator else DEFAULT_PORT
    authority, _, path = rest.partition("/")
    host, port = _split(authority)
    if not (port.isascii() and port.isdigit() and int(port) <= _HIGHEST_PORT):
        port = default_port
    return OllamaHost(scheme if scheme in _SCHEME_PORTS else "http", host, int(port), path.strip("/"))


def _split(authority: str) -> tuple[str, str]:
    """Split into host and port; the port is "" when there is none."""
    if _address(authority.strip("[]")) is not None:
        return authority.strip("[]"), ""
    if authority.startswith("["):
        host, _, port = authority[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = authority.partition(":")
    return host or "127.0.0.1", port


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
