"""What a person can do on the Audit page. Nothing here changes an entry, and nothing deletes one."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import MOVES, Verb, always


def _verify(page: Any) -> str:
    return page.state.why_not_verify()


def _stop(page: Any) -> str:
    return page.state.why_not_stop()


def _export(page: Any) -> str:
    return page.state.why_not_export()


def _run(page: Any) -> str:
    return page.state.why_not_run()


def _approval(page: Any) -> str:
    return page.state.why_not_approval()


def _chosen(page: Any) -> str:
    return page.state.why_not_copy()


VERBS: tuple[Verb, ...] = (
    Verb("verify", "Verify", "V", "shield-check", "primary", lambda p: p.state.verify(), _verify),
    Verb("stop", "Stop", "Shift+V", "x", "secondary", lambda p: p.state.stop(), _stop),
    Verb("export", "Export with proof…", "E", "download", "secondary", lambda p: p.ask_export(), _export),
    Verb("columns", "Filter by column", "Shift+F", "list-filter", "quiet", lambda p: p.toggle_columns(), always),
    Verb("newest", "Newest entries", "Shift+N", "", "quiet", lambda p: p.state.show_newest(), always),
    Verb("open_run", "Open its run", "O", "", "secondary", lambda p: p.open_run(), _run),
    Verb("open_approval", "Open its approval", "Shift+O", "", "secondary", lambda p: p.open_approval(), _approval),
    Verb("copy", "Copy its hash", "Y", "copy", "quiet", lambda p: p.copy_hash(), _chosen),
    *MOVES,
)
