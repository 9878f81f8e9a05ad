"""What is asked before a place, a price or a limit is taken in. A key is tried while its dialog stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from legate_desktop.pages.models.view import UNKNOWN, LimitRow, ModelRow, NewLimit, amount_text, limit_scope, micros_of
from legate_desktop.theme.look import font
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.dialog import Dialog
from legate_desktop.widgets.labels import Label, OutsideText, hint_label
from legate_desktop.words import one_line, tr

WIDE_PX = 520
Whose = Callable[[str], tuple[str, str]]


class AskingDialog(Dialog):
    """One whose sending takes a moment: it stays until `end` is told how it ended, and shows what was wrong."""

    def __init__(self, title: str, send_text: str, busy_text: str, parent: QWidget | None = None) -> None:
        super().__init__(title, send_text, parent=parent)
        self._busy_text = busy_text
        self.is_busy = False
        self.setMinimumWidth(WIDE_PX)

    def try_to_send(self) -> None:
        problem = self.what_is_wrong()
        self.say_problem(problem)
        if not problem and not self.is_busy:
            self.is_busy = True
            self.send_button.setEnabled(False)
            self._say(self._busy_text, "quiet")
            self.sent.emit()

    def end(self, problem: str) -> None:
        """It ended: with this wrong, or well, and then the dialog goes."""
        self.is_busy = False
        self.send_button.setEnabled(True)
        if problem:
            self._say(problem, "bad")
        else:
            self.accept()

    def _say(self, text: str, tone: str) -> None:
        self.problem.set_tone(tone)
        self.say_problem(text)

    def _add(self, text: str, field: QLineEdit | ChoiceButton) -> Label:
        label = Label(text, "name")
        label.setBuddy(field)
        if isinstance(field, QLineEdit):
            field.setAccessibleName(text)
        self.body.addWidget(label)
        self.body.addWidget(field)
        return label


class KeyDialog(AskingDialog):
    """A key, recognised by its form while it is pasted. For one that has none, the service's address is asked."""

    def __init__(self, whose: Whose, parent: QWidget | None = None) -> None:
        super().__init__(tr("Add a key"), tr("Try it and keep it"), tr("Trying it with the cheapest call…"), parent)
        self._whose = whose
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setPlaceholderText(tr("Paste it here"))
        self.found = Label("", "small", tone="quiet")
        self.found.setWordWrap(True)
        self.address = QLineEdit()
        self.address.setPlaceholderText("https://host/v1")
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("such as Team key"))
        self.name.setMaxLength(80)
        self._add(tr("Key"), self.key)
        self.body.addWidget(self.found)
        self._address_label = self._add(tr("Address of the service"), self.address)
        self._add(tr("What it is called in the vault (may be left empty)"), self.name)
        self.body.addWidget(
            hint_label(
                tr(
                    "It is tried with the cheapest call, which costs less than a cent, and kept in the vault if it works."
                )
            )
        )
        self.key.textChanged.connect(self._on_key)
        self._on_key("")
        self.key.setFocus()

    def what_is_wrong(self) -> str:
        if not self.key.text().strip():
            return tr("Paste the key.")
        who, problem = self._whose(self.key.text())
        if problem:
            return problem
        return "" if who or self.address.text().strip() else tr("Say the address of the service it is for.")

    def _on_key(self, text: str) -> None:
        who, problem = self._whose(text)
        is_unknown = bool(text.strip()) and not who and not problem
        if who:
            words = tr("A key for {who}.").format(who=who)
        elif is_unknown:
            words = tr("Whose key this is cannot be seen from it.")
        else:
            words = problem or tr("Whose it is, is seen from its form.")
        self.found.setText(words)
        self.found.set_tone("good" if who else "bad" if problem else "quiet")
        for widget in (self._address_label, self.address):
            widget.setVisible(is_unknown)
        self.say_problem("")
        QTimer.singleShot(0, self.fit)


class AddressDialog(AskingDialog):
    """The address of a server that wants no key."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Add an address"), tr("Ask it and add it"), tr("Asking what it has…"), parent)
        self.address = QLineEdit()
        self.address.setFont(font("mono"))
        self.address.setPlaceholderText("http://192.168.1.20:8080/v1")
        self._add(tr("Address"), self.address)
        self.body.addWidget(
            hint_label(
                tr(
                    "A server of the OpenAI interface or an Ollama, without a key. It is asked what models it has first."
                )
            )
        )
        self.address.setFocus()

    def what_is_wrong(self) -> str:
        return "" if self.address.text().strip() else tr("Give its address.")


class PriceDialog(Dialog):
    """What a model costs, in dollars for a million tokens."""

    def __init__(self, model: ModelRow, parent: QWidget | None = None) -> None:
        super().__init__(tr("Set its price"), tr("Set it"), parent=parent)
        self.body.addWidget(OutsideText(one_line(model.name), "mono", ink="text", name=tr("Model")))
        self.fields: dict[str, QLineEdit] = {}
        given = (
            ("sent", tr("A million tokens in, in dollars"), model.input_price),
            ("received", tr("A million tokens out, in dollars"), model.output_price),
            # A price of nothing is no price to begin from.
            ("cached", tr("A million tokens read from its cache (may be left empty)"), model.cached_price or UNKNOWN),
        )
        for key, text, micros in given:
            label, field = Label(text, "name"), QLineEdit(amount_text(micros))
            field.setFont(font("mono"))
            field.setMaximumWidth(200)
            field.setAccessibleName(text)
            label.setBuddy(field)
            self.body.addWidget(label)
            self.body.addWidget(field)
            self.fields[key] = field
        self.body.addWidget(
            hint_label(tr("It holds from the next call on, stands before every list, and is kept with today's date."))
        )
        self.setMinimumWidth(WIDE_PX)
        self.fields["sent"].setFocus()
        self.fields["sent"].selectAll()

    @property
    def prices(self) -> tuple[int, int, int]:
        """In, out and cached, in millionths; cached is -1 where nothing was said."""
        sent, received, cached = (micros_of(field.text()) for field in self.fields.values())
        return sent, received, cached

    def what_is_wrong(self) -> str:
        sent, received, cached = self.prices
        if sent < 0 or received < 0 or (cached < 0 and self.fields["cached"].text().strip()):
            return tr("Write dollars like 2.50.")
        return ""


class LimitDialog(Dialog):
    """A limit: how much, for how long, and for whom."""

    def __init__(self, agents: Mapping[str, str], limit: LimitRow | None = None, parent: QWidget | None = None) -> None:
        title = tr("New limit on money") if limit is None else tr("Another amount")
        super().__init__(title, tr("Set the limit"), parent=parent)
        self._limit = limit
        self.amount = QLineEdit("" if limit is None else amount_text(limit.limit_micros))
        self.amount.setFont(font("mono"))
        self.amount.setMaximumWidth(200)
        self.amount.setPlaceholderText("5.00")
        label = Label(tr("At most, in dollars"), "name")
        label.setBuddy(self.amount)
        self.amount.setAccessibleName(label.text())
        self.body.addWidget(label)
        self.body.addWidget(self.amount)
        periods = (("day", tr("A day")), ("month", tr("A month")), ("total", tr("In all")))
        self.period = ChoiceButton(tr("For how long"), periods)
        self.whom = ChoiceButton(tr("For whom"), [("", tr("The whole workspace")), *agents.items()])
        if limit is None:
            for text, choice in ((tr("For how long"), self.period), (tr("For whom"), self.whom)):
                self.body.addWidget(Label(text, "name"))
                self.body.addWidget(choice)
        else:
            self.body.addWidget(OutsideText(limit_scope(limit), name=tr("For whom")))
        self.body.addWidget(
            hint_label(
                tr(
                    "At 80 % it is said. A call that would not fit is not made: its run waits, and goes on when there is money."
                )
            )
        )
        self.setMinimumWidth(WIDE_PX)
        self.amount.setFocus()
        self.amount.selectAll()

    @property
    def limit(self) -> NewLimit:
        """As it was entered."""
        micros = micros_of(self.amount.text())
        if self._limit is not None:
            return NewLimit(self._limit.scope, self._limit.subject_id, self._limit.period, micros)
        subject = self.whom.current
        return NewLimit("agent" if subject else "workspace", subject, self.period.current, micros)

    def what_is_wrong(self) -> str:
        return tr("Write dollars like 2.50.") if micros_of(self.amount.text()) < 0 else ""
