"""Keys and passwords: which there are, where they may go, who borrows them; never what they are."""

from __future__ import annotations

from collections.abc import Iterable

from legate_desktop.pages.vault.state import VaultPageState
from legate_desktop.pages.vault.verbs import VERBS
from legate_desktop.shell.context import PageContext
from legate_desktop.shell.finding import Deed, Found
from legate_desktop.shell.registry import PageSpec
from legate_desktop.widgets.page_title import Page
from legate_desktop.words import one_line, tr


def _start(context: PageContext) -> None:
    state = context.keep(VaultPageState(context.bridge, prefs=context.prefs, wall_clock=context.now))
    state.noticed.connect(context.say)
    context.lock_wanted.connect(state.lock)


def _find(context: PageContext) -> Iterable[Found]:
    # Nothing while it is locked, for then the state knows of nothing.
    for row in context.state(VaultPageState).all_rows:
        go = Deed(tr("Open in the vault"), lambda secret_id=row.id: context.go("vault", secret_id), "vault")
        yield Found(
            row.id, one_line(row.name), f"{', '.join(row.hosts)} · {row.id}", "key-round", "", (go,), is_object=True
        )


def _build(context: PageContext) -> Page:
    from legate_desktop.pages.vault.page import VaultPage

    return VaultPage(context)


PAGE = PageSpec(
    id="vault",
    title="Vault",
    icon="vault",
    group="Govern",
    key="V",
    order=2,
    build=_build,
    find=_find,
    start=_start,
    verbs=VERBS,
    permission="vault.view",
)
