"""The effect itself: the call is made, and what came of it is found out, also where it outlives its time."""

from __future__ import annotations

import asyncio
import logging

from legate_core.actions.model import ActionState, Dispatch, Result
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Effect, Invocation, Observation, ProbeResult, Tool, ToolFailed

log = logging.getLogger(__name__)

MAX_OBSERVATION = 200_000
"""Characters of one observation that are kept; a tool that returns more is cut, and says so."""

GRACE_SECONDS = 5.0
"""How long an effect is waited for once more when its time is up, though never longer than its time was."""

LATE_SECONDS = 3600.0
"""How long a call that outlived its time is listened to, so that it can still say what came of it."""

Call = asyncio.Task[Observation]


class UnderWay:
    """The calls of this process that outlived their time.

    A thread cannot be stopped, so such a call may happen at any moment: until it has ended, nobody may believe that it did
    not happen, and nobody may make it a second time.
    """

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}

    def __contains__(self, action_id: str) -> bool:
        return action_id in self._calls

    def add(self, action_id: str, call: Call) -> None:
        self._calls[action_id] = call

    async def end(self, tool: Tool, dispatch: Dispatch) -> Result | None:
        """Wait for the end of such a call: what it came to, or None where it says nothing even now."""
        call = self._calls[dispatch.action.id]
        try:
            await asyncio.wait({call}, timeout=LATE_SECONDS)
            if call.done():
                return await _ended(tool, dispatch, call)
        finally:
            call.cancel()
            del self._calls[dispatch.action.id]
        return None


async def perform(catalog: Catalog, dispatch: Dispatch, under_way: UnderWay) -> Result:
    """Make the call. Never raises: what a tool does wrong becomes a failure, or a doubt where it may have happened.

    An effect whose time is up is not cut off, for what runs in a thread would go on unseen: it is left in `under_way`,
    and is in doubt unless the other side says that it has happened already.
    """
    tool = catalog.get(dispatch.action.tool)
    seconds = tool.spec.timeout_seconds
    is_read = dispatch.action.effect is Effect.READ
    call: Call = asyncio.ensure_future(_invoke(tool, dispatch.invocation))
    try:
        await asyncio.wait({call}, timeout=seconds if is_read else seconds + min(GRACE_SECONDS, seconds))
    except asyncio.CancelledError:
        await _cut_off(call)
        raise
    if call.done():
        return await _ended(tool, dispatch, call)
    reason = f"{tool.spec.name} gave no answer within {seconds:g} seconds."
    if is_read:
        await _cut_off(call)
        return _failed(reason)
    under_way.add(dispatch.action.id, call)
    return await ask_the_other_side(tool, dispatch.invocation, reason, has_ended=False)


async def ask_the_other_side(tool: Tool, invocation: Invocation, reason: str, *, has_ended: bool) -> Result:
    """Settle a call whose outcome is not known: by the tool's probe where it has one, otherwise it is in doubt.

    That it did not happen is only believed of a call that `has_ended`: of one under way it is true until it is not.
    """
    answer = await _probe(tool, invocation) if tool.spec.can_probe else ProbeResult.UNKNOWN
    if answer is ProbeResult.HAPPENED:
        text = f"{reason} Asked again, the other side confirmed that it happened."
        return Result(ActionState.CONFIRMED, {"content": text, "source": tool.spec.name}, by="probe")
    if answer is ProbeResult.DID_NOT_HAPPEN and has_ended:
        return Result(ActionState.FAILED, {"content": f"{reason} It did not happen.", "is_error": True}, by="probe")
    may = "It may have happened." if has_ended else "It is still under way and may happen yet."
    return Result(ActionState.IN_DOUBT, {"content": f"{reason} {may}", "is_error": True})


async def _invoke(tool: Tool, invocation: Invocation) -> Observation:
    return await tool.invoke(invocation)


async def _probe(tool: Tool, invocation: Invocation) -> ProbeResult:
    try:
        async with asyncio.timeout(tool.spec.timeout_seconds):
            return await tool.probe(invocation)
    except Exception:
        log.exception("probe of %s failed", tool.spec.name)
        return ProbeResult.UNKNOWN


async def _cut_off(call: Call) -> None:
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)


async def _ended(tool: Tool, dispatch: Dispatch, call: Call) -> Result:
    """What a call came to that has ended by itself."""
    error = asyncio.CancelledError() if call.cancelled() else call.exception()
    if error is None:
        return _confirmed(call.result())
    if isinstance(error, ToolFailed):
        return _failed(str(error))
    if not isinstance(error, Exception | asyncio.CancelledError):
        raise error
    log.error("tool %s raised", tool.spec.name, exc_info=error)
    reason = f"{tool.spec.name} broke down: {type(error).__name__}."
    if dispatch.action.effect is Effect.READ:
        return _failed(reason)
    return await ask_the_other_side(tool, dispatch.invocation, reason, has_ended=True)


def _failed(reason: str) -> Result:
    return Result(ActionState.FAILED, {"content": reason, "is_error": True})


def _confirmed(observation: Observation) -> Result:
    content = observation.content
    if len(content) > MAX_OBSERVATION:
        content = content[:MAX_OBSERVATION] + f"\n[cut: {len(observation.content):,} characters in all]"
    outcome = {
        "content": content,
        "source": observation.source,
        "trusted": observation.trusted,
        "is_error": observation.is_error,
    }
    return Result(ActionState.CONFIRMED, outcome)
