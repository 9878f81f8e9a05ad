"""A window per test on the fake core, and no widget, look or event of one test in the next."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from legate_desktop.shell.window import dress
from legate_desktop.theme.look import look
from legate_desktop.theme.resources import load_fonts
from tests.desktop import fake_core
from tests.desktop.stage import Stage


@pytest.fixture(scope="session")
def app(qapp: QApplication) -> QApplication:
    """The application with the bundled faces and a style that is the same on every machine."""
    qapp.setStyle("Fusion")
    assert load_fonts() == []
    return qapp


@pytest.fixture(autouse=True)
def _clean(app: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    fake_core.install(monkeypatch.setattr)
    look.choose("dark")
    look.choose_scale(1.0)
    look.choose_motion(is_reduced=True)
    dress(app)
    yield
    for widget in app.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    for _ in range(3):
        app.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert app.topLevelWidgets() == []


@pytest.fixture
def stage(app: QApplication, qtbot: QtBot) -> Stage:
    """The window on the practice data, shown and active, with the Approvals page in front."""
    stage = Stage(qtbot)
    stage.show()
    return stage
