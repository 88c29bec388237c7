"""Where a URL of a remote engine leads: to which host, whether that is this machine, and how safely."""

from __future__ import annotations

from dataclasses import dataclass

from hinterland.language import _

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """What the settings' URL means."""

    base: str
    """What `/chat/completions` is appended to; it ends in `/v1` where the URL names no path."""
    root: str
    """`base` without `/v1`: what servers have besides OpenAI's protocol is there."""
    place: str
    """Host and port, as a person is told."""
    here: bool
    """Whether it is this machine (a loopback address), so that words sent to it do not leave."""
    encrypted: bool

    @property
    def note(self) -> str:
        """How to say where words go: `at gpu.lan:8000, unencrypted`."""
        if self.here:
            said = _("at {place}, on this machine")
        else:
            said = _("at {place}") if self.encrypted else _("at {place}, unencrypted")
        return said.format(place=self.place)

    @property
    def mark(self) -> str:
        """The same in a few words, for a status line."""
        said = _("this machine: {place}") if self.here else _("words leave: {place}")
        return said.format(place=self.place)


def parse(url: str) -> Address:
    """Return what `url` means; raises ValueError with a reason that quotes nothing of it: it may
    hold a password."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError("it is not a URL") from error
    if parts.scheme not in _PORTS:
        raise ValueError("it has to begin with http:// or https://")
    if not host or not host.isascii() or any(c <= " " or c == "\x7f" for c in url):
        raise ValueError("it has to name a host, in ASCII")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it may hold no user and no password; api_key_env names where a key is")
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise ValueError("it may hold no `?` and no `#`")
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[parts.scheme]:
        place += f":{port}"
    path = parts.path.rstrip("/") or "/v1"
    origin = f"{parts.scheme}://{place}"
    root = origin + path.removesuffix("/v1")
    return Address(origin + path, root, place, _is_loopback(host), parts.scheme == "https")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
