"""What the Vault page knows and can do: secrets without values, locking, sealing, the passphrase. No widget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from legate_desktop.live import wants_proof
from legate_desktop.notice import Notice, wall_ms
from legate_desktop.pages.vault import requests
from legate_desktop.pages.vault.view import Failed, NewSecret, SecretRow, Standing, Uses, Wanted, standing_words
from legate_desktop.prefs import Prefs
from legate_desktop.words import MINUTE, one_line, tr


class VaultPageState(QObject):
    """One per window. `bridge` is `live.Bridge` or anything with its `watch`, `ask`, `send`.

    `proof_wanted` carries what waits for a proof. While the page is locked there are no rows, and nothing of the secrets
    is kept here; what was asked for meanwhile goes on once it is unlocked.
    """

    rows_changed = Signal()
    selection_changed = Signal()
    standing_changed = Signal()
    proof_wanted = Signal(object)
    noticed = Signal(object)

    def __init__(self, bridge: Any, *, prefs: Prefs | None = None, wall_clock: Callable[[], int] = wall_ms) -> None:
        super().__init__()
        self._bridge = bridge
        self._prefs = prefs or Prefs()
        self.now = wall_clock
        self.standing = Standing()
        self.is_loading = True
        self.filter_text = ""
        self.selected_id = ""
        self._awaited_id = ""
        self.problem = ""
        self._is_open = False
        self._watches: list[Any] = []
        self._given: Mapping[str, Any] = {}
        self._uses: Mapping[str, Any] = {}
        self._all: list[SecretRow] = []
        self._shown: list[SecretRow] = []
        self._me = ""
        self._names: dict[str, str] = {}
        self._after_unlock: list[Callable[[], None]] = []
        self._unused = QTimer(self, singleShot=True)
        self._unused.timeout.connect(self._lock_unused)
        self._prefs.changed.connect(self._on_wish)

    # Reading.

    @property
    def rows(self) -> list[SecretRow]:
        """The secrets by name, filtered."""
        return self._shown

    @property
    def all_rows(self) -> list[SecretRow]:
        """Every secret by name."""
        return self._all

    @property
    def selected(self) -> SecretRow | None:
        """The chosen secret."""
        return next((row for row in self._shown if row.id == self.selected_id), None)

    @property
    def has_passphrase(self) -> bool:
        """Whether a passphrase was set that proves who is there."""
        return self.standing.has_passphrase

    @property
    def opens_keys(self) -> bool:
        """Whether the keys lie under it."""
        return self.standing.needs_passphrase

    @property
    def words(self) -> str:
        """How the vault stands, in a line."""
        return standing_words(self.standing, self.now(), self.name_of(self.standing.sealed_by))

    def name_of(self, person_id: str) -> str:
        """A person as they are called here."""
        return tr("you") if person_id == self._me and person_id else self._names.get(person_id, person_id)

    def why_not_use(self) -> str:
        """Why nothing can be put in or changed; nothing if it can."""
        if not self.standing.is_known:
            return tr("The vault has not said yet how it stands")
        if self.standing.is_locked:
            return tr("The vault is locked: unlock it first")
        return tr("The vault is sealed: unseal it first") if self.standing.is_sealed else ""

    def why_not_change(self) -> str:
        """Why the chosen secret cannot be replaced; nothing if it can."""
        return self.why_not_use() or ("" if self.selected is not None else tr("Choose a secret"))

    def why_not_remove(self) -> str:
        """Why the chosen secret cannot be removed; a sealed vault gives one up all the same."""
        if self.standing.is_locked:
            return tr("The vault is locked: unlock it first")
        return "" if self.selected is not None else tr("Choose a secret")

    def why_not_test(self) -> str:
        """Why the chosen secret cannot be tried out; what is no key for a model is tried by whatever uses it."""
        reason = self.why_not_change()
        row = self.selected
        if reason or row is None:
            return reason
        return "" if row.connector == "models" else tr("Only keys for models can be tried here")

    def why_not_open_run(self) -> str:
        """Why there is no run to go to."""
        row = self.selected
        return "" if row is not None and row.last_used_by else tr("No run has borrowed it yet")

    def why_not_lock(self) -> str:
        """Why the page cannot be locked."""
        if self.standing.is_locked:
            return tr("It is locked already")
        if self.standing.is_known and not self.standing.has_passphrase:
            return tr("Set a passphrase first: without one nothing could unlock it again")
        return ""

    def why_not_seal(self) -> str:
        """Why the vault cannot be sealed."""
        return tr("It is sealed already") if self.standing.is_sealed else ""

    def why_not_unseal(self) -> str:
        """Why the vault cannot be unsealed."""
        return "" if self.standing.is_sealed else tr("It is not sealed")

    # Looking.

    def open(self) -> None:
        """Somebody came: begin to watch."""
        if self._is_open:
            return
        self._is_open = True
        self._bridge.watch(requests.standing_query(), self._take_standing, self._never_opened)
        self._bridge.ask(requests.who_query(), self._take_me, self._not_told)
        self._bridge.ask(requests.members_query(), self._take_members, self._not_told)

    def touch(self) -> None:
        """Somebody uses the page: the time after which it locks itself begins anew."""
        minutes = self._prefs.now.vault_lock_minutes
        if minutes and not self.why_not_lock() and self.standing.is_known:
            self._unused.start(minutes * MINUTE)
        else:
            self._unused.stop()

    def set_filter(self, text: str) -> None:
        """Show only secrets in which every word of this stands."""
        if text != self.filter_text:
            self.filter_text = text
            self._rebuild()

    def select(self, secret_id: str) -> None:
        """Choose a secret."""
        if secret_id != self.selected_id:
            self.selected_id = secret_id
            self.selection_changed.emit()
        self.touch()

    def move(self, by: int) -> None:
        """The next secret, or the one before."""
        if self._shown:
            at = next((at for at, row in enumerate(self._shown) if row.id == self.selected_id), -1)
            self.select(self._shown[max(0, min(len(self._shown) - 1, at + by))].id)

    # Doing.

    def add(self, new: NewSecret, done: Callable[[], None], failed: Failed) -> None:
        """Put a secret into the vault."""

        def then(secret_id: str) -> None:
            # Chosen as soon as it is on the list.
            self._awaited_id = secret_id
            self._rebuild()
            self._say(tr("In the vault: {name}").format(name=one_line(new.name)))
            done()

        self._send(lambda: requests.store(new), one_line(new.name), then, failed)

    def replace(self, row: SecretRow, value: str, done: Callable[[], None], failed: Failed) -> None:
        """Give a secret a new value; the old one is gone at once."""

        def then(_version: Any) -> None:
            self._say(tr("It has a new value: {name}").format(name=one_line(row.name)))
            done()

        self._send(lambda: requests.replace(row.id, value), one_line(row.name), then, failed)

    def remove(self, row: SecretRow) -> None:
        """Delete a secret for good."""
        said = tr("Removed: {name}").format(name=one_line(row.name))
        words = tr("Remove {name} for good").format(name=one_line(row.name))
        self._send(lambda: requests.delete(row.id), words, lambda _result: self._say(said), self._failed)

    def test(self, row: SecretRow) -> None:
        """Ask the service that a key is for whether it works. That lends it once, and costs nothing."""
        name = one_line(row.name)

        def told(wrong: str) -> None:
            self._say(wrong or tr("It works: {name}").format(name=name), is_error=bool(wrong))

        def found(places: Mapping[str, Any]) -> None:
            place_id = requests.place_of(places, row.id)
            if place_id:
                self._send(lambda: requests.test(place_id), name, told, self._failed)
            else:
                self._say(tr("No place of models is opened by it. Add the key under Models to have it tried."))

        self._bridge.ask(requests.places_query(), found, lambda message, _is_away: self._failed(message))

    def lock(self) -> None:
        """Close the page until somebody proves who they are. Lending goes on."""
        reason = self.why_not_lock()
        if reason:
            self._say(reason, is_error=not self.standing.is_locked)
            return
        self._bridge.send(requests.lock(), self._locked, lambda message, _is_away: self._failed(message))

    def unlock(self, passphrase: str, failed: Failed) -> None:
        """Open the page again."""
        self._bridge.send(requests.prove(passphrase), lambda _result: None, lambda message, _is_away: failed(message))

    def seal(self) -> None:
        """Stop lending at once."""

        def then(_result: Any) -> None:
            undo = None if self.standing.needs_passphrase else lambda: self.unseal("", self._failed)
            text = tr("The vault is sealed. Runs that need a secret wait.")
            self.noticed.emit(Notice(text, undo=undo))

        self._send(requests.seal, tr("Seal the vault"), then, self._failed)

    def unseal(self, passphrase: str, failed: Failed) -> None:
        """Lend again."""
        self._send(
            lambda: requests.unseal(passphrase),
            tr("Unseal the vault"),
            lambda _result: self._say(tr("The vault is open. What waited for it goes on.")),
            failed,
        )

    def set_passphrase(self, new: str, old: str, done: Callable[[], None], failed: Failed) -> None:
        """Choose the passphrase, or change it."""

        def then(_result: Any) -> None:
            keys = tr("From now on the new passphrase opens the keys.")
            proof = tr("From now on this passphrase proves that it is you.")
            self._say(keys if self.standing.needs_passphrase else proof)
            self.touch()
            done()

        self._bridge.send(requests.set_passphrase(new, old), then, lambda message, _is_away: failed(message))

    def prove(self, wanted: Wanted, passphrase: str, failed: Failed) -> None:
        """Say who is asking, then do what waited for it."""
        self._bridge.send(
            requests.prove(passphrase), lambda _result: wanted.go_on(), lambda message, _is_away: failed(message)
        )

    # What comes back.

    def _send(self, command: Callable[[], Any], said: str, then: Callable[[Any], None], failed: Failed) -> None:
        """Send a command; where it wants a proof, or the page was locked meanwhile, it waits for that and goes on."""

        def again() -> None:
            self._send(command, said, then, failed)

        def refused(message: str, _is_away: bool) -> None:
            if wants_proof(message):
                self.proof_wanted.emit(Wanted(said, again))
            elif requests.is_locked(message) and self.standing.is_locked:
                self._after_unlock.append(again)
                self._say(tr("The vault was locked meanwhile. Unlock it, and this goes on: {what}").format(what=said))
            else:
                failed(message)

        self.touch()
        self._bridge.send(command(), then, refused)

    def _take_standing(self, rows: Mapping[str, Any]) -> None:
        given = rows.get(requests.STANDING)
        if given is None:
            return
        was, self.standing = self.standing, requests.standing(given)
        if self.standing.is_locked:
            self._forget()
        elif was.is_locked or not was.is_known:
            self._look()
        else:
            self._rebuild()
        self.touch()
        self.standing_changed.emit()
        if was.is_locked and not self.standing.is_locked:
            waiting, self._after_unlock = self._after_unlock, []
            for go_on in waiting:
                go_on()

    def _look(self) -> None:
        """Follow the secrets; the page is open."""
        self.is_loading = True
        self._watches = [
            self._bridge.watch(requests.secrets_query(), self._take_secrets, self._lost),
            self._bridge.watch(requests.uses_query(), self._take_uses, self._lost),
        ]

    def _forget(self) -> None:
        """The page is locked: know nothing of the secrets any more."""
        for watch in self._watches:
            watch.close()
        self._watches = []
        self._given, self._uses, self.is_loading = {}, {}, False
        self._unused.stop()
        self._rebuild()

    def _locked(self, _result: Any) -> None:
        sealed = tr("The vault is locked, and it stays sealed. Runs that need a secret wait.")
        self._say(sealed if self.standing.is_sealed else tr("The vault is locked. Runs go on."))

    def _lock_unused(self) -> None:
        if not self.why_not_lock():
            self.lock()

    def _on_wish(self, name: str) -> None:
        if name == "vault_lock_minutes":
            self.touch()

    def _take_secrets(self, rows: Mapping[str, Any]) -> None:
        self._given, self.is_loading, self.problem = rows, False, ""
        self._rebuild()

    def _take_uses(self, rows: Mapping[str, Any]) -> None:
        self._uses = rows
        self._rebuild()

    def _take_me(self, me: Any) -> None:
        self._me = me.person_id
        self.rows_changed.emit()

    def _take_members(self, members: Any) -> None:
        self._names = {member.id: member.name for member in members}
        self.rows_changed.emit()

    def _not_told(self, _message: str, _is_away: bool) -> None:
        """Without names, ids are shown."""

    def _rebuild(self) -> None:
        stale = set(self.standing.stale)
        rows = [
            requests.secret(
                given,
                requests.uses(self._uses[secret_id]) if secret_id in self._uses else Uses(),
                is_stale=secret_id in stale,
            )
            for secret_id, given in self._given.items()
        ]
        self._all = sorted(rows, key=lambda row: (row.name.casefold(), row.id))
        words = self.filter_text.casefold().split()
        self._shown = [row for row in self._all if all(word in row.haystack for word in words)]
        ids = [row.id for row in self._shown]
        if self._awaited_id in ids:
            self.selected_id, self._awaited_id = self._awaited_id, ""
        if self.selected_id not in ids and not self.is_loading:
            self.selected_id = ids[0] if ids else ""
        self.rows_changed.emit()
        self.selection_changed.emit()

    def _lost(self, message: str) -> None:
        """A watch ended. That the page was locked is told by its standing."""
        self.is_loading = False
        if not requests.is_locked(message):
            self.problem = message
            self._failed(message)
        self.rows_changed.emit()

    def _never_opened(self, message: str) -> None:
        self.is_loading = False
        self.problem = message
        self._failed(message)
        self.rows_changed.emit()

    def _failed(self, message: str) -> None:
        self._say(message, is_error=True)

    def _say(self, text: str, *, is_error: bool = False) -> None:
        self.noticed.emit(Notice(text, is_error=is_error))
