"""The Approvals page: builds the list, the card and the answers, binds them to the state, and has no opinion."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStackedWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from legate_desktop.delegates.rows import RowList
from legate_desktop.models import LiveModel
from legate_desktop.notice import Notice
from legate_desktop.pages.approvals.card import CardView
from legate_desktop.pages.approvals.dialogs import EditDialog, RejectDialog, RejectManyDialog, ScopesDialog
from legate_desktop.pages.approvals.many_view import ManyView
from legate_desktop.pages.approvals.row import ApprovalDelegate
from legate_desktop.pages.approvals.rule import RuleView
from legate_desktop.pages.approvals.state import ApprovalsState, Unsent
from legate_desktop.pages.approvals.verbs import VERBS
from legate_desktop.pages.approvals.view import ApprovalRow, DoubtChoice, Preview, Tab, row_sentence
from legate_desktop.pages.vault.proving import ask_who
from legate_desktop.practice import Practice
from legate_desktop.shell.context import PageContext
from legate_desktop.theme import tokens
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.filter_field import FilterField
from legate_desktop.widgets.flow import FlowLayout
from legate_desktop.widgets.list_stack import ListStack
from legate_desktop.widgets.more_button import MoreButton
from legate_desktop.widgets.notices import Banner, EmptyState, Skeleton
from legate_desktop.widgets.page_title import Page, PageTitle
from legate_desktop.widgets.selection import choose_row, unheard
from legate_desktop.widgets.tabs import Tabs
from legate_desktop.words import counted, number, one_line, plural, tr, value_text

AGES_EVERY_MS = 10_000
LONGEST_EDIT = 400_000
ANSWERS = ("approve", "reject", "scopes", "edit", "stop", "later", "delegate")
MAY_FOLD = ("scopes", "edit", "stop", "later", "delegate")
MOST_FOR_ANSWERS, ANSWERS_SIDES_PX = 0.36, 40
TOGETHER = ("approve_many", "reject_many", "unfold")
DOUBTS = ("happened", "do_it", "give_up")


class ApprovalsPage(Page):
    """The page of an `ApprovalsState`; what it says and where it leads goes through the context."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = context.state(ApprovalsState)
        self.practice = context.practice
        self._seconds = QTimer(self, interval=AGES_EVERY_MS)
        self._undo_ends = QTimer(self, singleShot=True)
        self._build()
        self.verbs = Verbs(self, VERBS)
        self._build_answers()
        self._bind()
        self._show_rows()
        self._show_card()

    # What the verbs do.

    def approve_once(self) -> None:
        """By key, button or menu; what is grave must be confirmed on its button."""
        if self.state.is_inert() or self.state.card is None:
            return
        button = self.buttons["approve"]
        if self.state.card.row.is_grave and not button.is_confirming:
            button.press_by_key()
            return
        self.state.approve_once()

    def ask_reject(self, *, and_stop: bool = False) -> None:
        """Ask for a reason, then reject."""
        if self.state.is_inert() or self.state.card is None:
            return
        dialog = RejectDialog(self.state.card, and_stop=and_stop, parent=self)
        dialog.sent.connect(lambda: self.state.reject(dialog.card, dialog.text, and_stop=and_stop))
        dialog.open()

    def ask_scopes(self) -> None:
        """Ask how far the approval goes."""
        if self.state.is_inert() or self.state.card is None:
            return
        dialog = ScopesDialog(self.state.card, self)
        dialog.sent.connect(lambda: self._send_scope(dialog))
        dialog.preview_wanted.connect(lambda: self._preview(dialog))
        dialog.open()

    def ask_edit(self) -> None:
        """Open the arguments for editing."""
        if self.state.is_inert() or self.state.card is None:
            return
        size = len(value_text(dict(self.state.card.proposed)))
        if size > LONGEST_EDIT:
            text = tr(
                "These arguments are too large to edit here: {size} characters. Approve or reject them as they are."
            )
            self.context.say(Notice(text.format(size=number(size)), is_error=True))
            return
        dialog = EditDialog(self.state.card, self)
        dialog.sent.connect(lambda: self._send_edit(dialog))
        dialog.open()

    def approve_many(self) -> None:
        """Together is confirmed on its button, as what is grave is: held, or pressed twice."""
        if self.state.is_inert():
            return
        button = self.buttons["approve_many"]
        if not button.is_confirming:
            button.press_by_key()
            return
        self.state.approve_many()

    def ask_reject_many(self) -> None:
        """Ask for one reason for all of them."""
        if self.state.is_inert() or self.state.many.why_not():
            return
        cards = self.state.many.answerable()
        dialog = RejectManyDialog(plural("Reject %n question(s)", len(cards)), self)
        dialog.sent.connect(lambda: self.state.reject_many(dialog.text, of=cards))
        dialog.open()

    def ask_later(self) -> None:
        """Offer the times at which the card can be asked again."""
        card = self.state.card
        if card is None or self.state.is_inert():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if card.row.snoozed_until > self.state.now():
            menu.addAction(tr("Now after all")).triggered.connect(lambda: self.state.handing.wake(card.id))
        for later in self.state.handing.later(card):
            action = menu.addAction(later.words)
            action.triggered.connect(lambda _checked=False, later=later: self.state.handing.snooze(card, later))
        self._pop_up(menu, "later")

    def ask_colleague(self) -> None:
        """Offer who else may decide it."""
        card = self.state.card
        if card is None or self.state.is_inert():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if card.row.assigned_to:
            menu.addAction(tr("Nobody in particular")).triggered.connect(lambda: self.state.handing.take_back(card.id))
        for other in self.state.handing.others(card):
            action = menu.addAction(f"{one_line(other.name)}   {tr(other.role.capitalize())}")
            action.triggered.connect(lambda _checked=False, other=other: self.state.handing.delegate(card, other))
        self._pop_up(menu, "delegate")

    def _pop_up(self, menu: QMenu, verb_id: str) -> None:
        button = self.more if self.buttons[verb_id].isHidden() else self.buttons[verb_id]
        menu.popup(button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
        menu.setActiveAction(menu.actions()[0])

    def settle(self, choice: DoubtChoice) -> None:
        """One of the three answers to what is in doubt."""
        self.state.settle_doubt(choice)

    def show_run(self) -> None:
        """Show the log of the run that asks."""
        if self.state.card is not None:
            self.context.go("runs", self.state.card.row.run_id)

    def delete_chosen_rule(self) -> None:
        """Delete the rule under the cursor; the only way back is a new answer."""
        if self.state.selected_rule is not None:
            self.state.delete_rule(self.state.selected_rule.id)

    def take_focus(self) -> None:
        """The page was opened: the keys go to the list, or to where it will be."""
        self.stack.take_focus()

    def place(self) -> str:
        return self.state.selected_id

    def show_place(self, object_id: str) -> None:
        self.state.reveal(object_id)

    def foot(self) -> QWidget:
        return self.answers

    def focus_filter(self) -> None:
        """Put the cursor into the filter."""
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    # Building.

    def _build(self) -> None:
        self.head = PageTitle(tr("Approvals"))
        self.filter = FilterField(tr("By tool, agent, run or what it wants"))
        self.head.row.addWidget(self.filter, 10)
        names = (("waiting", tr("Waiting")), ("decided", tr("Decided")), ("rules", tr("Rules")))
        self.tabs = Tabs(names, tr("Which approvals"))
        self.banner = Banner()
        self.model: LiveModel[Any] = LiveModel(lambda row: row_sentence(row, self.state.now()))
        delegate = ApprovalDelegate(
            self.state.now,
            self.state.is_answering,
            lambda row_id: row_id in self.state.marked,
            self.state.handing.name_of,
        )
        self.list = RowList(delegate, tr("Approvals"))
        self.list.setModel(self.model)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.skeleton = Skeleton(tokens.ROW_APPROVAL_PX)
        self.empty = EmptyState("shield-check", "", "")
        self.stack = ListStack(self.list)
        for widget in (self.skeleton, self.empty):
            self.stack.addWidget(widget)
        left = QWidget()
        left.setMinimumWidth(tokens.LIST_MIN_PX)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self.head, self.tabs):
            column.addWidget(widget)
        column.addWidget(self.stack, 1)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self._build_detail())
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setStretchFactor(1, 0)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.banner)
        whole.addWidget(self.splitter, 1)

    def _build_detail(self) -> QWidget:
        self.detail = QWidget()
        self.detail.setObjectName("detail")
        self.detail.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.detail.setMinimumWidth(tokens.DETAIL_MIN_PX)
        self.detail.setMaximumWidth(tokens.DETAIL_MAX_PX)
        self.card = CardView(by=self.state.handing.by)
        self.rule = RuleView()
        self.many = ManyView(self.state.many)
        self.nothing = EmptyState("inbox", "", "")
        self.card_stack = QStackedWidget()
        self.card_stack.addWidget(self.card)
        self.card_stack.addWidget(self.rule)
        self.card_stack.addWidget(self.many)
        self.card_stack.addWidget(self.nothing)
        self.answers = QWidget()
        column = QVBoxLayout(self.detail)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.card_stack, 1)
        column.addWidget(self.answers)
        return self.detail

    def _build_answers(self) -> None:
        flow = self._flow = FlowLayout(self.answers, spacing=4)
        flow.setContentsMargins(0, 0, 0, 0)
        outer = self.answers
        outer.setContentsMargins(20, 8, 20, 12)
        outer.setObjectName("answers")
        outer.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, True)
        self.buttons: dict[str, Button] = {}
        for verb_id in (*ANSWERS, *TOGETHER, *DOUBTS, "undo"):
            verb = self.verbs.verb(verb_id)
            button = Button(verb.name, kind=verb.kind, icon_name=verb.icon if verb.kind == "primary" else "")
            button.follow(self.verbs[verb_id])
            self.buttons[verb_id] = button
            flow.addWidget(button)
        self.empty.action.follow(self.verbs["practice"])
        self.more = MoreButton(tr("More…"))
        flow.addWidget(self.more)
        self.delete_rule = Button("", kind="danger")
        self.delete_rule.follow(self.verbs["delete_rule"])
        flow.addWidget(self.delete_rule)
        self.adopt_rule = Button("", kind="primary")
        self.adopt_rule.follow(self.verbs["adopt_rule"])
        flow.addWidget(self.adopt_rule)

    # Binding.

    def _bind(self) -> None:
        state = self.state
        state.rows_changed.connect(self._show_rows)
        state.tab_changed.connect(self._on_tab)
        state.filter_cleared.connect(self.filter.clear)
        state.selection_changed.connect(self._show_selection)
        state.card_changed.connect(self._show_card)
        state.answering_changed.connect(self._show_answering)
        state.undo_changed.connect(self._on_undo)
        state.many.changed.connect(self._show_card)
        state.proof_wanted.connect(self._ask_proof)
        self.practice.changed.connect(self._show_rows)
        self._undo_ends.timeout.connect(self._settle)
        self.card.run_wanted.connect(self.show_run)
        state.engine_changed.connect(self._show_engine)
        self.filter.textChanged.connect(state.set_filter)
        self.filter.installEventFilter(self)
        self.tabs.chosen.connect(self._on_tab_chosen)
        self.list.selectionModel().currentRowChanged.connect(self._on_current)
        self.list.customContextMenuRequested.connect(self._menu)
        self._seconds.timeout.connect(self._on_seconds)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the filter, Esc empties and leaves it; arrows and Enter go to the list."""
        if watched is self.filter and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.filter.clear()
                self.list.setFocus()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.list.setFocus()
                return True
        return super().eventFilter(watched, event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._seconds.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._seconds.stop()
        super().hideEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wanted = max(tokens.DETAIL_MIN_PX, min(tokens.DETAIL_MAX_PX, round(self.width() * 0.41)))
        self.splitter.setSizes([self.width() - wanted, wanted])
        self._settle()

    def _on_current(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row = self.model.at(current.row())
        if row is not None:
            self.state.select(row.id)

    def _on_tab_chosen(self, name: str) -> None:
        self.state.set_tab(_tab(name))

    def _on_tab(self) -> None:
        self.tabs.choose(self.state.tab)

    def _on_undo(self) -> None:
        self._undo_ends.start(self.state.undo_left_ms + 1)
        self._settle()

    def _ask_proof(self, unsent: Unsent) -> None:
        why = tr("What cannot be taken back asks for it again. Nothing is sent before.")
        bridge, prove = self.context.bridge, self.state.prove
        ask_who(self, bridge, unsent.said, lambda passphrase: prove(unsent, passphrase), why=why)

    def _on_seconds(self) -> None:
        self.model.refresh()
        self.card.keep_time(self.state.now())
        self._settle()

    # Showing.

    def _show_rows(self) -> None:
        state = self.state
        with unheard(self.list):
            self.model.set_rows(state.rows)
        self._show_selection()
        if state.is_loading:
            self.skeleton.start()
            self.stack.turn_to(self.skeleton)
        else:
            self.skeleton.stop()
            self.stack.turn_to(self.list if state.rows else self.empty)
        self.empty.say(*_empty_words(state, self.practice))
        may_begin = self.practice.is_here and not self.practice.is_working
        self.empty.action.setVisible(may_begin and state.tab == "waiting" and not state.filter_text)
        waiting = state.waiting_count
        self.head.set_count(f"{counted(waiting)} {tr('waiting')}" if waiting else "", is_turn=waiting > 0)
        self._show_card()

    def _show_selection(self) -> None:
        choose_row(self.list, self.model.position_of(self.state.selected_id))
        if self.state.tab == "rules":
            self._show_card()
        self._settle()

    def _show_card(self) -> None:
        state = self.state
        if state.many.is_shown:
            self.card.card = None
            self.many.show_them()
            self.card_stack.setCurrentWidget(self.many)
        elif state.card is not None and state.tab != "rules":
            if state.card != self.card.card:
                self.card.show_card(state.card, state.now())
                self.buttons["approve"].set_held(state.card.row.is_grave)
            self.card_stack.setCurrentWidget(self.card)
        elif state.selected_rule is not None:
            self.card.card = None
            self.rule.show_rule(state.selected_rule, state.now())
            self.card_stack.setCurrentWidget(self.rule)
        else:
            self.card.card = None
            self.nothing.say(*_nothing_words(state))
            self.card_stack.setCurrentWidget(self.nothing)
        self._settle()

    def _show_answering(self) -> None:
        self.list.viewport().update()
        self._settle()

    def _show_engine(self) -> None:
        kept = self.state.unsent_count
        self.banner.say(plural("%n answer(s) kept and sent when the engine is back.", kept) if kept else "")

    def _settle(self) -> None:
        """Which answers stand under the card, and which of them may be given."""
        self.verbs.settle()
        is_many = self.state.many.is_shown
        card = self.state.card if self.state.tab != "rules" and not is_many else None
        is_doubt = card is not None and card.row.is_in_doubt
        is_open = card is not None and card.row.is_open
        for verb_id in ANSWERS:
            self.buttons[verb_id].setVisible(is_open and not is_doubt)
        if card is not None and not card.scopes:
            self.buttons["scopes"].hide()
        # Who is alone has nobody to ask; that the key does nothing needs no button to say so.
        if card is not None and not self.state.handing.others(card):
            self.buttons["delegate"].hide()
        for verb_id in TOGETHER:
            self.buttons[verb_id].setVisible(is_many)
        self.buttons["unfold"].setVisible(is_many and not _like_is_unfolded(self.state))
        self.buttons["approve_many"].set_held(is_many)
        for verb_id in DOUBTS:
            self.buttons[verb_id].setVisible(is_doubt)
        self.buttons["undo"].setVisible(bool(self.state.undoable_id) and card is not None and not is_open)
        rule = self.state.selected_rule
        has_rule = rule is not None and not rule.is_built_in
        self.answers.setVisible(is_open or is_many or has_rule or not self.buttons["undo"].isHidden())
        self.delete_rule.setVisible(has_rule and rule is not None and not rule.is_proposed)
        self.adopt_rule.setVisible(rule is not None and rule.is_proposed)
        self._fold_answers()

    def _fold_answers(self) -> None:
        """With large text in a small window the answers would leave no room for what they answer."""
        room = round(self.detail.height() * MOST_FOR_ANSWERS)
        width = self.detail.width() - ANSWERS_SIDES_PX
        shown = {verb_id: self.buttons[verb_id] for verb_id in MAY_FOLD if not self.buttons[verb_id].isHidden()}
        self.more.hide()
        is_high = self._flow.heightForWidth(width) > room
        self.more.take({verb_id: self.verbs[verb_id] for verb_id in shown} if is_high else {})
        for button in shown.values() if is_high else ():
            button.hide()

    def _menu(self, at: QPoint) -> None:
        if self.state.card is None or not self.state.card.row.is_open:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for verb_id in DOUBTS if self.state.card.row.is_in_doubt else ANSWERS:
            menu.addAction(self.verbs[verb_id])
        menu.addSeparator()
        menu.addAction(self.verbs["open_run"])
        menu.popup(self.list.viewport().mapToGlobal(at))

    def _send_scope(self, dialog: ScopesDialog) -> None:
        if dialog.scope is not None:
            self.state.approve_scope(dialog.card, dialog.scope.id, amount=dialog.amount_minor, ends_at=dialog.ends_at)

    def _preview(self, dialog: ScopesDialog) -> None:
        scope = dialog.scope
        if scope is None:
            return

        def show(found: Preview | str) -> None:
            # The dialog may have gone, or another scope may be chosen, before the answer comes.
            if isValid(dialog) and dialog.scope == scope:
                dialog.show_preview(found)

        self.state.preview(dialog.card, scope.id, None, show)

    def _send_edit(self, dialog: EditDialog) -> None:
        value = dialog.value
        if isinstance(value, dict):
            self.state.edit(dialog.card, value)


def _like_is_unfolded(state: ApprovalsState) -> bool:
    group = state.selected_group
    return group is None or group.is_unfolded


def _tab(name: str) -> Tab:
    return "decided" if name == "decided" else "rules" if name == "rules" else "waiting"


def _empty_words(state: ApprovalsState, practice: Practice) -> tuple[str, str]:
    if state.has_never_loaded:
        return tr("The engine is not running"), tr("What waits for you is kept and shown when it is back.")
    if state.filter_text:
        return tr("Nothing matches"), tr("No row holds all of these words. Esc in the filter shows everything again.")
    if state.tab == "waiting":
        at_work = tr("A deputy is at work. It asks here before it does anything that leaves a mark.")
        idle = tr("When a deputy wants to act and no rule allows it, it asks here.")
        return tr("Nothing waits for you"), at_work if practice.is_working else idle
    if state.tab == "decided":
        return tr("Nothing decided yet"), tr("Every answer is kept here, with who gave it and when.")
    return tr("No rules yet"), tr("A rule is made from an answer: choose Approve… on a card.")


def _nothing_words(state: ApprovalsState) -> tuple[str, str]:
    if state.card_error:
        return tr("This card could not be read"), state.card_error
    if isinstance(state.selected_row, ApprovalRow) or not state.rows:
        return "", ""
    return tr("Nothing chosen"), tr("Choose a row to read everything about it before you answer.")
