"""Every setting, declared once: where its value is kept, what it may be, and what it is for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from legate_desktop import log_file
from legate_desktop.notice import Notice
from legate_desktop.outside.choices import ALL_EFFECTS, Choices
from legate_desktop.outside.login import StartAtLogin, start_at_login
from legate_desktop.outside.quiet import minute_of
from legate_desktop.pages.settings import asking, keeping
from legate_desktop.pages.settings.about import licences, versions
from legate_desktop.pages.settings.choosing import chosen
from legate_desktop.pages.settings.sources import Sources
from legate_desktop.pages.settings.view import Setting
from legate_desktop.prefs import DENSITIES, LANGUAGES, LOOKS
from legate_desktop.theme.tokens import EFFECT_PILLS
from legate_desktop.words import tr

TEXT_SIZES = (85, 100, 115, 130, 150)


def everything(kept: Sources) -> tuple[Setting, ...]:
    """All settings in the order of the page."""
    sections = (
        *(_general, _look, _notifications, _models, keeping.vault, asking.approvals),
        *(keeping.storage, _engine, _shortcuts, _about),
    )
    return tuple(setting for section in sections for setting in section(kept))


def _general(kept: Sources) -> list[Setting]:
    words = {"system": tr("As the system says"), "en": "English", "de": "Deutsch"}
    closing = (("ask", tr("Ask")), ("stay", tr("Go on in the background")), ("quit", tr("Quit")))
    found = [
        _wish(
            kept,
            "language",
            "general",
            tr("Language"),
            tr("Of the window; what agents write stays as it is."),
            [(code, words[code]) for code in LANGUAGES],
        ),
        _login(start_at_login()),
    ]
    if kept.context.has(Choices):
        found.append(
            chosen(
                kept,
                "closing",
                "general",
                tr("When the window is closed"),
                tr("Where there is a tray, Legate goes on behind it unless you choose Quit."),
                "choice",
                closing,
            )
        )
    found.append(
        Setting(
            "updates",
            "general",
            tr("Updates"),
            tr("Legate asks no server for updates. Your package source brings them."),
            "fact",
            get=lambda: tr("Never looked for by itself"),
        )
    )
    return found


def _login(login: StartAtLogin) -> Setting:
    return Setting(
        "start_at_login",
        "general",
        tr("Start at login"),
        tr("In the background, so that schedules run and you are asked."),
        "switch",
        get=login.is_on,
        put=lambda is_on: login.turn_on() if is_on else login.turn_off(),
    )


def _look(kept: Sources) -> list[Setting]:
    looks = {"system": tr("As the system says"), "dark": tr("Dark"), "light": tr("Light")}
    densities = {"roomy": tr("Roomy"), "compact": tr("Compact")}
    prefs = kept.context.prefs
    return [
        _wish(
            kept,
            "look",
            "look",
            tr("Theme"),
            tr("Dark, light, or as the system says."),
            [(name, looks[name]) for name in LOOKS],
        ),
        _wish(kept, "high_contrast", "look", tr("High contrast"), tr("Edges and hints as strong as text.")),
        Setting(
            "text_percent",
            "look",
            tr("Text size"),
            tr("Rows and buttons grow with it."),
            "choice",
            get=lambda: str(prefs.now.text_percent),
            put=lambda size: _put(kept, "text_percent", int(size)),
            choices=tuple((str(size), f"{size} %") for size in TEXT_SIZES),
        ),
        _wish(
            kept,
            "density",
            "look",
            tr("Density"),
            tr("Compact rows are lower; nothing is left out."),
            [(name, densities[name]) for name in DENSITIES],
        ),
        _wish(
            kept,
            "reduced_motion",
            "look",
            tr("Less motion"),
            tr("Things appear where they end, without fading or moving."),
        ),
    ]


def _notifications(kept: Sources) -> list[Setting]:
    if not kept.context.has(Choices):
        return []
    found = [
        chosen(
            kept,
            "notifications",
            "notifications",
            tr("Notifications"),
            tr("They say who asks and for what, never the content of a message."),
            "switch",
        )
    ]
    found += [_effect(kept, effect) for effect in ALL_EFFECTS]
    for name, title, hint in (
        ("expiry", tr("Before a question expires"), tr("Ten minutes before nothing would run.")),
        ("failures", tr("When a run fails"), tr("With its reason in one line.")),
        ("long_runs", tr("When a long run is done"), tr("One that took more than two minutes.")),
        ("engine", tr("When the engine stops"), tr("And what is paused because of it.")),
    ):
        found.append(chosen(kept, name, "notifications", title, hint, "switch"))
    for name, title in (("quiet_from", tr("Quiet hours from")), ("quiet_to", tr("Quiet hours until"))):
        hint = tr("A time such as 22:00; empty for none. What waits is shown together afterwards.")
        found.append(chosen(kept, name, "notifications", title, hint, "text", problem=_time_problem))
    return found


def _effect(kept: Sources, effect: str) -> Setting:
    choices = kept.context.state(Choices)

    def put(is_on: bool) -> None:
        wanted = set(choices.now.effects) - {effect} | ({effect} if is_on else set())
        choices.choose("effects", [each for each in ALL_EFFECTS if each in wanted])

    return Setting(
        f"notify_{effect}",
        "notifications",
        tr("Questions of kind {kind}").format(kind=tr(EFFECT_PILLS[effect].word)),
        tr("Whether a notification tells of them."),
        "switch",
        get=lambda: effect in choices.now.effects,
        put=put,
    )


def _models(kept: Sources) -> list[Setting]:
    go = kept.context.go
    return [
        Setting(
            "open_models",
            "models",
            tr("Models"),
            tr("What is found on this computer, and what keys open."),
            "action",
            get=lambda: tr("Open Models"),
            put=lambda _value: go("models"),
            can_undo=False,
        ),
        Setting(
            "open_limits",
            "models",
            tr("Limits on money"),
            tr("What models may cost in a day, a month or in all. At 80 % you are told; then runs wait."),
            "action",
            get=lambda: tr("Open the limits"),
            put=lambda _value: go("models"),
            can_undo=False,
        ),
        Setting(
            "open_vault",
            "models",
            tr("Keys for models"),
            tr("Keys are kept in the vault; nobody sees them again."),
            "action",
            get=lambda: tr("Open the vault"),
            put=lambda _value: go("vault"),
            can_undo=False,
        ),
    ]


def _engine(kept: Sources) -> list[Setting]:
    context, file = kept.context, log_file.default_file()
    return [
        Setting(
            "engine_state",
            "engine",
            tr("Engine"),
            tr("What works behind this window."),
            "fact",
            get=lambda: tr("Away") if context.is_away else tr("Running") if context.is_open else tr("Starting…"),
        ),
        Setting(
            "log",
            "engine",
            tr("Log"),
            tr("What went wrong, without the content of runs. It never leaves this machine by itself."),
            "action",
            get=lambda: tr("Open the log"),
            put=lambda _value: _open_log(kept, file),
            why_not=lambda: "" if file.exists() else tr("There is none: nothing was written down yet"),
            can_undo=False,
        ),
        Setting(
            "restart",
            "engine",
            tr("Restart Legate"),
            tr("Runs stop where they are and go on afterwards."),
            "action",
            get=lambda: tr("Restart"),
            put=lambda _value: context.restart(),
            can_undo=False,
        ),
    ]


def _open_log(kept: Sources, file: Path) -> None:
    """Where nothing here opens text, say at least where it lies."""
    if not log_file.show(file):
        kept.context.say(Notice(tr("The log is in {path}").format(path=file)))


def _shortcuts(kept: Sources) -> list[Setting]:
    return [
        _wish(
            kept,
            "letter_keys",
            "shortcuts",
            tr("Keys of one letter"),
            tr("A to approve, J and K to move, G and a letter to go to a page. Off, only keys with Ctrl or Alt act."),
        ),
        Setting(
            "tour",
            "shortcuts",
            tr("First steps"),
            tr("Three minutes in a workspace that is thrown away: a deputy, a question, a rule, the proof."),
            "action",
            get=lambda: tr("Show them"),
            put=lambda _value: kept.context.tour_wanted.emit(),
            can_undo=False,
        ),
        Setting(
            "all_keys",
            "shortcuts",
            tr("Every key"),
            tr("Of this page and of the window; ? shows them anywhere."),
            "action",
            get=lambda: tr("Show the keys"),
            put=lambda _value: kept.context.keys_wanted.emit(),
            can_undo=False,
        ),
    ]


def _about(_kept: Sources) -> list[Setting]:
    return [
        Setting("versions", "about", tr("Versions"), tr("What this Legate is made of."), "fact", get=versions),
        Setting(
            "licences",
            "about",
            tr("Licences"),
            tr("Of Legate, its faces and its icons."),
            "fact",
            get=licences,
            words=("MIT", "OFL", "ISC"),
        ),
    ]


def _wish(
    kept: Sources, name: str, section: str, title: str, hint: str, choices: list[tuple[str, str]] | None = None
) -> Setting:
    """A wish for the window: a switch, or a choice where there are some."""
    prefs = kept.context.prefs
    return Setting(
        name,
        section,
        title,
        hint,
        "choice" if choices else "switch",
        get=lambda: getattr(prefs.now, name),
        put=lambda value: _put(kept, name, value),
        choices=tuple(choices or ()),
    )


def _put(kept: Sources, name: str, value: Any) -> None:
    kept.context.prefs.wish(name, value)


def _time_problem(value: Any) -> str:
    return "" if not value or minute_of(value) is not None else tr("Give a time such as 22:00, or nothing.")
