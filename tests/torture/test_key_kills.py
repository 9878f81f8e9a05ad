"""A passphrase is changed, and Legate is killed, or its disk is full or fails, at any write of that.

After each the vault opens with exactly one of the two passphrases, and with everything in it.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from dataclasses import replace

import pytest

from legate_core.audit.queries import VerifyJournal
from legate_core.crypto.keys.passphrase import PassphraseKeys
from legate_core.crypto.secret import Secret
from legate_core.errors import Locked
from legate_core.vault.lend import lend
from tests.torture.blows import KILLED
from tests.torture.scene import HOST, NEW, OLD, REFUSED, VALUE, Acks, open_under
from tests.torture.stage import Life, Point, Stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(lives: Stage) -> Life:
    """What a workspace under a passphrase left when it was closed."""
    life = lives.live("-e", "trace=none", scene="keep")
    assert "kept" in Acks(life.folder).read()
    return life


@pytest.fixture(scope="module")
def key_points(lives: Stage, kept: Life, is_long: bool) -> list[Point]:
    """Every write of a change of passphrase; in CI those to the file of keys, and every tenth of the others."""
    found = lives.points(kept, "change_passphrase")
    decisive = [point for point in found if point.syscall in ("write", "rename")]
    assert {"write", "rename"} == {point.syscall for point in decisive}, "the tracer watches the wrong files"
    return found if is_long else decisive + [point for point in found[::10] if point not in decisive]


@pytest.mark.parametrize(
    ("blow", "stays"),
    [("signal=KILL", False), ("error=ENOSPC", True), ("error=EIO", False)],
    ids=["kill", "full", "io"],
)
def test_whatever_befalls_a_change_of_passphrase_exactly_one_opens_the_vault(
    lives: Stage, kept: Life, key_points: list[Point], blow: str, stays: bool
) -> None:
    found: Counter[str] = Counter()
    for point in key_points:
        struck = replace(point, blow=blow, stays=stays)
        life = lives.strike(struck, kept, "change_passphrase")
        try:
            found[_judged(life)] += 1
        except BaseException as error:
            error.add_note(f"after {struck.inject} {struck.path} in {life.folder}")
            raise
        shutil.rmtree(life.folder)
    print(f"\n{found.total()} times {blow}: {dict(found)}")
    assert found["the old one"] > 0
    # Where the disk is full, what was changed already is taken back.
    assert found["the new one"] > 0 or stays


def _judged(life: Life) -> str:
    """Which passphrase opens what a life left. What was acknowledged is so, and what was refused changed nothing."""
    acks = Acks(life.folder).read()
    opens = [passphrase for passphrase in (OLD, NEW) if _opens(life, passphrase)]
    assert len(opens) == 1, "both passphrases open the vault, or none does"
    if "changed" in acks:
        assert opens == [NEW]
    if life.exit_code not in (0, KILLED):
        assert life.exit_code == REFUSED
        assert acks["refused"].endswith("."), acks
        if "Nothing was changed" in acks["refused"] and "changed" not in acks:
            assert opens == [OLD], acks["refused"]
    asyncio.run(_everything_is_there(life, opens[0]))
    return "the old one" if opens == [OLD] else "the new one"


def _opens(life: Life, passphrase: str) -> bool:
    try:
        PassphraseKeys(life.folder / "home").unlock(Secret(passphrase))
    except Locked:
        return False
    return True


async def _everything_is_there(life: Life, passphrase: str) -> None:
    core = await open_under(life.folder, passphrase)
    try:
        secret_id = Acks(life.folder).read()["kept"]
        lent = await core.kernel.look(
            core.kernel.system(core.workspace_id), lambda ctx: lend(ctx, secret_id, HOST).reveal()
        )
        assert lent == VALUE
        report = await core.client.ask(VerifyJournal())
        assert report.is_sound, [finding.sentence for finding in report.findings]
    finally:
        await core.close()
