"""Settings of the environment that make no sense are refused in a sentence, wherever they are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from legate_core.errors import Invalid
from legate_core.settings import from_environment
from tests.core.cli.terminal import legate

WRONG = [
    "nonsense",
    "mysql://anna:pa55word@host/x",
    "postgres://anna:pa55word@host/x",
    "postgresql://",
    "postgresql+asyncpg://anna:pa55word@host/x",
    "postgresql://anna:pa55word@host:port/x",
    "postgresql://anna:pa55word@host:99999/x",
    "sqlite://",
    "://",
]


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_is_no_database_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Invalid, match=r"LEGATE_DATABASE_URL.*Write it as postgresql://") as caught:
        from_environment({"LEGATE_DATABASE_URL": url})
    assert "pa55word" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["", "postgresql://a:b@host/x", "postgresql+psycopg://host:5433/x", "postgresql:///x", "sqlite:////srv/legate.db"],
)
def test_an_address_of_a_database_is_kept_as_it_was_given(url: str) -> None:
    assert from_environment({"LEGATE_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize("command", ["runs", "doctor", "verify"])
def test_every_command_words_it(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEGATE_DATABASE_URL", "nonsense")
    done = legate("--home", str(tmp_path), command, "--json")
    assert (done.code, done.json["type"]) == (2, "urn:legate:problem:invalid")
    assert "report it" not in done.json["detail"]


def test_the_key_of_a_vector_server_is_a_setting_and_is_not_shown() -> None:
    settings = from_environment({"LEGATE_QDRANT_KEY": "s3cret", "LEGATE_VECTORS": "https://qdrant.example"})
    assert (settings.qdrant_key, settings.vectors) == ("s3cret", "https://qdrant.example")
    assert "s3cret" not in repr(settings)
