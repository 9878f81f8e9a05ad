"""Where the owner listens: only this person gets in, a socket left behind is replaced, long names find a place."""

from __future__ import annotations

import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from legate_core.errors import Unavailable
from legate_core.link import places
from legate_core.link.names import SOCKET
from tests.core.link.linked import pair

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has pipes")


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a short name; those of tests are long."""
    folder = tmp_path_factory.mktemp("h")
    if len(os.fsencode(folder)) + 10 > places.LONGEST_SOCKET_NAME_BYTES:
        pytest.skip("the temporary folder of this machine has a long name")
    return folder


async def test_nobody_listens_in_a_folder_without_an_owner(home: Path) -> None:
    with pytest.raises(places.Nobody):
        await places.connect(home)
    with pytest.raises(places.Nobody):
        places.SocketStream(home, 1)


async def test_only_this_person_may_open_the_socket(home: Path) -> None:
    old = os.umask(0)
    try:
        async with pair(home):
            found = (home / SOCKET).stat()
    finally:
        os.umask(old)
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o600


async def test_a_closed_owner_leaves_no_socket(home: Path) -> None:
    async with pair(home):
        assert list(home.iterdir()) == [home / SOCKET]
    assert list(home.iterdir()) == []


async def test_a_socket_that_a_killed_process_left_is_replaced(home: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(home / SOCKET))
    left.close()
    with pytest.raises(places.Nobody):
        await places.connect(home)
    async with pair(home) as found:
        assert (await found.client.connect()).pid == os.getpid()


async def test_a_folder_with_a_long_name_has_its_socket_elsewhere(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = home / "t"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    deep = home / ("ü" * 60)
    deep.mkdir()
    async with pair(deep) as found:
        (folder,) = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (deep / SOCKET).readlink() == folder / SOCKET
        assert (await found.client.connect()).pid == os.getpid()
        places.SocketStream(deep, 5).close()
    assert list(temporary.iterdir()) == list(deep.iterdir()) == []


async def test_what_a_killed_process_left_elsewhere_goes_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(home))
    deep = home / ("d" * 100)
    deep.mkdir()
    left = home / "legate-link-left"
    left.mkdir()
    (deep / SOCKET).symlink_to(left / SOCKET)
    with pytest.raises(places.Nobody):
        await places.connect(deep)
    async with pair(deep) as found:
        await found.client.connect()
        assert not left.exists()


async def test_a_folder_that_holds_no_socket_lets_it_stand_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bind = places._listening
    refused: list[Path] = []

    def only_elsewhere(name: Path) -> socket.socket:
        if name.parent == home and not refused:
            refused.append(name)
            raise OSError(95, "Operation not supported")
        return bind(name)

    monkeypatch.setattr(places, "_listening", only_elsewhere)
    async with pair(home) as found:
        assert (home / SOCKET).is_symlink()
        await found.client.connect()
    assert refused == [home / SOCKET]


async def test_without_any_place_it_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(name: Path) -> socket.socket:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(places, "_listening", never)
    with pytest.raises(Unavailable, match=r"Operation not supported.*this machine\.$"):
        async with pair(home):
            raise AssertionError("it listens")
