"""The catalogue: registering, finding, offering."""

import pytest

from legate_core.errors import Invalid, NotFound
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Argument, Effect, Invocation, Observation, ProbeResult, ToolSpec


def spec(name: str = "notes.add", **changes: object) -> ToolSpec:
    values: dict[str, object] = {
        "name": name,
        "description": "Add a note.",
        "effect": Effect.WRITE,
        "parameters": {
            "type": "object",
            "properties": {"text": {"type": "string", "maxLength": 20}, "tags": {"type": "array"}},
            "required": ["text"],
        },
        "arguments": {"text": Argument("content")},
        "title": "add the note {text}",
    }
    return ToolSpec(**{**values, **changes})  # type: ignore[arg-type]  # a table of fields


class Noted:
    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec

    async def invoke(self, call: Invocation) -> Observation:
        return Observation("noted", "notes")

    async def probe(self, call: Invocation) -> ProbeResult:
        return ProbeResult.UNKNOWN


def test_a_registered_tool_is_found_by_name():
    tool = Noted(spec())
    catalog = Catalog([tool])
    assert catalog.get("notes.add") is tool
    assert "notes.add" in catalog
    assert list(catalog) == ["notes.add"]
    assert len(catalog) == 1


def test_an_unknown_tool_names_the_near_ones():
    catalog = Catalog([Noted(spec("notes.add")), Noted(spec("mail.send"))])
    with pytest.raises(NotFound, match=r"Did you mean notes\.add"):
        catalog.get("note.add")
    with pytest.raises(NotFound, match=r"There are: mail\.send, notes\.add"):
        catalog.get("☃" * 5_000)


def test_a_second_tool_of_one_name_is_refused():
    catalog = Catalog([Noted(spec())])
    with pytest.raises(Invalid, match=r"two tools named notes\.add"):
        catalog.register(Noted(spec()))


def test_offers_keep_the_order_asked_for():
    catalog = Catalog([Noted(spec("a.one")), Noted(spec("b.two"))])
    assert [offer.name for offer in catalog.offers(["b.two", "a.one"])] == ["b.two", "a.one"]
    assert [offer.name for offer in catalog.offers()] == ["a.one", "b.two"]
    assert catalog.offers(["a.one"])[0].parameters["required"] == ["text"]
    with pytest.raises(NotFound):
        catalog.offers(["c.three"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"arguments": {"body": Argument("content")}}, "names 'body', which its schema lacks"),
        ({"title": "add {body}"}, "names 'body'"),
        ({"amount_argument": "amount"}, "names 'amount'"),
        ({"parameters": {"type": "string"}}, "spells out its properties"),
        ({"parameters": {"type": "object"}}, "spells out its properties"),
        ({"parameters": {"type": "object", "properties": {"text": {"type": "txet"}}}}, "not valid JSON Schema"),
        (
            {"parameters": {"type": "object", "properties": {"text": {"$ref": "https://example.com/text.json"}}}},
            "refers to another document",
        ),
    ],
)
def test_a_manifest_that_policy_cannot_judge_is_refused(changes: dict[str, object], words: str):
    with pytest.raises(Invalid, match=words):
        Catalog([Noted(spec(**changes))])


def test_check_raises_all_problems_in_words():
    catalog = Catalog([Noted(spec())])
    catalog.check("notes.add", {"text": "milk"})
    with pytest.raises(Invalid, match="lacks 'text'") as raised:
        catalog.check("notes.add", {"txt": "milk"})
    assert raised.value.details["problems"] == [
        "There is no argument 'txt'; the tool takes 'text', 'tags'.",
        "The call lacks 'text'.",
    ]
