"""What a host in an address really is: one IP address however it is spelled, or a plain name; and which are public.

Everything here is pure. The spellings follow the WHATWG URL standard, so that a host means what browsers say it means;
where two programs may read one spelling differently, it is refused instead.
"""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import unquote_to_bytes

from legate_core.errors import Invalid

Address = IPv4Address | IPv6Address
Host = Address | str
"""An IP address, or a name in lower case and in ASCII without a dot at its end."""

# https://www.iana.org/assignments/iana-ipv4-special-registry, also the entries that are "globally reachable": nobody
# fetches a page from an anycast relay, and several of these lead to whatever the local network decided.
_NOT_PUBLIC_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for this computer
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # between a provider and its customers; several clouds keep their metadata here
        "127.0.0.0/8",  # this computer
        "169.254.0.0/16",  # link-local, and the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments, and the metadata of one cloud
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # multicast tunnels
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "168.63.129.16/32",  # public by number, yet the machine's own host in one cloud
    )
)

# Everything that is not global unicast falls away at once: IPv4-mapped and IPv4-compatible, NAT64 (64:ff9b::/96 and
# 64:ff9b:1::/48), fc00::/7, fe80::/10, fec0::/10, 5f00::/16, multicast, ::1 and ::.
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
# https://www.iana.org/assignments/iana-ipv6-special-registry, what lies inside global unicast.
_NOT_PUBLIC_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID, anycast
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the 6bone, given back
        "3fff::/20",  # documentation
    )
)
# ISATAP: the last 64 bits are 0000:5efe or 0200:5efe and an IPv4 address to which a router would carry the packet.
_ISATAP = frozenset({0x0000_5EFE, 0x0200_5EFE})

_DECIMAL = re.compile(r"[0-9]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-f]+\Z")
_LIKE_A_NUMBER = re.compile(r"[0-9]+\Z|0x[0-9a-f]*\Z")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\Z")
_MAX_NAME_CHARS = 253
_MAX_SPELLED_CHARS = 1_000
_MAX_NUMBER_CHARS = 12


def is_public(ip: str | Address) -> bool:
    """May a stranger's choice lead here? Far stricter than `is_global`; anything unclear is not public."""
    if isinstance(ip, str):
        try:
            ip = ipaddress.ip_address(ip)
        except ValueError:
            return False
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_V4)
    if ip.scope_id is not None or ip not in _GLOBAL_UNICAST_V6 or (int(ip) >> 32) & 0xFFFF_FFFF in _ISATAP:
        return False
    return not any(ip in network for network in _NOT_PUBLIC_V6)


def literal(host: str) -> Address | None:
    """The one address that this host spells, or None for a name. What has no single meaning is `Invalid`."""
    found = read_host(host)
    return None if isinstance(found, str) else found


def read_host(host: str) -> Host:
    """What a host is, in its one canonical form. What is neither an address nor a plain name is `Invalid`."""
    plain = _plain(host)
    if ":" in plain or "[" in plain or "]" in plain:
        return _ipv6(plain, host)
    plain = plain.removesuffix(".")
    if _ends_in_a_number(plain):
        return _ipv4(plain, host)
    return _name(plain, host)


def host_in_url(host: Host) -> str:
    """A canonical host as it stands in an address: an IPv6 address in brackets."""
    return f"[{host}]" if isinstance(host, IPv6Address) else str(host)


def _plain(host: str) -> str:
    """The host with percent signs and look-alike characters resolved, as a resolver would see it."""
    if not host or len(host) > _MAX_SPELLED_CHARS:
        raise _refused(host, "is empty or too long")
    if "%" in host:
        if ":" in host:
            raise _refused(host, "names a network interface")
        try:
            host_text = unquote_to_bytes(host).decode("utf-8")
        except UnicodeError as error:
            raise _refused(host, "is not written in Unicode") from error
        if "%" in host_text:
            raise _refused(host, "is encoded more than once")
    else:
        host_text = host
    if not host_text.isascii():
        host_text = _mapped(host_text, host)
    return host_text.lower()


def _mapped(text: str, host: str) -> str:
    """Full-width and circled digits, other dots, invisible characters: what the IDNA mapping makes of them."""
    # Only names that are not ASCII need its tables.
    import idna

    try:
        return idna.uts46_remap(text, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError) as error:
        raise _refused(host, "contains characters that no host may have") from error


def _ends_in_a_number(plain: str) -> bool:
    """The WHATWG test for "this is meant as an IPv4 address": nothing that passes it is ever looked up as a name."""
    return _LIKE_A_NUMBER.match(plain.rpartition(".")[2]) is not None


def _ipv4(plain: str, host: str) -> IPv4Address:
    parts = plain.split(".")
    if len(parts) > 4:
        raise _refused(host, "has too many parts for an IP address")
    numbers = [_number(part, host) for part in parts]
    *above, last = numbers
    if any(number > 255 for number in above) or last >= 256 ** (5 - len(numbers)):
        raise _refused(host, "has a number too large for an IP address")
    value = last
    for place, number in enumerate(above):
        value += number << 8 * (3 - place)
    return IPv4Address(value)


def _number(part: str, host: str) -> int:
    if len(part) <= _MAX_NUMBER_CHARS:
        if _HEXADECIMAL.match(part):
            return int(part, 16)
        if part == "0" or (_DECIMAL.match(part) and not part.startswith("0")):
            return int(part)
    # 0177 is 127 to some programs and 177 to others; so it is nothing here.
    raise _refused(host, "is no IP address that every program reads alike")


def _ipv6(plain: str, host: str) -> IPv6Address:
    inside = plain[1:-1] if plain.startswith("[") and plain.endswith("]") else plain
    try:
        return IPv6Address(inside)
    except ValueError as error:
        raise _refused(host, "is no IPv6 address") from error


def _name(plain: str, host: str) -> str:
    if not plain.isascii():
        import idna

        try:
            plain = idna.encode(plain, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise _refused(host, "is no name that a host may have") from error
    if len(plain) > _MAX_NAME_CHARS or not all(_LABEL.match(label) for label in plain.split(".")):
        raise _refused(host, "is no name that a host may have")
    return plain


def _refused(host: str, why: str) -> Invalid:
    shown = ascii(host if len(host) <= 80 else host[:78] + "…")
    return Invalid(f"The host {shown} {why}. Give a plain host name like example.com.")
