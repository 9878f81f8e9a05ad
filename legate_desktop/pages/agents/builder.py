"""The builder of one agent: parts at the left, the part's form, and the trial at the right; builds and binds."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from legate_desktop.pages.agents.builder_state import BuilderState
from legate_desktop.pages.agents.dialogs import AllowDialog, PublishDialog
from legate_desktop.pages.agents.model_part import ModelPart
from legate_desktop.pages.agents.parts import (
    Form,
    InstructionsPart,
    KnowledgePart,
    LimitsPart,
    PurposePart,
)
from legate_desktop.pages.agents.tools_part import ToolsPart
from legate_desktop.pages.agents.try_pane import TryPane
from legate_desktop.pages.agents.try_state import TryState
from legate_desktop.pages.agents.versions import VersionButton, VersionsDialog
from legate_desktop.pages.agents.view import PARTS, Part, Preview, ToolRow
from legate_desktop.pages.runs.state import RunsState
from legate_desktop.pages.vault.proving import ask_who
from legate_desktop.shell.context import PageContext
from legate_desktop.theme.look import colour, font, look
from legate_desktop.theme.resources import pixmap
from legate_desktop.theme.tokens import ICON_PX
from legate_desktop.verbs import Verbs
from legate_desktop.widgets.button import Button
from legate_desktop.widgets.labels import Label, OutsideText
from legate_desktop.widgets.notices import Banner
from legate_desktop.words import one_line, tr

TRY_BESIDE_FROM_PX = 1_000
PARTS_PX = 156


class PartButton(QAbstractButton):
    """One part of the builder."""

    def __init__(self, name: str, icon: str) -> None:
        super().__init__()
        self._icon = icon
        self.setText(name)
        self.setAccessibleName(name)
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(120, look.px(34))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        is_here = self.isChecked()
        ground = "amber_wash" if is_here else "raised" if self.underMouse() else ""
        painter.setPen(QPen(colour("amber_text"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(colour(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 6, 6)
        side = look.px(ICON_PX)
        drawn = pixmap(self._icon, "amber_text" if is_here else "text3", side, self.devicePixelRatioF())
        painter.drawPixmap(10, round((self.height() - side) / 2), drawn)
        painter.setFont(font("name" if is_here else "body"))
        painter.setPen(colour("text" if is_here else "text2"))
        painter.drawText(box.adjusted(side + 20, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text())


class Builder(QWidget):
    """Shows the agent of its state. `give_verbs` comes from the page, which owns the actions."""

    def __init__(self, context: PageContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self.state = BuilderState(context.bridge)
        self.trying = TryState(context.bridge, context.state(RunsState))
        self.verbs: Verbs | None = None
        self._is_trying = False
        self._build()
        self._bind()
        self._show_part()

    def give_verbs(self, verbs: Verbs) -> None:
        """The actions that the buttons show."""
        self.verbs = verbs
        self.back.follow(verbs["back_to_list"])
        self.publish.follow(verbs["publish"])
        self.version.fired.connect(self.ask_versions)
        self._start_over.follow(verbs["start_over"])
        self._cancel.follow(verbs["cancel_try"])
        self._try_button.clicked.connect(self.turn_to_try)
        self._settle()

    def show_agent(self, agent_id: str) -> None:
        """Open an agent."""
        if agent_id != self.state.agent_id:
            self.state.show(agent_id)
            self.trying.show(agent_id)

    # What the verbs do.

    def turn_to(self, part: Part) -> None:
        """Turn to a part, and put the keys into it."""
        self._is_trying = False
        self.state.set_part(part)
        self._show_part()
        self._fit()
        self.forms[part].take_focus()

    def turn_to_try(self) -> None:
        """Turn to the trial, and put the keys into its field."""
        self._is_trying = True
        self._show_part()
        self._fit()
        self.pane.take_focus()

    def start_over(self) -> None:
        """Begin the trial anew."""
        self.trying.start_over()

    def ask_publish(self) -> None:
        """Show what changed, and ask for a note."""

        def ask() -> None:
            state = self.state
            number = max((version.number for version in state.versions), default=0) + 1
            dialog = PublishDialog(state.difference, number, self)
            dialog.sent.connect(lambda: state.publish(dialog.note.text().strip()))
            dialog.open()

        self.state.when_saved(ask)

    def ask_versions(self) -> None:
        """Show the versions and what differs."""
        dialog = VersionsDialog(self.state, self.context.now(), self)

        def take() -> None:
            if dialog.chosen is not None:
                self.state.take_version(dialog.chosen)

        dialog.sent.connect(take)
        dialog.open()

    def take_focus(self) -> None:
        """The keys go to the parts."""
        self.buttons[self.state.part].setFocus()

    # Building.

    def _build(self) -> None:
        self.back = Button("", kind="quiet", icon_name="arrow-left")
        self.name = OutsideText("", "title", ink="text", name=tr("Agent"))
        self.kept = Label("", "small", tone="quiet")
        self.version = VersionButton("", kind="quiet")
        self.publish = Button("", kind="primary")
        head = QHBoxLayout()
        head.setContentsMargins(12, 12, 16, 8)
        head.setSpacing(10)
        head.addWidget(self.back)
        head.addWidget(self.name, 1)
        head.addWidget(self.kept)
        head.addWidget(self.version)
        head.addWidget(self.publish)
        self.banner = Banner()
        self.banner.action.fired.connect(self.state.reload)
        self.forms: dict[Part, Form] = {
            "purpose": PurposePart(self.state),
            "instructions": InstructionsPart(self.state),
            "model": ModelPart(self.state),
            "tools": ToolsPart(self.state),
            "knowledge": KnowledgePart(self.state),
            "limits": LimitsPart(self.state),
        }
        self.stack = QStackedWidget()
        for form in self.forms.values():
            self.stack.addWidget(form)
        self.stack.setMinimumWidth(320)
        self.pane = TryPane(self.trying)
        self.pane.setMinimumWidth(300)
        self._start_over = Button("", kind="quiet")
        self._cancel = Button("", kind="quiet")
        self.pane.give_actions(self._start_over, self._cancel)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.stack)
        self.splitter.addWidget(self.pane)
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.parts = self._build_parts()
        row.addWidget(self.parts)
        row.addWidget(self.splitter, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        whole.addWidget(self.banner)
        whole.addLayout(row, 1)

    def _build_parts(self) -> QWidget:
        parts = QWidget()
        parts.setAccessibleName(tr("Parts of the agent"))
        column = QVBoxLayout(parts)
        column.setContentsMargins(12, 8, 8, 12)
        column.setSpacing(2)
        self._group = QButtonGroup(self)
        self.buttons: dict[str, PartButton] = {}
        for part, name, icon in PARTS:
            button = PartButton(tr(name), icon)
            button.clicked.connect(partial(self._on_part, part))
            self._group.addButton(button)
            self.buttons[part] = button
            column.addWidget(button)
        self._try_button = PartButton(tr("Try it"), "play")
        self._group.addButton(self._try_button)
        column.addSpacing(8)
        column.addWidget(self._try_button)
        column.addStretch(1)
        return parts

    def _bind(self) -> None:
        state = self.state
        state.draft_changed.connect(self._show_draft)
        state.saving_changed.connect(self._show_saving)
        state.versions_changed.connect(self._show_versions)
        state.noticed.connect(self.context.say)
        state.previewed.connect(self._on_previewed)
        state.proof_wanted.connect(self._ask_proof)
        self.trying.noticed.connect(self.context.say)
        self.trying.turns_changed.connect(self._settle)
        self.pane.wants_to_say.connect(lambda text: state.when_saved(lambda: self.trying.say(text)))
        self.pane.approval_wanted.connect(lambda approval_id: self.context.go("approvals", approval_id))
        self.pane.run_wanted.connect(lambda run_id: self.context.go("runs", run_id))

    def _on_part(self, part: Part, _checked: bool = False) -> None:
        self.turn_to(part)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    # Showing.

    def _fit(self) -> None:
        """Side by side where there is room; otherwise the trial takes the place of the form."""
        is_beside = self.width() >= look.px(TRY_BESIDE_FROM_PX)
        self.stack.setVisible(is_beside or not self._is_trying)
        self.pane.setVisible(is_beside or self._is_trying)
        self.version.show_state(self.state, is_short=self.width() < look.px(TRY_BESIDE_FROM_PX))
        self.kept.setVisible(self.width() >= look.px(TRY_BESIDE_FROM_PX))
        self.parts.setFixedWidth(look.px(PARTS_PX))
        room = self.width() - look.px(PARTS_PX)
        self.splitter.setSizes([round(room * 0.54), round(room * 0.46)])

    def _show_part(self) -> None:
        self.stack.setCurrentWidget(self.forms[self.state.part])
        shown = self._try_button if self._is_trying else self.buttons[self.state.part]
        shown.setChecked(True)

    def _show_draft(self) -> None:
        draft = self.state.draft
        self.name.set_text(one_line(draft.name) if draft else "")
        for form in self.forms.values():
            form.setEnabled(draft is not None)
            if draft is not None:
                form.take(draft)
        self._settle()

    def _show_saving(self) -> None:
        state = self.state
        if state.draft is not None:
            self.name.set_text(one_line(state.draft.name))
        self.kept.setText(tr("Kept as draft") if state.is_kept else tr("Keeping…") if not state.fault else "")
        if state.is_conflict:
            text = tr("Somebody else changed this agent meanwhile. Read theirs: what you changed since is dropped.")
            self.banner.say(text, tr("Read theirs"))
        else:
            self.banner.say(state.fault)
        self._settle()

    def _show_versions(self) -> None:
        self.version.show_state(self.state, is_short=self.width() < look.px(TRY_BESIDE_FROM_PX))
        self._settle()

    def _on_previewed(self, answer: tuple[ToolRow, Preview]) -> None:
        tool, preview = answer
        agent = self.state.draft.name if self.state.draft is not None else ""
        dialog = AllowDialog(tool, preview, agent, self)
        dialog.sent.connect(lambda: self.state.allow(tool, ends_at=dialog.ends_at, uses=dialog.uses))
        dialog.open()

    def _ask_proof(self, then: Any) -> None:
        said = tr("Change a rule about this agent")
        ask_who(self, self.context.bridge, said, lambda passphrase: self.state.prove(passphrase, then))

    def _settle(self) -> None:
        if self.verbs is not None:
            self.verbs.settle()
