"""What every tool of every connector keeps: a manifest for policy, words for people, no crash on bad input."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from legate_core.connectors.base import ConnectedTool, Response, Surroundings
from legate_core.connectors.registry import built_in_tools, connectors
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, Invocation, Observation, ProbeResult, Tool, ToolFailed, ToolSpec
from legate_core.tools.titles import places, title_of
from legate_core.tools.validate import problems

HARMLESS = Effect.READ
TOOLS = built_in_tools(Surroundings())
NAMES = [tool.spec.name for tool in TOOLS]
HOSTILE = [
    "",
    "../../etc/passwd",
    "/etc/passwd",
    "\\\\server\\share",
    "a\0b",
    "\r\nBcc: x@example.com",
    "\u202egnp.exe",
    "\ud800",
    "🙂" * 60,
    "%s%n{0}{text}",
    "x" * 5_000,
    "' OR 1=1 --",
    "http://[::1",
    "file:///etc/passwd",
    "https://user:pw@example.com/",
]


@dataclass(frozen=True)
class Page:
    """An answer from the web."""

    status: int = 200
    url: str = "https://example.com/"
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "text/plain"})
    body: bytes = b"hello"
    is_cut: bool = False


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    async def fetch(method: str, url: str) -> Response:
        return Page()

    folders = {name: tmp_path / name for name in ("documents", "mailbox", "outbox")}
    for path in folders.values():
        path.mkdir()
    (tmp_path / "run").mkdir()
    (folders["documents"] / "a").write_text("a")
    (folders["mailbox"] / "a.eml").write_bytes(b"From: kim@example.com\r\nSubject: a\r\n\r\na")
    return Catalog(built_in_tools(Surroundings(folders, fetch)))


@pytest.fixture(params=TOOLS, ids=NAMES)
def spec(request: pytest.FixtureRequest) -> ToolSpec:
    tool: ConnectedTool = request.param
    return tool.spec


def sample(schema: Mapping[str, Any]) -> Any:
    """The smallest value that fits a schema."""
    if examples := schema.get("examples"):
        return examples[0]
    if "default" in schema:
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "string":
            return "a".ljust(schema.get("minLength", 0), "a")
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "array":
            return [sample(schema["items"])] * schema.get("minItems", 0)
        case "boolean":
            return False
        case other:
            raise AssertionError(f"no sample for {other}")


def samples(spec: ToolSpec) -> dict[str, Any]:
    return {name: sample(schema) for name, schema in spec.parameters["properties"].items()}


def hostile_calls(spec: ToolSpec) -> Iterator[dict[str, Any]]:
    """One argument at a time gone wrong, then all of them."""
    usual = samples(spec) | {name: "documents" for name in spec.parameters["properties"] if name == "folder"}
    for name, schema in spec.parameters["properties"].items():
        for value in HOSTILE if schema.get("type") == "string" else [-1, 2**62]:
            yield {**usual, name: value}
        if schema.get("type") == "array":
            yield from ({**usual, name: [value]} for value in HOSTILE)
    strings = [name for name, schema in spec.parameters["properties"].items() if schema.get("type") == "string"]
    yield from ({**usual, **dict.fromkeys(strings, value)} for value in HOSTILE)
    yield from ({}, {"unknown": 1}, {name: {"x": [None]} for name in usual}, dict.fromkeys(usual))


def call(arguments: Mapping[str, Any], run_folder: Path) -> Invocation:
    return Invocation("a1", "r1", arguments, "r1:1", str(run_folder))


async def outcome(tool: Tool, call: Invocation) -> Observation | str:
    """What came back, or the words of the failure. Any other exception is a crash."""
    try:
        return await tool.invoke(call)
    except ToolFailed as error:
        return str(error)


def test_there_are_connectors():
    assert {connector.name for connector in connectors()} >= {"files", "mail", "http"}
    assert len(set(NAMES)) == len(NAMES)


def test_the_catalogue_takes_it(spec: ToolSpec):
    """The schema is valid, and every argument that the manifest speaks of exists."""
    Draft202012Validator.check_schema(dict(spec.parameters))
    assert spec.parameters["additionalProperties"] is False
    assert set(spec.arguments) <= set(spec.parameters["properties"])
    assert spec.name.split(".")[0] == spec.connector
    assert len(spec.definition_hash) == 64


def test_it_is_described(spec: ToolSpec):
    assert 20 <= len(spec.description) <= 1_000
    assert spec.title
    assert spec.reach, "the card says who or what is touched"


def test_an_effect_says_how_it_is_undone_or_that_it_is_not(spec: ToolSpec):
    """Empty words mean that nothing can be undone: true of what was sent, spent or destroyed, of nothing else."""
    if spec.effect in {Effect.WRITE, Effect.GRANT}:
        assert spec.undo
    if not spec.undo and spec.effect is not HARMLESS:
        assert spec.effect in {Effect.SEND, Effect.SPEND, Effect.DESTROY}


def test_only_writes_are_local_and_they_name_no_folder(spec: ToolSpec):
    if spec.local:
        assert spec.effect is Effect.WRITE
        assert "folder" not in spec.parameters["properties"]


def test_a_spend_names_its_amount(spec: ToolSpec):
    assert bool(spec.amount_argument) == (spec.effect is Effect.SPEND)


def test_the_title_shows_a_call(spec: ToolSpec):
    arguments = samples(spec)
    title = title_of(spec, arguments)
    assert "{" not in title
    assert set(places(spec.title)) <= set(arguments)
    for value in HOSTILE:
        line = title_of(spec, dict.fromkeys(arguments, value))
        assert "\n" not in line
        assert "\u202e" not in line


def test_the_smallest_arguments_fit(spec: ToolSpec):
    assert problems(spec, samples(spec)) == ()


async def test_it_does_not_crash_on_bad_input(spec: ToolSpec, catalog: Catalog, tmp_path: Path):
    """It answers, or says in words why not."""
    tool = catalog.get(spec.name)
    for arguments in hostile_calls(spec):
        seen = await outcome(tool, call(arguments, tmp_path / "run"))
        if isinstance(seen, Observation):
            seen.content.encode()
            seen.source.encode()
        else:
            assert seen.endswith((".", "?", ")")), seen
    assert sorted(path.name for path in tmp_path.iterdir()) == ["documents", "mailbox", "outbox", "run"]


async def test_without_its_folders_it_says_what_is_missing(spec: ToolSpec, tmp_path: Path):
    tool = Catalog(TOOLS).get(spec.name)
    seen = await outcome(tool, call(samples(spec), tmp_path / "run"))
    assert isinstance(seen, Observation) or seen.endswith(".")


async def test_a_probe_answers_where_one_is_promised(spec: ToolSpec, catalog: Catalog, tmp_path: Path):
    tool = catalog.get(spec.name)
    arguments = samples(spec) | {name: "documents" for name in spec.parameters["properties"] if name == "folder"}
    answer = await tool.probe(call(arguments, tmp_path / "run"))
    assert isinstance(answer, ProbeResult)
    if not spec.can_probe:
        assert answer is ProbeResult.UNKNOWN
    if spec.can_probe and spec.effect is Effect.SEND:
        assert answer is ProbeResult.DID_NOT_HAPPEN
