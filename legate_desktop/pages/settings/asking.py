"""The settings of when a person is asked, and for how long."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from legate_desktop.outside.choices import Choices
from legate_desktop.pages.settings.choosing import chosen
from legate_desktop.pages.settings.sources import Sources
from legate_desktop.pages.settings.view import Setting
from legate_desktop.words import number, plural, tr

MAX_ALLOWED = 200
QUESTION_HOURS = (1, 4, 8, 24, 72, 168, 720)


def approvals(kept: Sources) -> list[Setting]:
    """The switches of the workspace, how long questions wait, what is learnt from answers, and where one may approve."""
    found = [
        Setting(
            "ask_every_effect",
            "approvals",
            tr("Ask before every effect"),
            tr("Until you turn this off, only your rules let something through unasked."),
            "switch",
            get=lambda: kept.policy.ask_every_effect,
            put=lambda is_on: kept.change_policy(ask_every_effect=is_on),
            why_not=_policy_known(kept),
            can_undo=False,
        ),
        Setting(
            "relax_content",
            "approvals",
            tr("Trust what agents write"),
            tr("Text that an agent wrote itself no longer asks by itself; whom it goes to still does."),
            "switch",
            get=lambda: kept.policy.relax_content,
            put=lambda is_on: kept.change_policy(relax_content=is_on),
            why_not=_policy_known(kept),
            can_undo=False,
        ),
        Setting(
            "allow_list",
            "approvals",
            tr("Known recipients and places"),
            tr("One per line: a whole address, @domain for everybody there, or a host name."),
            "lines",
            get=lambda: kept.policy.allow_list,
            put=lambda lines: kept.change_policy(allow_list=tuple(lines)),
            problem=_allow_problem,
            why_not=_policy_known(kept),
            can_undo=False,
        ),
        Setting(
            "question_hours",
            "approvals",
            tr("A question waits"),
            tr("Then it expires, and nothing runs. What waits already keeps its end."),
            "choice",
            get=lambda: str(kept.policy.question_hours),
            put=lambda hours: kept.change_policy(question_hours=int(hours)),
            choices=_spans(kept.policy.question_hours),
            why_not=_policy_known(kept),
            can_undo=False,
        ),
        Setting(
            "learn",
            "approvals",
            tr("Learn for a week"),
            tr("What you approve alike three times is proposed under Approvals, Rules. Nothing is allowed by itself."),
            "switch",
            get=lambda: kept.policy.is_learning(kept.context.now()),
            put=lambda is_on: kept.change_policy(learn=is_on),
            why_not=_policy_known(kept),
            can_undo=False,
        ),
    ]
    if kept.context.has(Choices):
        found.append(
            chosen(
                kept,
                "approve_on_notifications",
                "approvals",
                tr("Approve on notifications"),
                tr("Only what can be undone; never money, destroying or granting."),
                "switch",
            )
        )
    return found


def _policy_known(kept: Sources) -> Callable[[], str]:
    return lambda: "" if kept.policy.is_known else tr("The engine has not said yet how this stands")


def _spans(now: int) -> tuple[tuple[str, str], ...]:
    """The usual spans, and the one in force where it is another."""
    found = ((hours, divmod(hours, 24)) for hours in sorted({*QUESTION_HOURS, now}))
    return tuple(
        (str(hours), plural("%n day(s)", days) if days and not rest else plural("%n hour(s)", hours))
        for hours, (days, rest) in found
    )


def _allow_problem(lines: Any) -> str:
    if len(lines) > MAX_ALLOWED:
        return tr("At most {n} lines.").format(n=number(MAX_ALLOWED))
    bad = next((line for line in lines if re.search(r"\s", line)), "")
    return tr("“{line}” has a blank in it. One address or host per line.").format(line=bad) if bad else ""
