"""The master keys of a process: made once, forgotten on sealing, never made anew where something depends on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from legate_core.crypto.keys.memory import MemoryKeys
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Damaged, Locked
from legate_core.vault.keys import Vault

RIGHT = Secret("a few quiet words")


def memory() -> MemoryKeys:
    port = MemoryKeys(b"seed", is_throw_away=True)
    port.unlock()
    return port


def test_the_first_start_makes_one_master_key_and_the_next_finds_it(tmp_path: Path) -> None:
    port = PassphraseKeys(tmp_path)
    port.unlock(RIGHT)
    key = Vault.open(port).current()
    again = PassphraseKeys(tmp_path)
    again.unlock(RIGHT)
    assert Vault.open(again, may_make=False).current() == key
    assert (key.id, len(key.key)) == (1, 32)


def test_a_lost_master_key_is_said_and_not_replaced() -> None:
    port = memory()
    port.delete("master/1")
    with pytest.raises(Damaged, match="missing"):
        Vault.open(port, may_make=False)


def test_a_forgotten_key_comes_back_by_itself_where_no_passphrase_is_needed() -> None:
    vault = Vault.open(memory())
    key = vault.current()
    vault.forget()
    assert not vault.is_open
    assert vault.current() == key


def test_a_forgotten_key_comes_back_by_the_right_passphrase_only(tmp_path: Path) -> None:
    port = PassphraseKeys(tmp_path)
    port.unlock(RIGHT)
    vault = Vault.open(port)
    key = vault.current()
    vault.forget()
    with pytest.raises(Locked, match="sealed"):
        vault.current()
    with pytest.raises(Locked, match="wrong"):
        vault.unseal(Secret("some other words"))
    with pytest.raises(Locked):
        vault.unseal(Secret(""))
    assert not vault.is_open
    vault.unseal(RIGHT)
    assert vault.current() == key


def test_a_wrong_passphrase_does_not_close_an_open_vault(tmp_path: Path) -> None:
    port = PassphraseKeys(tmp_path)
    port.unlock(RIGHT)
    vault = Vault.open(port)
    with pytest.raises(Locked, match="wrong"):
        vault.unseal(Secret("some other words"))
    assert vault.current()


def test_another_master_key_is_asked_for_by_its_number() -> None:
    port = memory()
    vault = Vault.open(port)
    port.put("master/2", bytes(32))
    assert vault.master(2).id == 2
    with pytest.raises(Damaged, match="missing"):
        vault.master(3)
