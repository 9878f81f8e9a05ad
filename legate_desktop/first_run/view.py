"""What the first run shows: its steps, the deputy's log explained, the verdict, and the byte that was changed."""

from __future__ import annotations

from dataclasses import dataclass

from legate_desktop.words import one_line, tr


@dataclass(frozen=True, slots=True)
class Lesson:
    """One of the seven steps: its name in the list, its title, and what it is about."""

    id: str
    name: str
    title: str
    text: str


def lessons() -> tuple[Lesson, ...]:
    """The seven steps, in the language of this moment."""
    return (
        Lesson(
            "place",
            tr("Your work"),
            tr("Everything stays in one folder"),
            tr("Agents, runs, answers and the journal lie on this computer. Nothing is sent anywhere by itself."),
        ),
        Lesson(
            "deputy",
            tr("A deputy"),
            tr("The practice deputy reads four sample mails"),
            tr("It works for a small lamp shop, in a workspace that is thrown away. It needs no key and no network."),
        ),
        Lesson(
            "card",
            tr("A question"),
            tr("It wants to do something. You decide."),
            tr(
                "Every argument says where it comes from: green is yours, violet was written by the agent or read "
                "somewhere, red was read somewhere and steers what happens."
            ),
        ),
        Lesson(
            "rule",
            tr("A rule"),
            tr("Say yes for the next time as well"),
            tr("A rule is made from an answer, and stands under Rules with its uses. The narrowest choice is first."),
        ),
        Lesson(
            "verify",
            tr("The proof"),
            tr("Nothing can be changed afterwards unseen"),
            tr("Every fact is chained to the one before. Verify the journal; then change one byte on a copy of it."),
        ),
        Lesson(
            "model",
            tr("A model"),
            tr("What your own deputies think with"),
            tr("A model on this computer needs no key. A key for another is tested, and kept in the vault."),
        ),
        Lesson(
            "outside",
            tr("Beside you"),
            tr("When you look elsewhere"),
            tr("Legate can go on in the background and tell you when it must ask. Each can be changed in Settings."),
        ),
    )


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of the deputy's log, with a word on what it means."""

    id: str
    sign: str
    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a verification said in one sentence, and whether it is good news."""

    sentence: str
    is_sound: bool


@dataclass(frozen=True, slots=True)
class ChangedByte:
    """The byte that was changed on the copy: around it before and after, the entry, and what was found."""

    seq: int
    name: str
    before: str
    after: str
    sentence: str


def meaning(kind: str, label: str, state: str, effect: str) -> str:
    """What a line of the log means, for who sees one for the first time."""
    if kind == "model":
        return tr("It thinks, and says what it wants to do next.")
    if state == "waiting":
        return tr("This would have an effect, and no rule allows it: it waits for you.")
    if effect in ("", "read"):
        return tr("Reading has no effect, so it goes through, and is logged.")
    name = one_line(label)
    return tr("{tool} has an effect; what became of it stands here.").format(tool=name)
