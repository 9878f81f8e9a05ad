"""A reply that was asked for as JSON of a shape: given back only if it is that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from legate_core.errors import Invalid
from legate_core.llm.base import ModelFailed, Reply


def check_schema(schema: Mapping[str, Any]) -> None:
    """Refuse a schema that is none, before a model is asked and paid."""
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as error:
        raise Invalid(f"The response schema is no JSON Schema: {error.message[:200]}. Correct it.") from error


def check_reply(reply: Reply, schema: Mapping[str, Any] | None) -> None:
    """Raise `ModelFailed` unless the text fits. A reply with calls or a refusal has no answer to check yet."""
    if schema is None or reply.tool_calls or reply.stop_reason == "refusal":
        return
    if (flaw := _flaw(reply.text, schema)) is not None:
        cut = " It ran into the token limit." if reply.stop_reason == "length" else ""
        raise ModelFailed(
            "bad_reply",
            f"The model's answer is not the JSON that was asked for: {flaw}.{cut} Ask again, or choose another model.",
            reply.usage,
        )


def _flaw(text: str, schema: Mapping[str, Any]) -> str | None:
    from jsonschema import Draft202012Validator, ValidationError
    from referencing import Registry

    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return f"{error.msg} at character {error.pos}"
    except (ValueError, RecursionError):
        return "it cannot be read"
    validator: Any = Draft202012Validator(dict(schema), registry=Registry())
    found: ValidationError | None = next(validator.iter_errors(value), None)
    return None if found is None else found.message[:200]
