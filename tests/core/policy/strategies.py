"""Calls, facts and rules of every shape, for the properties of policy. Also used by the judges, at a larger scale."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from legate_core.policy.model import Call, Facts, Grant, ObservationText, Predicate, Rule, Settings
from legate_core.policy.provenance import OwnWords
from legate_core.tools.spec import Argument, Effect, ToolSpec

# A small world, so that rules and calls meet often.
VALUES: list[Any] = [
    "ann@x.example",
    "Bob@y.example",
    "eve@sub.x.example",
    "https://x.example/a",
    "https://y.example",
    "/srv/data/a.txt",
    "/srv/data/../b",
    "report-1.pdf",
    "13",
    "123456",
    "2026-06-13",
    "12:00",
    "13:00",
    "hello there",
    "",
    7,
    500,
    0.5,
    True,
    None,
]
WORDS = [
    *(str(value) for value in VALUES if isinstance(value, str | int)),
    "file 13",
    "for one hour",
    "on June 13",
    "and",
]
NAMES = ["to", "path", "amount", "body"]
SOURCES = ["mail M-1", "web y.example", "files"]
ROLES = st.sampled_from(["authority", "content"])
scalars = st.sampled_from(VALUES) | st.text(max_size=8) | st.integers(-3, 1_000_000)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2),
    max_leaves=4,
)


@st.composite
def tools(draw: st.DrawFn) -> ToolSpec:
    roles = {name: Argument(draw(ROLES), draw(st.sampled_from([(), (7,), ("13",)]))) for name in NAMES}
    kinds = {name: {"type": draw(st.sampled_from(["string", "number", "object", "array"]))} for name in NAMES}
    return ToolSpec(
        name=draw(st.sampled_from(["mail.send", "mail.list", "bank.pay", "files.drop"])),
        description="",
        effect=draw(st.sampled_from(list(Effect))),
        parameters={"type": "object", "properties": kinds},
        arguments=roles,
        local=draw(st.booleans()),
        amount_argument=draw(st.sampled_from(["", "amount"])),
    )


@st.composite
def calls(draw: st.DrawFn) -> Call:
    return Call(
        tool=draw(tools()),
        arguments=draw(st.dictionaries(st.sampled_from(NAMES), values, max_size=3)),
        account=draw(st.sampled_from(["", "work"])),
        agent_id=draw(st.sampled_from(["", "agt_1"])),
        run_id=draw(st.sampled_from(["r1", "r2"])),
        trigger=draw(st.sampled_from(["manual", "webhook"])),
        now=draw(st.integers(0, 3)) * 43_200_000,
        utc_offset_minutes=draw(st.sampled_from([-600, 0, 120])),
    )


own_words = st.lists(st.sampled_from(WORDS), max_size=6).map(lambda words: OwnWords.from_texts([" ".join(words)]))
observations = st.lists(
    st.builds(
        ObservationText,
        id=st.sampled_from(["o1", "o2", "o3"]),
        source=st.sampled_from(SOURCES),
        text=st.sampled_from(WORDS) | st.text(max_size=12),
        trusted=st.booleans(),
        readers=st.sampled_from(["user", "workspace", "anyone"]),
    ),
    max_size=3,
).map(tuple)
grants = st.lists(
    st.builds(
        Grant,
        id=st.sampled_from(["g1", "g2"]),
        tool=st.sampled_from(["mail.send", "bank.pay"]),
        argument=st.sampled_from([*NAMES, "to.x"]),
        value=scalars,
        run_id=st.sampled_from(["r1", "r2"]),
        account=st.sampled_from(["", "work"]),
        uses_left=st.integers(0, 2),
        ends_at=st.none() | st.integers(0, 3).map(lambda half_days: half_days * 43_200_000),
    ),
    max_size=3,
).map(tuple)
settings = st.builds(
    Settings,
    ask_every_effect=st.booleans(),
    relax_content=st.booleans(),
    allow_list=st.lists(st.sampled_from(["@x.example", "y.example", "13", "/srv/data/a.txt"]), max_size=2).map(tuple),
)
facts = st.builds(Facts, own_words=own_words, observations=observations, grants=grants, settings=settings)


@st.composite
def predicates(draw: st.DrawFn) -> Predicate:
    operator: Any = draw(st.sampled_from(["equals", "one_of", "domain", "under", "at_most", "host", "glob", "absent"]))
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "domain": st.sampled_from(["x.example", "y.example", "sub.x.example"]),
        "host": st.sampled_from(["x.example", "y.example"]),
        "under": st.sampled_from(["/srv", "/srv/data", "data"]),
        "at_most": st.sampled_from([0, 7, 100, 1000]),
        "glob": st.sampled_from(["*.pdf", "report*", "*@x.example", "1*"]),
    }
    kind = kinds.get(operator, st.sampled_from(VALUES))
    found = () if operator == "absent" else tuple(draw(st.lists(kind, min_size=1, max_size=3)))
    return Predicate(draw(st.sampled_from([*NAMES, "to.x"])), operator, found, draw(st.booleans()))


def _some(*options: Any) -> Any:
    return st.lists(st.sampled_from(options), max_size=2, unique=True).map(tuple)


rules = st.builds(
    Rule,
    id=st.sampled_from([f"rul_{number}" for number in range(6)]),
    name=st.just("a rule"),
    verdict=st.sampled_from(["allow", "ask", "deny"]),
    tools=_some("mail.send", "mail.*", "bank.pay", "*"),
    effects=_some(*Effect),
    arguments=st.lists(predicates(), max_size=2).map(tuple),
    accounts=_some("", "w*"),
    agents=_some("agt_1", "agt_2"),
    runs=_some("r1"),
    triggers=_some("manual", "webhook"),
    origin=st.sampled_from(["", "", "", "derived", "not_person"]),
    after_reading=_some("mail*", "untrusted") | st.just(()),
    hours=st.none() | st.sampled_from([(0, 720), (720, 60)]),
    weekdays=_some(3, 4),
    starts_at=st.none() | st.sampled_from([0, 43_200_000]),
    ends_at=st.none() | st.sampled_from([43_200_000, 999_999_999]),
    uses_left=st.none() | st.integers(0, 2),
    always=st.booleans(),
)
rule_lists = st.lists(rules, max_size=4).map(tuple)
