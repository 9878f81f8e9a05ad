"""What can be called: a tool's manifest, the catalogue of tools, and whether arguments fit."""

from legate_core.tools.bounds import bounded, cut
from legate_core.tools.catalog import Catalog, Offer
from legate_core.tools.spec import (
    Argument,
    Effect,
    Invocation,
    Json,
    Observation,
    ProbeResult,
    Tool,
    ToolFailed,
    ToolSpec,
)
from legate_core.tools.titles import title_of
from legate_core.tools.validate import problems

__all__ = [
    "Argument",
    "Catalog",
    "Effect",
    "Invocation",
    "Json",
    "Observation",
    "Offer",
    "ProbeResult",
    "Tool",
    "ToolFailed",
    "ToolSpec",
    "bounded",
    "cut",
    "problems",
    "title_of",
]
