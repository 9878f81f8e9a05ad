"""Who may speak over the link: the same person, and nothing that the engine started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from legate_core.errors import Forbidden
from legate_core.link import peers
from legate_core.link.peers import Peer, check, descends

TABLE = {1: 0, 10: 1, 20: 10, 30: 20, 40: 1, 50: 99}
"""Process to parent: 1 → 10 → 20 → 30, and 40 beside them; 50's parent has ended."""


@pytest.mark.parametrize(
    ("pid", "ancestor", "expected"),
    [
        (30, 20, True),
        (30, 10, True),
        (20, 10, True),
        (10, 10, False),
        (10, 20, False),
        (40, 10, False),
        (1, 10, False),
        (50, 10, False),
        (50, 99, True),
        (77, 10, True),
    ],
)
def test_descent_is_read_from_the_table(pid: int, ancestor: int, expected: bool) -> None:
    assert descends(pid, ancestor, TABLE.get) is expected


def test_a_circle_in_the_table_ends_in_a_refusal() -> None:
    assert descends(2, 9, {2: 3, 3: 2}.get) is True


def test_this_process_is_no_descendant_of_itself_and_its_child_is_one() -> None:
    assert not descends(os.getpid(), os.getpid(), peers.parents())
    assert descends(os.getpid(), os.getppid(), peers.parents())


def test_a_grandchild_is_refused_by_the_real_table() -> None:
    inner = "import os; print(os.getpid(), flush=True); input()"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        try:
            assert grandchild != child.pid
            with pytest.raises(Forbidden, match=r"started by Legate's engine.*yourself\.$"):
                check(Peer(grandchild, True), os.getpid())
            check(Peer(os.getpid(), True), child.pid)
        finally:
            child.communicate("\n")


@pytest.mark.parametrize("peer", [Peer(os.getpid(), False), Peer(0, True), Peer(-1, True)])
def test_another_person_is_refused_and_so_is_whoever_cannot_be_seen(peer: Peer) -> None:
    with pytest.raises(Forbidden, match="Only the person who runs this Legate"):
        check(peer, os.getpid())


def test_a_process_that_is_gone_is_refused() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    with pytest.raises(Forbidden):
        check(Peer(done.pid, True), os.getpid())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has pipes")
def test_the_peer_of_a_socket_is_whoever_connected() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        assert peers.of_socket(here) == Peer(os.getpid(), True)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may be somebody else")
def test_the_peer_of_a_socket_of_another_person_is_another_person() -> None:
    here, there = socket.socketpair(socket.AF_UNIX)
    with here, there:
        # A pair is stamped when it is made, so somebody else looks at it.
        os.seteuid(65534)
        try:
            assert peers.of_socket(here) == Peer(os.getpid(), False)
        finally:
            os.seteuid(0)
