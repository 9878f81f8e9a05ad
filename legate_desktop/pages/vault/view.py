"""What the Vault page shows: secrets without their values, and how the vault stands; free of the core's types and of Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from legate_desktop.words import long_age, moment, number, one_line, plural, tr

Failed = Callable[[str], None]

# What a secret can be, each with its word.
KINDS = {
    "api_key": "API key",
    "token": "Token",
    "password": "Password",
    "key": "Private key",
    "signing_key": "Signing key",
}


@dataclass(frozen=True, slots=True)
class Named:
    """An agent, a run or a knowledge base that names a secret."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Uses:
    """Who may borrow a secret."""

    agents: tuple[Named, ...] = ()
    runs: tuple[Named, ...] = ()
    bases: tuple[Named, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether nobody names it."""
        return not (self.agents or self.runs or self.bases)


@dataclass(frozen=True, slots=True)
class SecretRow:
    """One secret: everything about it but its value. Times in milliseconds, 0 where it never happened."""

    id: str
    name: str
    kind: str
    connector: str
    hosts: tuple[str, ...]
    is_personal: bool
    version: int
    created_by: str
    created_at: int
    replaced_at: int
    last_used_at: int
    last_used_by: str
    is_stale: bool = False
    uses: Uses = Uses()

    @property
    def haystack(self) -> str:
        """What the filter looks through."""
        named = (*self.uses.agents, *self.uses.runs, *self.uses.bases)
        words = (
            self.name,
            self.kind,
            kind_word(self.kind),
            self.connector,
            *self.hosts,
            *(each.name for each in named),
        )
        return " ".join(words).casefold()


@dataclass(frozen=True, slots=True)
class Standing:
    """How the vault stands, as the core last said. Until it has, nothing is known."""

    is_known: bool = False
    is_sealed: bool = False
    sealed_at: int = 0
    sealed_by: str = ""
    is_locked: bool = False
    keys: str = ""
    needs_passphrase: bool = False
    has_passphrase: bool = False
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """What a pasted text is, as far as its form says: whose, for which host; `text` is the secret alone."""

    text: str
    who: str = ""
    kind: str = ""
    connector: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret on its way into the vault."""

    name: str
    value: str
    hosts: tuple[str, ...]
    kind: str = "api_key"
    connector: str = ""
    is_personal: bool = False

    def __repr__(self) -> str:
        return f"NewSecret({self.name!r})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that waits for a proof, in words, and how it goes on."""

    said: str
    go_on: Callable[[], None]


def kind_word(kind: str) -> str:
    """A kind in a word; one that this window does not know stays as it is."""
    return tr(KINDS[kind]) if kind in KINDS else kind


def key_place_words(keys: str) -> str:
    """Where the vault's keys live."""
    words = {
        "keyring": tr("its keys are in the system's keyring"),
        "passphrase": tr("its keys lie under your passphrase"),
        "memory": tr("its keys protect nothing: this folder is for practice"),
    }
    return words.get(keys, keys)


def standing_words(standing: Standing, now: int, who: str) -> str:
    """How the vault stands, in a line."""
    if not standing.is_known:
        return tr("The vault is asked how it stands…")
    if standing.is_sealed:
        text = tr("Sealed since {moment} by {who}: nothing is lent, and runs that need a secret wait.")
        return text.format(moment=moment(standing.sealed_at, now), who=who)
    return tr("Open; {keys}.").format(keys=key_place_words(standing.keys))


def used_words(row: SecretRow, now: int) -> str:
    """When it was lent last."""
    if not row.last_used_at:
        return tr("Never used")
    return tr("Used {age} ago").format(age=long_age(now - row.last_used_at))


def lent_words(row: SecretRow) -> str:
    """How many runs may borrow it now; nothing where there are none."""
    return plural("%n run(s) may borrow it now", len(row.uses.runs)) if row.uses.runs else ""


def row_sentence(row: SecretRow, now: int) -> str:
    """A row's accessible name."""
    parts = [
        row.name,
        kind_word(row.kind),
        tr("for {hosts}").format(hosts=", ".join(row.hosts)),
        tr("yours alone") if row.is_personal else "",
        tr("not lent, because its record is not the last one written") if row.is_stale else "",
        used_words(row, now),
        lent_words(row),
    ]
    return one_line(", ".join(part for part in parts if part))


def stop_words(rows: list[SecretRow]) -> str:
    """What sealing the vault stops, in a sentence."""
    runs = {run.id: run.name for row in rows for run in row.uses.runs}
    agents = {agent.id for row in rows for agent in row.uses.agents}
    if not runs and not agents:
        return tr("No run and no agent needs a secret.")
    if not runs:
        text = tr("No run needs a secret now. {agents} would wait when they do.")
        return text.format(agents=plural("%n agent(s)", len(agents)))
    names = ", ".join(sorted({one_line(name) for name in runs.values()})[:5])
    text = plural("%n run(s) may need a secret and will wait then: {names}.", len(runs))
    return text.format(names=names)


def loses_words(row: SecretRow) -> str:
    """What fails once a secret is removed, in a sentence."""
    if row.uses.is_none:
        return tr("Nothing names it.")
    counts = [
        plural("%n agent(s)", len(row.uses.agents)) if row.uses.agents else "",
        plural("%n run(s) that go on", len(row.uses.runs)) if row.uses.runs else "",
        plural("%n knowledge base(s)", len(row.uses.bases)) if row.uses.bases else "",
    ]
    named = (*row.uses.agents, *row.uses.runs, *row.uses.bases)
    names = ", ".join(dict.fromkeys(one_line(each.name) for each in named[:6]))
    text = tr("What names it fails until it names another: {counts} ({names}).")
    return text.format(counts=", ".join(count for count in counts if count), names=names)


def version_words(row: SecretRow) -> str:
    """How often it has had another value."""
    return tr("version {n}").format(n=number(row.version))
