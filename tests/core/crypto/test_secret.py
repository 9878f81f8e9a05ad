"""A secret can be revealed on purpose and in no other way."""

import copy
import dataclasses
import json
import logging
import pickle

import msgspec
import pytest

from legate_core.crypto.canonical import canonical
from legate_core.crypto.secret import Secret

VALUE = "sk-canary-4711"


@dataclasses.dataclass
class Holder:
    """Something that holds a secret, as a request would."""

    secret: Secret


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        lambda secret: f"{secret}",
        lambda secret: f"{secret!r:>40}",
        lambda secret: f"{secret:>40}",
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 # the old way must be covered as well
        lambda secret: repr(Holder(secret)),
        lambda secret: str(dataclasses.asdict(Holder(secret))),
        lambda secret: str(ValueError(secret)),
    ],
)
def test_it_shows_as_dots(show) -> None:
    shown = show(Secret(VALUE))
    assert VALUE not in shown
    assert "••••••" in shown


def test_its_length_is_not_told() -> None:
    assert repr(Secret("a")) == repr(Secret("a" * 100))


def test_a_log_shows_dots(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("somewhere").warning("sent %s", Secret(VALUE))
    assert VALUE not in caplog.text
    assert "sent ••••••" in caplog.text


@pytest.mark.parametrize("encode", [pickle.dumps, json.dumps, msgspec.json.encode, bytes, list, hash, vars])
def test_it_cannot_be_stored_sent_or_taken_apart(encode) -> None:
    with pytest.raises(TypeError):
        encode(Secret(VALUE))


def test_canonical_json_refuses_it() -> None:
    with pytest.raises(ValueError, match="Secret"):
        canonical({"key": Secret(VALUE)})


def test_a_copy_is_the_same_object() -> None:
    secret = Secret(VALUE)
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


def test_it_compares_by_value_with_secrets_only() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret(VALUE + "x")
    assert Secret("ü\ud800") == Secret("ü\ud800")
    assert Secret(VALUE) != VALUE
    assert bool(Secret(VALUE))
    assert not Secret("")


def test_it_is_revealed_on_purpose() -> None:
    assert Secret(VALUE).reveal() == VALUE
