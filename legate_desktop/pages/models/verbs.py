"""What a person can do on the Models page."""

from __future__ import annotations

from typing import Any

from legate_desktop.verbs import Verb, always
from legate_desktop.words import tr


def _place(page: Any) -> str:
    return page.state.why_not_use() if page.shows_places else tr("Turn to the places")


def _ask(page: Any) -> str:
    return page.state.why_not_ask() if page.shows_places else tr("Turn to the places")


def _look(page: Any) -> str:
    return page.state.why_not_look()


def _price(page: Any) -> str:
    return page.state.why_not_price() if page.shows_places else tr("Turn to the places")


def _unprice(page: Any) -> str:
    return page.state.why_not_unprice() if page.shows_places else tr("Turn to the places")


def _vault(page: Any) -> str:
    return page.state.why_not_vault() if page.shows_places else tr("Turn to the places")


def _limit(page: Any) -> str:
    return tr("Turn to the limits") if page.shows_places else page.limits.why_not_use()


def _remove(page: Any) -> str:
    return page.state.why_not_use() if page.shows_places else page.limits.why_not_use()


KEYS, PRICES, LOOKS = "credentials.create.shared", "workspace.settings.edit", "drafts.create"

VERBS: tuple[Verb, ...] = (
    Verb("look", "Look again", "L", "refresh-cw", "secondary", lambda p: p.state.look(), _look, permission=LOOKS),
    Verb("add_key", "Add a key…", "N", "key-round", "primary", lambda p: p.ask_key(), always, permission=KEYS),
    Verb("add_server", "Add an address…", "A", "globe", "secondary", lambda p: p.ask_server(), always, permission=KEYS),
    Verb("add_file", "Add a file…", "F", "file", "secondary", lambda p: p.ask_file(), always, permission=KEYS),
    Verb(
        "ask_again", "Ask it again", "R", "activity", "secondary", lambda p: p.state.ask_again(), _ask, permission=LOOKS
    ),
    Verb("price", "Set its price…", "E", "coins", "secondary", lambda p: p.ask_price(), _price, permission=PRICES),
    Verb(
        "unprice",
        "Leave it to the list",
        "",
        "undo-2",
        "quiet",
        lambda p: p.state.unprice(),
        _unprice,
        permission=PRICES,
    ),
    Verb("vault", "Its key in the vault", "", "vault", "quiet", lambda p: p.open_vault(), _vault),
    Verb("remove", "Remove", "Del", "trash-2", "danger", lambda p: p.remove(), _remove, permission=LOOKS),
    Verb("new_limit", "New limit…", "Shift+N", "gauge", "primary", lambda p: p.ask_limit(), always, permission=PRICES),
    Verb(
        "change_limit",
        "Another amount…",
        "Shift+E",
        "pencil",
        "secondary",
        lambda p: p.ask_amount(),
        _limit,
        permission=PRICES,
    ),
    Verb("places", "Places", "1", "cpu", "quiet", lambda p: p.turn_to("places"), always),
    Verb("limits", "Limits on money", "2", "coins", "quiet", lambda p: p.turn_to("limits"), always),
    Verb("next", "Next", "J", "", "quiet", lambda p: p.move_by(1), always),
    Verb("previous", "Previous", "K", "", "quiet", lambda p: p.move_by(-1), always),
    Verb("filter", "Filter", "/", "search", "quiet", lambda p: p.focus_filter(), always),
)
