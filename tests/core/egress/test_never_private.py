"""However it is spelled, resolved or redirected to: no connection is ever made to an address that is not public."""

import asyncio
import ipaddress
import random
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from socket import socket

from hypothesis import example, given
from hypothesis import strategies as st

from legate_core.egress.addresses import is_public, literal
from legate_core.egress.broker import Broker
from legate_core.egress.target import onward, read_url
from legate_core.errors import LegateError
from tests.core.egress.internet import SITE
from tests.core.egress.test_addresses import NOT_PUBLIC_BLOCKS, SPELLINGS

BLOCKS = [ipaddress.ip_network(block) for block in NOT_PUBLIC_BLOCKS]
FULL_WIDTH = {ord(char): 0xFF00 + ord(char) - 0x20 for char in "0123456789abcdefxX."}


@st.composite
def not_public(draw: st.DrawFn) -> IPv4Address | IPv6Address:
    block = draw(st.sampled_from(BLOCKS))
    return block[draw(st.integers(0, block.num_addresses - 1))]


def number(value: int, how: str) -> str:
    return {"decimal": f"{value}", "hex": f"{value:#x}", "octal": f"0{value:o}", "padded": f"0x{value:010x}"}[how]


HOW = st.sampled_from(["decimal", "hex", "octal", "padded"])


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A spelling of an address that is not public, of the kinds that resolvers and browsers have taken for one."""
    address = draw(not_public())
    if isinstance(address, IPv6Address):
        text = draw(st.sampled_from([str(address), address.exploded, address.exploded.upper()]))
        text = f"[{text}{draw(st.sampled_from(['', '', '%25eth0']))}]"
    else:
        parts = draw(st.integers(1, 4))
        value = int(address)
        above = [value >> 8 * (3 - place) & 255 for place in range(parts - 1)]
        last = value & (1 << 8 * (5 - parts)) - 1
        text = ".".join(number(part, draw(HOW)) for part in [*above, last])
        text = draw(st.sampled_from([text, text.upper(), text.translate(FULL_WIDTH), text.replace(".", "\u3002")]))
        text += draw(st.sampled_from(["", "."]))
    if draw(st.booleans()):
        places = draw(st.sets(st.integers(0, len(text) - 1)))
        inside = [i for i, char in enumerate(text) if i in places and char.isascii() and char not in "[]:%"]
        text = "".join(f"%{ord(char):02x}" if i in inside else char for i, char in enumerate(text))
    return text


class Recorder:
    """The edges of the system: answers that may change each time, and a note of every connection."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.dialled: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def dial(self, address: str, port: int) -> socket:
        self.dialled.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    def fetch(self, url: str) -> LegateError | None:
        try:
            asyncio.run(Broker(self.resolve, dial=self.dial).fetch("GET", url))
        except LegateError as error:
            return error
        return None


@given(spelled(), st.sampled_from(["http", "https", "HTTP"]), st.sampled_from(["", ":80", ":8080", ":22"]))
def test_no_spelling_of_a_private_address_is_connected_to(host: str, scheme: str, port: str):
    outside = Recorder([SITE])
    assert outside.fetch(f"{scheme}://{host}{port}/") is not None
    assert outside.dialled == []


@given(st.text(max_size=40), st.sampled_from(["http://", "https://", "http:", "//", ""]))
@example("127.0.0.1\\@example.com", "http://")
@example("example.com#@127.0.0.1/", "http://")
@example("127.0.0.1:80@example.com", "http://")
def test_no_text_at_all_leads_to_a_private_address(text: str, scheme: str):
    outside = Recorder([SITE])
    outside.fetch(scheme + text)
    assert all(is_public(address) for address in outside.dialled)


@given(st.lists(not_public(), min_size=1, max_size=3), st.lists(st.just(SITE), max_size=3), st.randoms())
def test_no_answer_of_a_resolver_leads_to_a_private_address(
    private: list[IPv4Address | IPv6Address], public: list[str], order: random.Random
):
    answer = [str(address) for address in private] + public
    order.shuffle(answer)
    outside = Recorder(answer)
    assert outside.fetch("http://example.com/") is not None
    assert outside.dialled == []


@given(not_public())
def test_a_second_look_is_never_taken(address: IPv4Address | IPv6Address):
    outside = Recorder([SITE], [str(address)])
    outside.fetch("http://example.com/")
    assert outside.dialled == [SITE]


@given(spelled(), st.sampled_from(["http://", "//", "HTTPS://", "http:/", "/\\", "\\\\"]))
def test_no_redirect_names_a_private_address_unseen(host: str, how: str):
    """Whatever a redirect is read as, its host is judged in the form in which it would be connected to."""
    try:
        further = onward(read_url("http://example.com/a"), f"{how}{host}/")
    except LegateError:
        return
    assert further.host == "example.com" or not is_public(str(further.host))


@given(st.text(max_size=30))
def test_an_address_reads_the_same_when_it_is_read_again(text: str):
    """The canonical form is a fixed point, so that nothing changes its meaning between two readers."""
    try:
        target = read_url(f"http://{text}")
    except LegateError:
        return
    assert read_url(target.url) == target


@given(st.sampled_from([s for spelled in SPELLINGS.values() for s in spelled]))
def test_the_canonical_spelling_is_a_fixed_point(spelling: str):
    address = literal(spelling)
    assert literal(str(address)) == address
