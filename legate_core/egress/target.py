"""A web address taken apart by one strict reading, so that what is checked is what is asked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, urljoin

from legate_core.egress.addresses import Host, host_in_url, is_public, read_host
from legate_core.egress.limits import Limits
from legate_core.errors import Forbidden, Invalid

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARS = 8_000

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<place>[^/?#]*)(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?\Z", re.I
)
_PLACE = re.compile(r"(?P<host>\[[^\[\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?\Z")
# RFC 3986: unreserved, reserved, and the percent sign of what is encoded already.
_KEPT = "-._~:/?#[]@!$&'()*+,;=%"
# Names that mean a machine or network of one's own, whatever a resolver says (RFC 6761, 6762, 8375, 9476, ICANN).
_OWN = ("localhost", "local", "internal", "intranet", "home.arpa", "onion", "alt", "invalid", "test")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: a canonical host, a port, and the path with its query in ASCII."""

    scheme: str
    host: Host
    port: int
    path: str
    fragment: str = ""

    @property
    def origin(self) -> tuple[str, Host, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = host_in_url(self.host)
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}{self.fragment}"


def read_url(url: str) -> Target:
    """The target of an http or https address. Anything that two programs might read differently is `Invalid`."""
    if len(url) > MAX_URL_CHARS:
        raise Invalid(f"The address is {len(url):,} characters long. At most {MAX_URL_CHARS:,} are taken: shorten it.")
    shown = ascii(url[:120])
    if _has_odd_characters(url):
        raise Invalid(
            f"The address {shown} contains a space, backslash or control character. Write it as %20 and so on."
        )
    parts = _URL.match(url)
    if parts is None:
        raise Invalid(f"{shown} is not a web address. Give a full one like https://example.com/page.")
    scheme = parts["scheme"].lower()
    if scheme not in DEFAULT_PORTS:
        raise Invalid(f"Only http and https addresses are fetched, not {scheme[:20]!r}. Give a web address.")
    if "@" in parts["place"]:
        raise Invalid("The address carries a user name. Give it without what stands before the @.")
    place = _PLACE.match(parts["place"])
    if place is None:
        raise Invalid(f"The host or port in {shown} cannot be read. Give a full address like https://example.com/page.")
    port = int(place["port"]) if place["port"] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65_536:
        raise Invalid(f"There is no port {port}. Give a port between 1 and 65535, or none.")
    path = quote((parts["path"] or "/") + (parts["query"] or ""), safe=_KEPT)
    return Target(scheme, read_host(place["host"]), port, path, quote(parts["fragment"] or "", safe=_KEPT))


def onward(target: Target, location: str) -> Target:
    """Where a redirect leads. A space in it is taken as %20, as every browser does; all else is read as strictly."""
    plain = location.strip(" \t").replace(" ", "%20")
    try:
        # `urljoin` would drop line breaks and tabs without a word.
        joined = None if _has_odd_characters(plain) else urljoin(target.url, plain)
    except ValueError:
        joined = None
    if joined is None:
        raise Invalid(f"{target.host} sent the answer on to an address that cannot be read. Try another one.")
    return read_url(joined)


def _has_odd_characters(url: str) -> bool:
    """Characters that some programs drop, some keep and some take for a slash."""
    return "\\" in url or any(char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in url)


def check_chosen(target: Target, limits: Limits) -> None:
    """`Forbidden` for what shows without a resolver: an address that is not public, a name of one's own, an odd port."""
    if target.port not in limits.ports:
        known = ", ".join(str(port) for port in sorted(limits.ports))
        raise Forbidden(f"Port {target.port} is not one of the web's ({known}). Give an address with one of these.")
    if isinstance(target.host, str):
        if "." not in target.host or any(target.host == own or target.host.endswith(f".{own}") for own in _OWN):
            raise Forbidden(f"{target.host} names a machine of your own network. Give the address of a public server.")
    elif not is_public(target.host):
        raise not_public(target.host, target.host)


def not_public(host: Host, address: object) -> Forbidden:
    """The refusal of an address, in words that name it."""
    where = f"{host} is" if str(address) == str(host) else f"{host} leads to {address}, which is"
    return Forbidden(f"{where} not a public address. Only public servers may be reached by a chosen address: give one.")
