"""The small parts by themselves: unpacking under a limit, one stream over one socket, and how little is loaded."""

import asyncio
import gzip
import json
import socket
import subprocess
import sys
import tracemalloc

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from legate_core.egress.body import Body, BodyDamaged
from legate_core.egress.broker import trusting_the_usual
from legate_core.egress.dialing import dial_by_system, resolve_by_system
from legate_core.egress.streams import Backend, Meter, Stream


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=4), st.integers(1, 40), st.integers(0, 900))
def test_any_packing_in_any_pieces_gives_the_beginning_up_to_the_limit(
    members: list[bytes], piece: int, limit_bytes: int
):
    packed = b"".join(gzip.compress(member) for member in members)
    # As much may come over the wire as may come out of it.
    body = Body("gzip", limit_bytes)
    for start in range(0, len(packed), piece):
        body.add(packed[start : start + piece])
        if body.is_cut:
            break
    data = b"".join(members)
    assert body.whole() == data[: len(body.whole())]
    assert len(body.whole()) <= limit_bytes
    assert body.is_cut or body.whole() == data
    assert not body.is_cut or len(data) > limit_bytes or len(packed) > limit_bytes


@given(st.binary(max_size=200), st.integers(0, 250))
def test_a_plain_body_is_kept_up_to_the_limit(data: bytes, limit_bytes: int):
    body = Body("", limit_bytes)
    body.add(data)
    assert (body.whole(), body.is_cut) == (data[:limit_bytes], len(data) > limit_bytes)


def test_padding_behind_a_packed_body_is_left_out():
    body = Body("GZIP", 1_000)
    body.add(gzip.compress(b"text") + bytes(100))
    assert (body.whole(), body.is_cut) == (b"text", False)


def test_a_packed_body_of_many_empty_parts_is_cut():
    body = Body("gzip", 100_000)
    body.add(gzip.compress(b"") * 1_000)
    assert (body.whole(), body.is_cut) == (b"", True)


def test_a_packed_body_of_nothing_but_empty_blocks_is_cut():
    head, empty_block = gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"
    body = Body("gzip", 1_000)
    body.add(head + empty_block * 100)
    assert not body.is_cut
    body.add(empty_block * 200)
    assert (body.whole(), body.is_cut) == (b"", True)


def test_a_bomb_is_never_unpacked_beyond_the_limit():
    packed = gzip.compress(bytes(20_000_000))
    body = Body("gzip", 100_000)
    tracemalloc.start()
    try:
        body.add(packed)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(body.whole()), body.is_cut) == (100_000, True)
    assert peak_bytes < 2_000_000


def test_a_body_that_is_packed_but_empty_is_empty():
    assert Body("gzip", 10).whole() == b""


def test_a_part_that_only_begins_is_damage():
    body = Body("gzip", 1_000)
    body.add(gzip.compress(b"text"))
    body.add(b"\x1f")
    with pytest.raises(BodyDamaged, match="ends in the middle"):
        body.whole()


def pair() -> tuple[Stream, socket.socket, Meter]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    meter = Meter()
    return Stream(ours, meter, 5.0), theirs, meter


async def test_an_idle_stream_knows_that_somebody_spoke_out_of_turn():
    stream, theirs, meter = pair()
    with theirs:
        await stream.write(b"ask")
        assert meter.sent
        theirs.sendall(b"answer")
        assert await stream.read(100) == b"answer"
        assert not stream.get_extra_info("is_readable")
        theirs.sendall(b"and another thing")
        async with asyncio.timeout(5):
            while not stream.get_extra_info("is_readable"):
                await asyncio.sleep(0)
        await stream.aclose()


async def test_an_idle_stream_knows_that_the_other_side_left():
    stream, theirs, _ = pair()
    await stream.write(b"ask")
    assert not stream.get_extra_info("is_readable")
    assert theirs.recv(100) == b"ask"
    theirs.close()
    async with asyncio.timeout(5):
        while not stream.get_extra_info("is_readable"):
            await asyncio.sleep(0)
    await stream.aclose()


async def test_a_stream_gives_up_in_time_and_nothing_is_sent_by_reading():
    stream, theirs, meter = pair()
    with theirs:
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(1, timeout=0.05)
        assert not meter.sent
        await stream.aclose()


async def test_a_stream_that_is_never_used_gives_its_socket_back():
    stream, theirs, _ = pair()
    with theirs:
        await stream.aclose()
        assert theirs.recv(1) == b""


async def test_the_system_resolves_and_dials():
    assert "127.0.0.1" in await resolve_by_system("127.0.0.1", 80)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        connected = await dial_by_system("127.0.0.1", port)
        assert connected.getpeername() == ("127.0.0.1", port)
        assert connected.getblocking() is False
        connected.close()
    with pytest.raises(ConnectionRefusedError):
        await dial_by_system("127.0.0.1", port)


async def test_there_is_no_road_to_a_local_socket():
    async def connect() -> socket.socket:
        raise AssertionError

    with pytest.raises(httpcore.ConnectError):
        await Backend(connect, Meter(), 1.0).connect_unix_socket("/run/docker.sock")


def test_tls_verifies_and_writes_its_keys_nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = trusting_the_usual()
    assert context.check_hostname
    assert context.verify_mode.name == "CERT_REQUIRED"
    assert context.keylog_filename is None
    assert context.cert_store_stats()["x509_ca"] > 50


@pytest.mark.slow
def test_the_broker_loads_no_http_library_until_it_is_used():
    program = "import json, sys, legate_core.egress.broker; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)
    assert {"httpx", "httpcore", "h11", "anyio", "idna", "certifi"} & set(loaded) == set()
    assert "legate_core.egress.dialing" in loaded
