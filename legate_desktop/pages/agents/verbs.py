"""What a person can do on the Agents page."""

from __future__ import annotations

from typing import Any

from legate_desktop.pages.agents.view import PARTS
from legate_desktop.verbs import Verb, always
from legate_desktop.words import tr


def _use(page: Any) -> str:
    return page.state.why_not_use(page.chosen)


def _run(page: Any) -> str:
    return page.state.why_not_run(page.chosen)


def _restore(page: Any) -> str:
    return page.state.why_not_restore(page.chosen)


def _building(page: Any) -> str:
    return "" if page.is_building else tr("Open an agent")


def _publish(page: Any) -> str:
    return page.builder.state.why_not_publish() if page.is_building else tr("Open an agent")


def _cancel_try(page: Any) -> str:
    return page.builder.trying.why_not_cancel() if page.is_building else tr("Open an agent")


VERBS: tuple[Verb, ...] = (
    Verb("new", "New agent", "N", "plus", "primary", lambda p: p.ask_new(), always),
    Verb("open", "Open in the builder", "O", "pencil", "secondary", lambda p: p.open_chosen(), _use),
    Verb("run", "Run…", "R", "play", "secondary", lambda p: p.ask_run(), _run),
    Verb("duplicate", "Duplicate", "D", "copy", "quiet", lambda p: p.duplicate(), _use),
    Verb("export", "Export as file…", "E", "download", "quiet", lambda p: p.export(), _use),
    Verb("import", "Import a file…", "I", "upload", "quiet", lambda p: p.ask_import(), always),
    Verb("delete", "Delete", "Del", "trash-2", "danger", lambda p: p.delete(), _use),
    Verb("restore", "Restore", "Shift+R", "rotate-ccw", "secondary", lambda p: p.restore(), _restore),
    Verb("deleted", "Show the deleted", "", "trash-2", "quiet", lambda p: p.toggle_deleted(), always),
    Verb("back_to_list", "All agents", "Esc", "arrow-left", "quiet", lambda p: p.close_builder(), _building),
    Verb("publish", "Publish…", "P", "upload", "primary", lambda p: p.builder.ask_publish(), _publish),
    Verb("versions", "Versions…", "V", "history", "quiet", lambda p: p.builder.ask_versions(), _building),
    Verb("try", "Try it", "T", "play", "quiet", lambda p: p.builder.turn_to_try(), _building),
    Verb("start_over", "Begin the trial anew", "", "rotate-ccw", "quiet", lambda p: p.builder.start_over(), _building),
    Verb("cancel_try", "Cancel the trial", "C", "x", "quiet", lambda p: p.builder.trying.cancel(), _cancel_try),
    *(
        Verb(
            f"part_{part}",
            f"Part: {name}",
            str(number),
            icon,
            "quiet",
            lambda p, part=part: p.builder.turn_to(part),
            _building,
        )
        for number, (part, name, icon) in enumerate(PARTS, start=1)
    ),
    Verb("next", "Next", "J", "", "quiet", lambda p: p.move_by(1), always),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.move_by(-1), always),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), always),
)
