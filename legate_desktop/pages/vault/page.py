"""The Vault page: how it stands, the secrets, the chosen one; builds and binds and has no opinion."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QClipboard, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.notice import Notice
from legate_desktop.pages.vault import requests
from legate_desktop.pages.vault.detail import SecretDetail
from legate_desktop.pages.vault.dialogs import (
    NewSecretDialog,
    RemoveDialog,
    ReplaceDialog,
    SealDialog,
    UnsealDialog,
)
from legate_desktop.pages.vault.locked import LockedView
from legate_desktop.pages.vault.proving import ask_passphrase, ask_proof
from legate_desktop.pages.vault.rows import SECRET_PX, SecretDelegate
from legate_desktop.pages.vault.state import VaultPageState
from legate_desktop.pages.vault.verbs import VERBS
from legate_desktop.pages.vault.view import NewSecret, SecretRow, row_sentence
from legate_desktop.shell.context import PageContext
from legate_desktop.theme import tokens
from legate_desktop.theme.signs import RUN_SIGNS, UNKNOWN
from legate_desktop.verbs import Verbs, rights
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.labels import Label
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.notices import EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.widgets.sign_label import SignLabel
from legate_desktop.words import number, tr


class VaultPage(Page):
    """The page of a `VaultPageState`."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(VaultPageState)
        self.verbs = Verbs(self, VERBS)
        self.buttons: dict[str, Button] = {}
        self._build()
        self._bind()
        self._show_standing()
        self._show_rows()
        context.when_open(self.state.open)

    # What the verbs do.

    def take_focus(self) -> None:
        if self.state.standing.is_locked:
            self.locked.field.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.stack.take_focus()

    def foot(self) -> QWidget:
        return self.answers

    def place(self) -> str:
        return self.state.selected_id

    def show_place(self, object_id: str) -> None:
        self.state.select(object_id)

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def ask_new(self) -> None:
        """Ask for a secret, and keep it."""
        self._open_new(None, "")

    def ask_replace(self) -> None:
        """Ask for a new value of the chosen secret."""
        if self.state.selected is not None:
            self._open_replace(self.state.selected, "")

    def ask_remove(self) -> None:
        """Say what fails, then remove the chosen secret."""
        row = self.state.selected
        if row is not None:
            dialog = RemoveDialog(row, self)
            dialog.sent.connect(lambda: self.state.remove(row))
            dialog.open()

    def test(self) -> None:
        """Ask whether the chosen key works."""
        if self.state.selected is not None:
            self.state.test(self.state.selected)

    def ask_seal(self) -> None:
        """Say what that stops, then seal."""
        needs = self.state.standing.needs_passphrase
        dialog = SealDialog(self.state.all_rows, needs_passphrase=needs, parent=self)
        dialog.sent.connect(self.state.seal)
        dialog.open()

    def ask_unseal(self) -> None:
        """Ask for the passphrase where it opens the keys, then unseal."""
        if self.state.standing.needs_passphrase:
            self._open_unseal("")
        else:
            self.state.unseal("", self._say_failed)

    def ask_passphrase(self) -> None:
        """Ask for a new passphrase."""
        ask_passphrase(self, self.state)

    def open_run(self) -> None:
        """Go to the run that borrowed the chosen secret last."""
        row = self.state.selected
        if row is not None and row.last_used_by:
            self.context.go("runs", row.last_used_by)

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Vault"))
        self.filter = FilterField(tr("By name, host or who uses it"))
        self.head.row.addWidget(self.filter, 10)
        self.model: LiveModel[SecretRow] = LiveModel(lambda row: row_sentence(row, self.state.now()))
        self.list = RowList(SecretDelegate(self.state.now), tr("Secrets"))
        self.list.setModel(self.model)
        self.empty = EmptyState("vault", "", "")
        self.empty.action.follow(self.verbs["new"])
        self.skeleton = Skeleton(SECRET_PX, engine=self.context)
        self.stack = ListStack(self.list)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.skeleton)
        left = QWidget()
        left.setMinimumWidth(tokens.LIST_MIN_PX)
        column = _column(left)
        column.addWidget(self.stack, 1)
        self.detail = SecretDetail()
        right = QWidget()
        right.setMinimumWidth(tokens.DETAIL_MIN_PX)
        side = _column(right)
        side.addWidget(self.detail, 1)
        side.addWidget(self._build_answers())
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(right)
        self.locked = LockedView()
        self.body = QStackedWidget()
        self.body.addWidget(self.splitter)
        self.body.addWidget(self.locked)
        whole = _column(self)
        whole.addWidget(self.head)
        whole.addWidget(self._build_standing())
        whole.addWidget(self.body, 1)

    def _build_standing(self) -> QWidget:
        """How the vault stands, and what can be done about it."""
        self.sign = SignLabel(UNKNOWN)
        self.words = Label("", "small")
        self.words.setWordWrap(True)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(self.words, 1)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        for verb_id in ("new", "unseal", "lock", "seal", "passphrase"):
            flow.addWidget(self._button(verb_id))
        box = QWidget()
        column = QVBoxLayout(box)
        column.setContentsMargins(20, 0, 20, 10)
        column.setSpacing(6)
        column.addLayout(line)
        column.addWidget(buttons)
        return box

    def _build_answers(self) -> QWidget:
        self.answers = QWidget()
        self.answers.setObjectName("answers")
        self.answers.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        buttons = QWidget()
        flow = FlowLayout(buttons)
        room = QVBoxLayout(self.answers)
        room.setContentsMargins(20, 8, 20, 8)
        room.addWidget(buttons)
        for verb_id in ("replace", "test", "remove", "open_run"):
            flow.addWidget(self._button(verb_id))
        return self.answers

    def _button(self, verb_id: str) -> Button:
        verb = self.verbs.verb(verb_id)
        button = Button(verb.name, kind=verb.kind)
        # Locking has its key in every page of the window.
        button.follow(self.verbs[verb_id], key="Ctrl+Shift+L" if verb_id == "lock" else "")
        self.buttons[verb_id] = button
        return button

    def _bind(self) -> None:
        state = self.state
        state.rows_changed.connect(self._show_rows)
        state.selection_changed.connect(self._show_selection)
        state.standing_changed.connect(self._show_standing)
        state.proof_wanted.connect(lambda wanted: ask_proof(self, state, wanted))
        self.filter.textChanged.connect(state.set_filter)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.detail.opened.connect(self.context.go)
        self.locked.given.connect(lambda passphrase: state.unlock(passphrase, self.locked.say))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.state.touch()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        right = max(tokens.DETAIL_MIN_PX, min(tokens.DETAIL_MAX_PX, round(self.width() * 0.42)))
        self.splitter.setSizes([self.width() - right, right])

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.at(current.row())
        if row is not None:
            self.state.select(row.id)

    # Dialogs. What could not be kept is shown again with the reason, so that nothing has to be typed twice.

    def _open_new(self, given: NewSecret | None, problem: str) -> None:
        may_share = not rights.why_not("credentials.create.shared")
        dialog = NewSecretDialog(requests.recognise, may_share=may_share, parent=self)
        if given is not None:
            dialog.fill(given, problem)

        def send() -> None:
            new, pasted = dialog.given, dialog.value.text()
            dialog.value.clear()
            self.state.add(new, lambda: _forget_copy(pasted), lambda message: self._open_new(new, message))

        dialog.sent.connect(send)
        dialog.open()

    def _open_replace(self, row: SecretRow, problem: str, value: str = "") -> None:
        dialog = ReplaceDialog(row, requests.recognise, self)
        dialog.value.setText(value)
        dialog.say_problem(problem)

        def send() -> None:
            pasted, new = dialog.value.text(), dialog.given
            dialog.value.clear()
            self.state.replace(
                row, new, lambda: _forget_copy(pasted), lambda message: self._open_replace(row, message, pasted)
            )

        dialog.sent.connect(send)
        dialog.open()

    def _open_unseal(self, problem: str) -> None:
        dialog = UnsealDialog(self)
        dialog.say_problem(problem)
        dialog.sent.connect(lambda: self.state.unseal(dialog.passphrase.text(), self._open_unseal))
        dialog.open()

    def _say_failed(self, message: str) -> None:
        self.context.say(Notice(message, is_error=True))

    # Showing.

    def _show_standing(self) -> None:
        state = self.state
        standing = state.standing
        sign = UNKNOWN if not standing.is_known else RUN_SIGNS["waiting" if standing.is_sealed else "succeeded"]
        self.sign.set_sign(RUN_SIGNS["cancelled"] if standing.is_locked else sign)
        self.words.setText(tr("Locked; runs go on.") if standing.is_locked and not standing.is_sealed else state.words)
        self.buttons["unseal"].setVisible(standing.is_sealed)
        for verb_id in ("new", "lock"):
            self.buttons[verb_id].setVisible(not standing.is_locked and not (verb_id == "new" and standing.is_sealed))
        self.buttons["seal"].setVisible(not standing.is_sealed)
        self.filter.setEnabled(not standing.is_locked)
        self.locked.tell(is_sealed=standing.is_sealed)
        was_locked = self.body.currentWidget() is self.locked
        if standing.is_locked != was_locked:
            had_focus = self.isVisible() and (self.focusWidget() is not None)
            self.locked.clear()
            self.body.setCurrentWidget(self.locked if standing.is_locked else self.splitter)
            if had_focus:
                self.take_focus()
        self.verbs.settle()

    def _show_rows(self) -> None:
        state = self.state
        with unheard(self.list):
            self.model.set_rows(state.rows)
        # Before the list may be given the focus, with which Qt would choose the first row by itself.
        self._show_selection()
        is_loading = state.is_loading and not state.standing.is_locked
        if is_loading:
            self.skeleton.start()
        else:
            self.skeleton.stop()
        self.stack.turn_to(self.skeleton if is_loading else self.list if state.rows else self.empty)
        self.empty.say(*_empty_words(state))
        self.empty.action.setVisible(not state.filter_text and not state.problem)
        self.head.set_count(number(len(state.all_rows)) if state.all_rows else "")
        self._show_standing()

    def _show_selection(self) -> None:
        choose_row(self.list, self.model.position_of(self.state.selected_id))
        row = self.state.selected
        if row is None:
            self.detail.show_nothing(tr("Choose a secret to see where it may go and who borrows it."))
        else:
            self.detail.show_secret(row, self.state.now(), self.state.name_of)
        self.answers.setVisible(row is not None)
        self.buttons["test"].setVisible(row is not None and row.connector == "models")
        self.buttons["open_run"].setVisible(not self.state.why_not_open_run())
        self.verbs.settle()


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    return column


def _empty_words(state: VaultPageState) -> tuple[str, str]:
    if state.problem:
        return tr("The vault cannot be read"), state.problem
    if state.filter_text:
        return tr("Nothing matches"), tr("No secret holds all of these words.")
    return tr("Nothing is kept yet"), tr(
        "Keys and passwords live here. Each is lent to one call, for the hosts that you name, and nobody sees it again."
    )


def _forget_copy(pasted: str) -> None:
    """Take a secret that is in the vault now off the clipboards, unless something else was copied since."""
    clipboard = QGuiApplication.clipboard()
    for mode in (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection):
        held = clipboard.text(mode)
        if held and held.strip() == pasted.strip():
            clipboard.clear(mode)
