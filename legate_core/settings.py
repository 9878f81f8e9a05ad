"""Every setting of the engine, read once from the environment; `.env.example` documents them."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from legate_core.errors import Invalid
from legate_core.private import make_folder

KEYS = ("keyring", "passphrase", "memory")

DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
"""How the address of a database may begin."""

THROW_AWAY = "throw-away"
"""A data folder with this file in it holds nothing that anybody would miss; only there may keys lie in memory."""

PRACTICE_WORKSPACE = "practice-workspace"

DATABASE_FILE = "legate.db"
"""Where everything lies in a data folder that names no other database."""

KEYS_FILE = "keys.json"
"""A data folder with this file in it holds its keys under a passphrase, whatever the system offers."""

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
"""What ships with the product beside its code: the practice workspace, help."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where work is kept, how its keys are held, and how the server listens."""

    home: Path
    database_url: str = ""
    keys: str = "keyring"
    passphrase: str = ""
    token: str = ""
    host: str = "127.0.0.1"
    port: int = 8080
    vectors: str = ""
    qdrant_key: str = ""
    originals: str = ""
    originals_key: str = ""
    originals_region: str = ""
    is_throw_away: bool = False

    @property
    def url(self) -> str:
        """The database: the one named, or SQLite in the data folder."""
        return self.database_url or f"sqlite:///{self.home / DATABASE_FILE}"

    def __repr__(self) -> str:
        return f"Settings(home={str(self.home)!r}, keys={self.keys!r}, host={self.host!r}, port={self.port})"


def default_home() -> Path:
    """The platform's place for a person's application data."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Legate"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Legate"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "legate"


def practice_home(home: Path | None = None) -> Path:
    """The data folder of the practice workspace: inside the one that is used for work, so that it is found and kept apart."""
    return (home or from_environment().home).absolute() / PRACTICE_WORKSPACE


def from_environment(environment: Mapping[str, str] | None = None, home: Path | None = None) -> Settings:
    """The settings of this process. Raises `Invalid` that names the variable and what it may be."""
    env = os.environ if environment is None else environment
    folder = home or (Path(env["LEGATE_HOME"]).expanduser() if env.get("LEGATE_HOME") else default_home())
    keys = env.get("LEGATE_KEYS") or ("passphrase" if (folder / KEYS_FILE).exists() else "keyring")
    if keys not in KEYS:
        raise Invalid(f"LEGATE_KEYS is {keys!r}; it may be {', '.join(KEYS)}.")
    try:
        port = int(env.get("LEGATE_PORT", "8080"))
    except ValueError as error:
        raise Invalid(f"LEGATE_PORT is {env['LEGATE_PORT']!r}; it must be a number from 1 to 65535.") from error
    if not 0 <= port <= 65535:
        raise Invalid(f"LEGATE_PORT is {port}; it must be a number from 1 to 65535.")
    return Settings(
        home=folder.absolute(),
        database_url=_checked_url(env.get("LEGATE_DATABASE_URL", "")),
        keys=keys,
        passphrase=env.get("LEGATE_PASSPHRASE", ""),
        token=env.get("LEGATE_TOKEN", ""),
        host=env.get("LEGATE_HOST", "127.0.0.1"),
        port=port,
        vectors=env.get("LEGATE_VECTORS", ""),
        qdrant_key=env.get("LEGATE_QDRANT_KEY", ""),
        originals=env.get("LEGATE_ORIGINALS", ""),
        originals_key=env.get("LEGATE_ORIGINALS_KEY", ""),
        originals_region=env.get("LEGATE_ORIGINALS_REGION", ""),
        is_throw_away=(folder / THROW_AWAY).exists(),
    )


def _checked_url(url: str) -> str:
    """The address of a database that Legate can use, or nothing. What was given is not repeated: a password may be in it."""
    if not url:
        return ""
    scheme, mark, rest = url.partition("://")
    try:
        # Reading the port is what finds one that is no number.
        is_whole = bool(mark) and bool(rest.strip("/")) and (scheme == "sqlite" or urlsplit(url).port != 0)
    except ValueError:
        is_whole = False
    if scheme not in DATABASES or not is_whole:
        raise Invalid(
            "LEGATE_DATABASE_URL is not the address of a database that Legate can use. Write it as "
            "postgresql://name:password@host/database or sqlite:////folder/file.db, or leave it out for SQLite in the "
            "data folder."
        )
    return url


def throw_away(settings: Settings) -> Settings:
    """The same settings for a folder that is made for throwing away, its keys in memory.

    Marks a new or empty folder; a folder that holds something without the mark is refused with `Invalid`.
    """
    mark = settings.home / THROW_AWAY
    if not mark.exists():
        if settings.home.exists() and not settings.home.is_dir():
            raise Invalid(
                f"{settings.home} is no folder, so it is not used for practice. Choose a new or empty folder."
            )
        if settings.home.exists() and any(settings.home.iterdir()):
            raise Invalid(
                f"{settings.home} holds something already, so it is not used for practice. Choose an empty folder."
            )
        try:
            make_folder(settings.home)
            mark.write_text(
                "This data folder is for practice. Its keys protect nothing; delete it whenever you like.\n"
            )
        except OSError as error:
            raise Invalid(f"{settings.home} cannot be made ({error.strerror}). Choose another folder.") from error
    return replace(settings, keys="memory", is_throw_away=True)
