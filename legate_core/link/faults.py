"""Errors on their way over the link: said as data at one end, the same error again at the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from legate_core import wire
from legate_core.errors import LegateError, kinds


def problem(error: LegateError) -> dict[str, Any]:
    """The frame that says an error."""
    details = {name: _plain(value) for name, value in error.details.items()}
    return {"problem": {"code": error.code, "message": error.message, "details": details}}


def error_of(said: Mapping[str, Any]) -> LegateError:
    """The error that a problem was made from."""
    kind = kinds().get(str(said.get("code")), LegateError)
    error = kind(str(said.get("message", "")))
    details = said.get("details")
    error.details = cast("dict[str, object]", details) if isinstance(details, dict) else {}
    return error


def _plain(value: object) -> Any:
    try:
        return wire.encode(value)
    except TypeError:
        # A detail is there to help a person; one without a JSON form is better said in words than left out.
        return str(value)
