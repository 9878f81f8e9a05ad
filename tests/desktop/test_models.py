"""The lists under Qt's own model tester, driven by every change of rows that hypothesis can think of."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QItemSelectionModel, QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTableView

from legate_desktop.models import ROW_ROLE, LiveModel
from tests.desktop.stage import Stage

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


@dataclass(frozen=True)
class Row:
    id: str
    value: int = 0


ROWS = st.lists(
    st.builds(Row, st.sampled_from([f"r{n}" for n in range(9)]), st.integers(0, 2)), unique_by=lambda row: row.id
)


def make_model() -> LiveModel[Row]:
    model: LiveModel[Row] = LiveModel(lambda row: f"{row.id} is {row.value}")
    model.tester = QAbstractItemModelTester(model, FATAL)  # type: ignore[attr-defined]  # it lives with its model
    return model


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(changes=st.lists(ROWS, min_size=1, max_size=6))
def test_any_change_of_rows_leads_to_those_rows_and_keeps_every_index(changes: list[list[Row]]) -> None:
    model = make_model()
    for rows in changes:
        kept = {row.id: QPersistentModelIndex(model.index(at, 0)) for at, row in enumerate(model.rows)}
        model.set_rows(rows)
        assert list(model.rows) == rows
        for row_id, index in kept.items():
            if model.position_of(row_id) >= 0:
                assert index.row() == model.position_of(row_id)
            else:
                assert not index.isValid()


def test_the_smallest_change_is_announced() -> None:
    model = make_model()
    rows = [Row(f"r{n}") for n in range(100)]
    model.set_rows(rows)
    said: list[str] = []
    model.rowsInserted.connect(lambda _parent, first, last: said.append(f"in {first}-{last}"))
    model.rowsRemoved.connect(lambda _parent, first, last: said.append(f"out {first}-{last}"))
    model.dataChanged.connect(lambda first, last, _roles: said.append(f"change {first.row()}-{last.row()}"))
    model.modelReset.connect(lambda: said.append("reset"))
    model.set_rows([Row("new"), *rows[:50], Row("r50", 7), *rows[51:90]])
    assert said == ["out 90-99", "in 0-0", "change 51-51"]
    said.clear()
    model.set_rows(list(model.rows))
    assert said == []


def test_the_selection_stays_with_its_row() -> None:
    model = make_model()
    view = QTableView()
    view.setModel(model)
    model.set_rows([Row("a"), Row("b"), Row("c")])
    view.selectionModel().select(model.index(1, 0), QItemSelectionModel.SelectionFlag.Select)
    model.set_rows([Row("c"), Row("new"), Row("b")])
    (chosen,) = view.selectionModel().selectedIndexes()
    assert chosen.data(ROW_ROLE) == Row("b")


def test_a_row_has_a_sentence_for_who_cannot_see_it() -> None:
    model = make_model()
    model.set_rows([Row("a", 3)])
    assert model.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole) == "a is 3"
    assert model.index(0, 0).data(Qt.ItemDataRole.DecorationRole) is None
    assert model.data(model.index(5, 0)) is None


@pytest.mark.parametrize("tab", ["waiting", "decided", "rules"])
def test_the_models_of_the_pages_stand_qt_s_tester(stage: Stage, tab: str) -> None:
    models = (stage.approvals.model, stage.runs.model, stage.runs.viewer.steps_model)
    testers = [QAbstractItemModelTester(model, FATAL) for model in models]
    stage.state.set_tab(tab)  # type: ignore[arg-type]  # the parameters are the three tabs
    for text in ("mail", "nothing at all", ""):
        stage.state.set_filter(text)
        stage.runs.state.set_filter(text)
    stage.bridge.drop("apr_0001f61d7b5")
    stage.bridge.tables["Runs"].popitem()
    stage.bridge.publish("Runs")
    assert len(testers) == 3
