"""Keys in memory are for throw-away folders, and are the same for the same seed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from legate_core.crypto.keys import BODIES, DEVICE, note_name
from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.errors import Invalid


def opened(seed: bytes) -> MemoryKeys:
    port = MemoryKeys(seed, is_throw_away=True)
    port.unlock()
    return port


def test_they_are_refused_where_data_is_meant_to_stay() -> None:
    with pytest.raises(Invalid, match="throw-away"):
        MemoryKeys(b"seed", is_throw_away=False)


def test_a_restarted_process_with_the_same_seed_finds_the_same_keys() -> None:
    assert opened(b"one").get(BODIES) == opened(b"one").get(BODIES)
    assert opened(b"one").get(BODIES) != opened(b"two").get(BODIES)
    assert opened(b"one").get(BODIES) != opened(b"one").get(DEVICE)


def test_only_first_keys_are_derived() -> None:
    assert opened(b"one").get("master/2") is None
    assert opened(b"one").get(note_name("ws_1")) is None


def test_notes_that_are_kept_at_the_same_time_are_all_kept(tmp_path: Path) -> None:
    port = MemoryKeys(b"seed", is_throw_away=True, folder=tmp_path)
    names = [note_name(f"ws_{number}") for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: port.put(name, b"note"), names))
    again = MemoryKeys(b"seed", is_throw_away=True, folder=tmp_path)
    assert [again.get(name) for name in names] == [b"note"] * 40
