"""Random calls, facts and rules from a seed, many of them and fast: a small world, so that rules and calls meet often."""

from __future__ import annotations

import random
from typing import Any

from legate_core.policy.model import Call, Facts, Grant, ObservationText, Predicate, Rule, Settings
from legate_core.policy.provenance import OwnWords
from legate_core.tools.spec import Argument, Effect, ToolSpec

HALF_DAY = 43_200_000
# Tuesday, 21 January 2025, 00:00 UTC.
BEGINNING = 1_737_417_600_000
ARGUMENTS = ("to", "path", "amount", "body", "extra")
TEXTS = (
    "ann@x.example",
    "Bob@Y.example",
    "eve@sub.x.example",
    "https://x.example/a",
    "HTTPS://Y.example/",
    "https://sub.y.example/b?c=d",
    "https://x.example@y.example/",
    "/srv/data/a.txt",
    "/srv/data/../b",
    "/SRV/data/b.pdf",
    "data/c.pdf",
    "\\srv\\data",
    "report-1.pdf",
    "Report-2.PDF",
    "13",
    "123456",
    "12:00",
    "hello there",
    "",
)
NUMBERS = (0, 7, 500, -3, 0.5, 1000)
SOURCES = ("mail M-1", "web y.example", "files")
TOOLS = ("mail.send", "mail.list", "bank.pay", "files.drop")
VALUES: dict[str, tuple[Any, ...]] = {
    "equals": (*TEXTS, *NUMBERS, True),
    "one_of": (*TEXTS, *NUMBERS),
    "domain": ("x.example", "y.example", "sub.x.example"),
    "host": ("x.example", "y.example", "report-1.pdf"),
    "under": ("/srv", "/srv/data", "data", "/srv/data/a.txt"),
    "at_most": NUMBERS,
    "glob": ("*.pdf", "report*", "*@x.example", "https://*", "1*", "*a*"),
    "absent": (),
}


class World:
    """One stream of random things; the same seed makes the same stream."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, options: Any, most: int, least: int = 0) -> tuple[Any, ...]:
        return tuple(self.random.sample(list(options), self.random.randint(least, most)))

    def perhaps(self, value: Any, chance: float = 0.3) -> Any:
        return value if self.random.random() < chance else None

    def tool(self) -> ToolSpec:
        choose = self.random.choice
        return ToolSpec(
            name=choose(TOOLS),
            description="",
            effect=choose(list(Effect)),
            parameters={"type": "object", "properties": {name: {} for name in ARGUMENTS}},
            arguments={name: Argument(choose(("authority", "content")), self.some((7, "13"), 1)) for name in ARGUMENTS},
            local=choose((True, False)),
            amount_argument=choose(("", "amount", "amount")),
        )

    def value(self, depth: int = 0) -> Any:
        kind = self.random.random()
        if depth < 2 and kind < 0.12:
            return [self.value(depth + 1) for _ in range(self.random.randint(0, 2))]
        if depth < 2 and kind < 0.2:
            return {name: self.value(depth + 1) for name in self.some(("x", "y"), 2)}
        return self.random.choice((*TEXTS, *NUMBERS, True, None))

    def argument(self, name: str) -> Any:
        """A value, mostly of the kind that conditions on this argument are about."""
        if self.random.random() < 0.5:
            return self.value()
        return self.random.choice(NUMBERS if name == "amount" else TEXTS)

    def call(self) -> Call:
        choose = self.random.choice
        return Call(
            tool=self.tool(),
            arguments={name: self.value() for name in self.some(ARGUMENTS, 3)},
            account=choose(("", "work")),
            agent_id=choose(("", "agt_1", "agt_2")),
            workflow_id=choose(("", "wfl_1")),
            run_id=choose(("r1", "r2")),
            trigger=choose(("manual", "webhook")),
            now=BEGINNING + self.random.randrange(14 * 24 * 60) * 60_000,
            utc_offset_minutes=choose((-300, 0, 120)),
        )

    def facts(self) -> Facts:
        choose = self.random.choice
        words = " ".join(str(value) for value in self.some((*TEXTS, *NUMBERS, "file 13", "amount"), 5))
        seen = tuple(
            ObservationText(f"o{n}", choose(SOURCES), choose(TEXTS), choose((True, False)), choose(("user", "anyone")))
            for n in range(self.random.randint(0, 2))
        )
        grants = tuple(
            Grant(f"g{n}", choose(TOOLS), choose(ARGUMENTS), choose((*TEXTS, *NUMBERS)), choose(("r1", "r2")))
            for n in range(self.random.randint(0, 2))
        )
        return Facts(OwnWords.from_texts([words]), seen, grants, self.settings())

    def settings(self) -> Settings:
        choose = self.random.choice
        return Settings(choose((True, False)), choose((True, False)), self.some(("@x.example", "y.example", "13"), 2))

    def predicate(self) -> Predicate:
        operator: Any = self.random.choice(list(VALUES))
        values = self.some(VALUES[operator], 2, 1) if operator != "absent" else ()
        argument = self.random.choice((*ARGUMENTS, "extra.x"))
        if operator == "at_most" and self.random.random() < 0.7:
            argument = "amount"
        return Predicate(argument, operator, values, self.random.random() < 0.25)

    def rule(self, number: int) -> Rule:
        choose = self.random.choice
        verdict: Any = choose(("allow", "allow", "ask", "deny"))
        origin: Any = choose(("", "", "", "", "derived", "not_person"))
        return Rule(
            id=f"rul_{number}",
            name="a rule",
            verdict=verdict,
            tools=self.perhaps(self.some((*TOOLS, "mail.*", "*"), 3, 1), 0.4) or (),
            effects=self.some(list(Effect), 3) if self.random.random() < 0.4 else (),
            arguments=tuple(self.predicate() for _ in range(choose((0, 0, 1, 1, 2)))),
            accounts=self.perhaps(self.some(("", "w*", "home"), 2), 0.2) or (),
            agents=self.perhaps(self.some(("agt_1", "agt_2"), 1), 0.1) or (),
            workflows=self.perhaps(("wfl_1",), 0.1) or (),
            runs=self.perhaps(("r1",), 0.1) or (),
            triggers=self.perhaps(("webhook",), 0.1) or (),
            origin=origin,
            after_reading=self.perhaps(self.some(("mail*", "web*", "untrusted"), 2), 0.15) or (),
            hours=self.perhaps(choose(((480, 1080), (1320, 360))), 0.15),
            weekdays=self.perhaps(self.some(range(7), 5), 0.15) or (),
            starts_at=self.perhaps(BEGINNING + 2 * HALF_DAY, 0.1),
            ends_at=self.perhaps(BEGINNING + self.random.randint(4, 28) * HALF_DAY, 0.6),
            uses_left=self.perhaps(self.random.choice((0, 1, 3, 5, 7, 9)), 0.6),
        )

    def rules(self) -> tuple[Rule, ...]:
        return tuple(self.rule(number) for number in range(self.random.randint(0, 8)))
