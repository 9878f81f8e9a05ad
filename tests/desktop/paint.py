"""Paints the pages on seeded data into files, each in dark and light.

    python -m tests.desktop.paint FOLDER [WIDTH HEIGHT]     the shots, to look at or to compare
    python -m tests.desktop.paint --references              the reference pictures again, after a wanted change

`QT_SCALE_FACTOR` sets the device pixels per pixel, which Qt reads once at its start; so the tests run this as a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from legate_desktop.pages.agents.page import AgentsPage
from legate_desktop.pages.approvals.state import ApprovalsState
from legate_desktop.pages.audit.page import AuditPage
from legate_desktop.pages.deck.page import DeckPage
from legate_desktop.pages.knowledge.page import KnowledgePage
from legate_desktop.pages.models.page import ModelsPage
from legate_desktop.pages.runs.page import RunsPage
from legate_desktop.pages.settings.page import SettingsPage
from legate_desktop.shell.window import Window, dress
from legate_desktop.theme.look import look
from legate_desktop.theme.resources import load_fonts
from tests.desktop import fake_core, fakes_vault
from tests.desktop.fake_core import practice_bridge
from tests.desktop.fakes_deck import deck_bridge
from tests.desktop.fakes_vault import stand
from tests.desktop.stage import make_window, page_of

PICTURES = Path(__file__).parent / "pictures"
RATIOS = ("1", "1.5")
WINDOW = (1120, 720)
# What is compared and kept: a third of the window, in which a moved button still shows and a smoothed edge does not.
KEPT = (448, 288)


def _waiting(row_id: str) -> Callable[[Window], None]:
    def choose(window: Window) -> None:
        window.go("approvals")
        window.context.state(ApprovalsState).set_tab("waiting")
        window.context.state(ApprovalsState).select(row_id)

    return choose


def _rules(window: Window) -> None:
    window.go("approvals")
    window.context.state(ApprovalsState).set_tab("rules")
    window.context.state(ApprovalsState).select("rul_1")


def _runs(window: Window) -> None:
    window.go("runs")
    page_of(window, "runs", RunsPage).viewer.steps.selectRow(3)


def _agents(window: Window) -> None:
    window.go("agents")
    page_of(window, "agents", AgentsPage).close_builder()


def _builder(window: Window) -> None:
    window.context.go("agents", "agt_1")
    page_of(window, "agents", AgentsPage).builder.turn_to("tools")


def _knowledge(window: Window) -> None:
    window.go("knowledge", "kb_1")
    page_of(window, "knowledge", KnowledgePage).turn_to("documents")


def _ask(window: Window) -> None:
    window.go("knowledge", "kb_1")
    page = page_of(window, "knowledge", KnowledgePage)
    page.turn_to("ask")
    page.asking.ask("Is a cracked lamp paid back?")
    page.pane.ask.stack.take_focus()


def _passage(window: Window) -> None:
    _ask(window)
    page = page_of(window, "knowledge", KnowledgePage)
    page.pane.ask.open_chosen()
    page.document.turn_to(is_page=False)


def _deck(window: Window) -> None:
    window.go("deck")
    page_of(window, "deck", DeckPage).area.verticalScrollBar().setValue(0)


def _audit(window: Window) -> None:
    window.go("audit")
    page_of(window, "audit", AuditPage).show_place("290")


def _settings(window: Window) -> None:
    window.go("settings")
    page_of(window, "settings", SettingsPage).area.verticalScrollBar().setValue(0)


def _storage(window: Window) -> None:
    window.go("settings")
    page_of(window, "settings", SettingsPage).show_section("storage")


def _vault(window: Window) -> None:
    stand(window.context.bridge, is_page_closed=False)
    window.go("vault", "sec_1")


def _locked(window: Window) -> None:
    stand(window.context.bridge, is_page_closed=True)
    window.go("vault")


def _models(tab: str, place_id: str = "") -> Callable[[Window], None]:
    def choose(window: Window) -> None:
        window.go("models")
        page = page_of(window, "models", ModelsPage)
        page.state.select(place_id or page.state.selected_id)
        page.turn_to(tab)

    return choose


def _palette(window: Window) -> None:
    window.go("approvals")
    window.open_palette("refund")


SHOTS: dict[str, Callable[[Window], None]] = {
    "send": _waiting("apr_0001f61d7b5"),
    "grave": _waiting("apr_0000f61d7b5"),
    "doubt": _waiting("act_8"),
    "rules": _rules,
    "runs": _runs,
    "agents": _agents,
    "builder": _builder,
    "knowledge": _knowledge,
    "ask": _ask,
    "passage": _passage,
    "models": _models("places", "src_2"),
    "limits": _models("limits"),
    "vault": _vault,
    "locked": _locked,
    "settings": _settings,
    "storage": _storage,
    "palette": _palette,
}
# On a week of figures.
DECK_SHOTS: dict[str, Callable[[Window], None]] = {"deck": _deck, "audit": _audit}


def paint(folder: Path, width: int = WINDOW[0], height: int = WINDOW[1]) -> None:
    """Every shot in dark and light, as the window shows it."""
    app = QApplication(sys.argv[:1])
    app.setStyle("Fusion")
    load_fonts()
    folder.mkdir(parents=True, exist_ok=True)
    fake_core.install()
    look.choose_motion(is_reduced=True)
    practice = practice_bridge()
    fakes_vault.equip(practice)
    for bridge, shots in ((practice, SHOTS), (deck_bridge(), DECK_SHOTS)):
        window, _bridge = make_window(bridge)
        window.resize(width, height)
        window.show()
        for theme in ("dark", "light"):
            look.choose(theme)
            dress(app)
            for name, arrange in shots.items():
                arrange(window)
                for _ in range(8):
                    app.processEvents()
                window.grab().save(str(folder / f"{name}-{theme}.png"))
        window.hide()


def kept(picture: Path) -> QImage:
    """A shot as it is compared: smaller, without the noise of edges."""
    image = QImage(str(picture))
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(*KEPT, Qt.AspectRatioMode.IgnoreAspectRatio, smooth).convertToFormat(QImage.Format.Format_RGB32)


def paint_in_a_process(folder: Path, ratio: str) -> None:
    """The same at another device pixel ratio."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": ratio}
    command = [sys.executable, "-m", "tests.desktop.paint", str(folder)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)


def paint_references(scratch: Path) -> None:
    """Make today's look the reference. Look at the pictures before they are committed."""
    for ratio in RATIOS:
        paint_in_a_process(scratch / ratio, ratio)
        (PICTURES / ratio).mkdir(parents=True, exist_ok=True)
        for picture in sorted((scratch / ratio).iterdir()):
            kept(picture).save(str(PICTURES / ratio / picture.name))


if __name__ == "__main__":
    if sys.argv[1] == "--references":
        import tempfile

        with tempfile.TemporaryDirectory() as scratch:
            paint_references(Path(scratch))
    else:
        paint(Path(sys.argv[1]), *map(int, sys.argv[2:4]))
