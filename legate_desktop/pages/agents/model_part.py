"""The part of the builder that says who thinks, and who does where that one cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from legate_desktop.json_text import JsonError, as_text
from legate_desktop.pages.agents import spare
from legate_desktop.pages.agents.builder_state import BuilderState
from legate_desktop.pages.agents.parts import Form
from legate_desktop.pages.agents.view import Draft
from legate_desktop.widgets.check_box import CheckBox
from legate_desktop.widgets.choice_button import ChoiceButton
from legate_desktop.widgets.json_editor import JsonEditor
from legate_desktop.widgets.labels import Label
from legate_desktop.words import tr

BY_HAND = "by hand"


class ModelPart(Form):
    """One of the models that are here, another for its place, or settings by hand: all of it stands in the settings."""

    def __init__(self, state: BuilderState) -> None:
        text = tr("The model it thinks with. Those found on this computer and those you have a key for are offered.")
        super().__init__(state, tr("Model"), text)
        self.choice = ChoiceButton(tr("Model"))
        self.spare = ChoiceButton(tr("In its place"))
        self.reasons = {
            spare.OUTAGE: CheckBox(tr("when it is down, too busy or silent")),
            spare.BUDGET: CheckBox(tr("when a limit on money does not allow it")),
        }
        self.settings = JsonEditor({}, tr("Settings of the model as JSON"))
        self.settings.setMinimumHeight(150)
        self.problem = Label("", "small", tone="bad")
        self.problem.setWordWrap(True)
        self._build()
        self.choice.chosen.connect(self._on_chosen)
        self.spare.chosen.connect(self._on_spare)
        for box in self.reasons.values():
            box.clicked.connect(self._on_reason)
        self.settings.checked.connect(self._on_settings)
        state.choices_changed.connect(self._show_choices)

    def _build(self) -> None:
        self.add_field(tr("Choose one"), "", self.choice)
        hint = tr("Asked where the first one cannot answer. The run says whenever it was.")
        self.add_field(tr("In its place"), hint, self.spare)
        for box in self.reasons.values():
            self.column.addWidget(box)
        hint = tr("Names the provider and the model. A key is named here by its place in the vault and never shown.")
        self.add_field(tr("Its settings"), hint, self.settings)
        self.column.addWidget(self.problem)
        self.column.addStretch(1)

    def show_draft(self, draft: Draft) -> None:
        if isinstance(self.settings.value, JsonError) or self.settings.value != dict(draft.model):
            self.settings.setPlainText(as_text(dict(draft.model)))
        self._show_choices()

    def take_focus(self) -> None:
        self.choice.setFocus()

    @property
    def _model(self) -> Mapping[str, Any]:
        return self.state.draft.model if self.state.draft is not None else {}

    def _show_choices(self) -> None:
        first = tr("As below") if self.state.models else tr("No model was found yet")
        self._offer(self.choice, [("", first)], self._model)
        other = spare.spare_of(self._model)
        self._offer(self.spare, [("", tr("None"))], other)
        if other is not None and not self.spare.current:
            self._offer(self.spare, [("", tr("None")), (BY_HAND, tr("As below"))], other, BY_HAND)
        reasons = spare.reasons_of(self._model)
        for reason, box in self.reasons.items():
            box.setChecked(reason in reasons)
            box.setVisible(other is not None)

    def _offer(
        self, button: ChoiceButton, before: list[tuple[str, str]], chosen: Mapping[str, Any] | None, otherwise: str = ""
    ) -> None:
        models = self.state.models
        at = next(
            (str(at) for at, one in enumerate(models) if chosen is not None and spare.is_chosen(chosen, one.settings)),
            otherwise,
        )
        button.set_choices([*before, *((str(at), f"{one.who} · {one.name}") for at, one in enumerate(models))], at)

    def _on_chosen(self, at: str) -> None:
        if at and self.state.draft is not None:
            self._write(spare.instead(self._model, self.state.models[int(at)].settings))

    def _on_spare(self, at: str) -> None:
        if at == BY_HAND or self.state.draft is None:
            return
        other = self.state.models[int(at)].settings if at else None
        self._write(spare.with_spare(self._model, other, spare.reasons_of(self._model) or spare.REASONS))

    def _on_reason(self) -> None:
        reasons = [reason for reason, box in self.reasons.items() if box.isChecked()]
        if self.state.draft is not None:
            # For nothing at all is none.
            self._write(spare.with_spare(self._model, spare.spare_of(self._model), reasons))

    def _write(self, model: Mapping[str, Any]) -> None:
        self.settings.setPlainText(as_text(dict(model)))

    def _on_settings(self) -> None:
        value = self.settings.value
        problem = value.message if isinstance(value, JsonError) else ""
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        self.state.say_wrong("model", f"{tr('Model')}: {problem}" if problem else "")
        if not isinstance(value, JsonError):
            self.edit(model=value)
            self._show_choices()
