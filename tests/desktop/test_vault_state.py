"""What the Vault page knows without a window: rows, standing, proofs, and a vault that locks in the middle."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from legate_desktop.live import NEEDS_PROOF, Refusal
from legate_desktop.notice import Notice
from legate_desktop.pages.vault import requests
from legate_desktop.pages.vault.state import VaultPageState
from legate_desktop.pages.vault.view import NewSecret, loses_words, row_sentence, stop_words
from tests.desktop.fake_core import NOW, FakeBridge
from tests.desktop.fakes_vault import secret, stand, standing, vault_bridge

NEW = NewSecret("Key", "hunter2-hunter2", ("api.example.com",))


class Desk:
    """A state on a bridge, with what it said and asked."""

    def __init__(self, **changes: Any) -> None:
        self.bridge: FakeBridge = vault_bridge(**changes)
        self.state = VaultPageState(self.bridge, wall_clock=lambda: NOW)
        self.said: list[Notice] = []
        self.wanted: list[Any] = []
        self.failures: list[str] = []
        self.done: list[str] = []
        self.state.noticed.connect(self.said.append)
        self.state.proof_wanted.connect(self.wanted.append)
        self.state.open()

    def add(self) -> None:
        self.state.add(NEW, lambda: self.done.append("kept"), self.failures.append)

    def names(self) -> list[str]:
        return [row.name for row in self.state.rows]

    def sent(self) -> list[str]:
        return [type(command).__name__ for command in self.bridge.sent]


@pytest.fixture
def desk(app: QApplication) -> Desk:
    return Desk()


def test_the_secrets_are_listed_by_name_with_who_may_borrow_them(desk: Desk) -> None:
    assert desk.names() == ["Anthropic", "GitHub", "Mail of the support desk", "pay\u202egpj\u200b key"]
    first = desk.state.rows[0]
    assert (len(first.uses.agents), len(first.uses.runs), first.last_used_by) == (2, 2, "run_01cd7371")
    assert [row.is_stale for row in desk.state.rows] == [False, False, False, True]
    sentence = row_sentence(first, NOW)
    assert "for api.anthropic.com" in sentence
    assert "2 runs may borrow it now" in sentence
    assert "\u202e" not in row_sentence(desk.state.rows[3], NOW)


def test_the_filter_looks_at_names_hosts_and_who_uses_them(desk: Desk) -> None:
    for text, found in (("imap", ["Mail of the support desk"]), ("ledger anthropic", ["Anthropic"]), ("zzz", [])):
        desk.state.set_filter(text)
        assert desk.names() == found
    assert desk.state.selected is None


def test_what_sealing_and_removing_stop_is_said_before(desk: Desk) -> None:
    rows = desk.state.all_rows
    assert stop_words(rows) == "2 runs may need a secret and will wait then: Ledger keeper, Reply desk."
    assert stop_words(rows[1:]) == "No run and no agent needs a secret."
    idle = dataclasses.replace(rows[0], uses=dataclasses.replace(rows[0].uses, runs=()))
    assert stop_words([idle]) == "No run needs a secret now. 2 agents would wait when they do."
    assert "2 agents, 2 runs that go on, 1 knowledge base" in loses_words(rows[0])
    assert loses_words(rows[1]) == "Nothing names it."


def test_a_secret_is_kept_and_its_value_is_nowhere_in_the_state(desk: Desk) -> None:
    desk.add()
    assert (desk.sent(), desk.done) == (["StoreSecret"], ["kept"])
    assert desk.bridge.sent[0].value.reveal() == NEW.value
    assert [notice.text for notice in desk.said] == ["In the vault: Key"]
    assert "hunter2" not in f"{vars(desk.state)} {NEW!r} {desk.bridge.sent}"


def test_a_new_secret_is_chosen_once_it_is_on_the_list(desk: Desk) -> None:
    desk.bridge.answers["StoreSecret"] = lambda _command: "sec_9"
    desk.add()
    assert desk.state.selected_id == "sec_1"
    desk.bridge.tables["Secrets"]["sec_9"] = secret("sec_9", "Key")
    desk.bridge.publish("Secrets")
    assert desk.state.selected_id == "sec_9"


def test_what_is_refused_comes_back_to_whoever_asked(desk: Desk) -> None:
    desk.bridge.refusal = ("There is a secret called 'Key' already.", False)
    desk.add()
    assert (desk.failures, desk.done) == (["There is a secret called 'Key' already."], [])


def test_removing_wants_a_proof_and_goes_on_after_it(desk: Desk) -> None:
    desk.bridge.refusal = (Refusal("This needs a fresh proof.", NEEDS_PROOF), False)
    desk.state.remove(desk.state.rows[1])
    assert (desk.sent(), [wanted.said for wanted in desk.wanted]) == ([], ["Remove GitHub for good"])
    desk.bridge.refusal = ("The passphrase is wrong.", False)
    desk.state.prove(desk.wanted[0], "wrong", desk.failures.append)
    assert (desk.sent(), desk.failures) == ([], ["The passphrase is wrong."])
    desk.state.prove(desk.wanted[0], "correct horse", desk.failures.append)
    assert desk.sent() == ["Prove", "DeleteSecret"]
    assert desk.said[-1].text == "Removed: GitHub"


def test_a_vault_that_locks_in_the_middle_shows_nothing_and_what_was_asked_goes_on_after_it(desk: Desk) -> None:
    watches = [watch for watch in desk.bridge.watches if type(watch.query).__name__ in ("Secrets", "SecretUses")]
    stand(desk.bridge, is_page_closed=True)
    assert (desk.names(), desk.state.selected_id, desk.state.standing.is_locked) == ([], "", True)
    assert all(watch.is_closed for watch in watches)
    assert "unlock it first" in desk.state.why_not_use()
    desk.bridge.refusal = (Refusal("The vault is locked.", requests.LOCKED), False)
    desk.add()
    assert (desk.sent(), desk.failures) == ([], [])
    assert "Unlock it, and this goes on: Key" in desk.said[-1].text
    desk.state.unlock("correct horse", desk.failures.append)
    assert desk.sent() == ["Prove"]
    stand(desk.bridge, is_page_closed=False)
    assert desk.sent() == ["Prove", "StoreSecret"]
    assert len(desk.names()) == 4


def test_a_row_that_comes_while_it_is_locked_is_not_shown(desk: Desk) -> None:
    stand(desk.bridge, is_page_closed=True)
    desk.bridge.tables["Secrets"]["sec_9"] = secret("sec_9", "New")
    desk.bridge.publish("Secrets")
    assert desk.names() == []


def test_a_key_for_models_is_tried_out_and_what_is_wrong_is_said(desk: Desk) -> None:
    place = SimpleNamespace(id="src_1", settings={"secret": "sec_1"})
    desk.bridge.answers["ModelCatalogue"] = lambda _query: {"src_1": place}
    desk.bridge.answers["CheckModelSource"] = lambda _command: ""
    desk.state.test(desk.state.rows[0])
    desk.bridge.answers["CheckModelSource"] = lambda _command: "The key was refused. Replace it."
    desk.state.test(desk.state.rows[0])
    assert [(notice.text, notice.is_error) for notice in desk.said] == [
        ("It works: Anthropic", False),
        ("The key was refused. Replace it.", True),
    ]
    desk.state.select("sec_2")
    assert desk.state.why_not_test() == "Only keys for models can be tried here"


def test_it_is_not_locked_without_a_passphrase_that_could_open_it(app: QApplication) -> None:
    desk = Desk(has_passphrase=False)
    desk.state.lock()
    assert desk.sent() == []
    assert (desk.said[-1].is_error, "Set a passphrase first" in desk.said[-1].text) == (True, True)


def test_it_locks_itself_when_nobody_uses_it_and_not_without_a_passphrase(desk: Desk) -> None:
    assert desk.state._unused.interval() == 15 * 60_000
    assert desk.state._unused.isActive()
    desk.state._unused.timeout.emit()
    assert desk.sent() == ["LockVault"]
    desk.state._prefs.wish("vault_lock_minutes", 0)
    assert not desk.state._unused.isActive()
    stand(desk.bridge, has_passphrase=False)
    desk.state._prefs.wish("vault_lock_minutes", 5)
    assert not desk.state._unused.isActive()


def test_sealing_can_be_taken_back_where_no_passphrase_is_needed(desk: Desk) -> None:
    desk.state.seal()
    undo = desk.said[-1].undo
    assert undo is not None
    undo()
    assert desk.sent() == ["SealVault", "UnsealVault"]
    stand(desk.bridge, needs_passphrase=True)
    desk.state.seal()
    assert desk.said[-1].undo is None


def test_how_it_stands_is_said_in_words(desk: Desk) -> None:
    assert desk.state.words == "Open; its keys are in the system's keyring."
    stand(desk.bridge, is_sealed=True, sealed_at=NOW, sealed_by="usr_me")
    assert desk.state.words.startswith("Sealed since ")
    assert "by you: nothing is lent" in desk.state.words
    assert desk.state.why_not_use() == "The vault is sealed: unseal it first"


@pytest.mark.parametrize(
    ("pasted", "who", "host", "text"),
    [
        ("export GH='ghp_" + "a1" * 18 + "'\n", "GitHub", "api.github.com", "ghp_" + "a1" * 18),
        (" sk-ant-" + "b2" * 20, "Anthropic", "api.anthropic.com", "sk-ant-" + "b2" * 20),
        ("correct horse battery staple\n", "", "", "correct horse battery staple"),
        ("", "", "", ""),
    ],
)
def test_what_is_pasted_is_recognised_by_its_form(pasted: str, who: str, host: str, text: str) -> None:
    form = requests.recognise(pasted)
    assert (form.who, form.host, form.text) == (who, host, text)


def test_the_fake_standing_has_what_the_core_has(app: QApplication) -> None:
    import legate_core as core

    assert {field.name for field in dataclasses.fields(core.VaultState)} == set(vars(standing()))
    assert {field.name for field in dataclasses.fields(core.SecretRow)} == set(vars(secret("sec_1", "x")))
