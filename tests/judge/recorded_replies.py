"""Replies of the real services as others recorded them, before the providers: read as the makers' own clients read them?

    PEER_PYTHON tests/judge/official_reading.py REPOSITORY... > replies.jsonl
    python -m tests.judge.recorded_replies replies.jsonl

The first step wants an environment of its own, with the official clients; see there. What of it may be given on lies in
`tests/core/llm/recorded_replies` and is compared by the tests; this compares any number of any licence.
"""

from __future__ import annotations

import asyncio
import collections
import json
import sys
from pathlib import Path
from typing import Any

from legate_core.llm.base import ModelFailed, Reply
from tests.core.llm.test_recorded_replies import difference, read

SAME, BOTH_FAIL = "same", "both fail"


async def compared(entry: dict[str, Any]) -> str:
    """How our reading stands to the official client's."""
    reply = await read(entry)
    if "read" not in entry:
        failed = isinstance(reply, ModelFailed)
        return BOTH_FAIL if failed else f"the official client fails, and this one does not: {entry['error']}"
    if isinstance(reply, Reply):
        return difference(entry, reply) or SAME
    return f"the official client reads it, and this one fails: {reply.message}"


async def main(file: Path) -> int:
    outcomes: collections.Counter[tuple[str, str]] = collections.Counter()
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            outcome = await compared(entry)
            if outcome not in (SAME, BOTH_FAIL):
                print(f"{entry['where']}: {outcome}")
            outcomes[entry["kind"], outcome if outcome in (SAME, BOTH_FAIL) else "differs"] += 1
    for (kind, outcome), count in sorted(outcomes.items()):
        print(f"{kind:10} {outcome:10} {count:6,}")
    agreed = sum(count for (_, outcome), count in outcomes.items() if outcome != "differs")
    print(f"{agreed:,} of {outcomes.total():,}")
    return 0 if agreed == outcomes.total() else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
