"""One byte changed on a copy: the verification of the copy names the entry, and the journal itself stays sound."""

from __future__ import annotations

import pytest

from legate_core.audit.changed_copy import VerifyChangedCopy
from legate_core.audit.queries import VerifyJournal
from legate_core.audit.report import State
from legate_core.errors import Invalid
from tests.flows.story import ASK_THEN_END, Story


async def test_one_changed_byte_is_found_and_named_and_only_on_the_copy(
    story: Story, request: pytest.FixtureRequest
) -> None:
    await story.run(*ASK_THEN_END)
    if not story.core.settings.url.startswith("sqlite"):
        with pytest.raises(Invalid, match="one file only"):
            await story.ask(VerifyChangedCopy())
        return
    found = await story.ask(VerifyChangedCopy())
    assert found.report.intact.state is State.BROKEN
    assert found.report.findings[0].seq == found.seq
    different = [(a, b) for a, b in zip(found.before, found.after, strict=True) if a != b]
    assert len(different) == 1
    report = await story.ask(VerifyJournal())
    assert report.intact.state is State.HOLDS
    assert (await story.ask(VerifyChangedCopy())).before == found.before
