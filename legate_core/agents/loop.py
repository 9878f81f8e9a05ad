"""The agent's loop as a pure function: what has happened so far in, the next move out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from legate_core.agents.model import AgentDefinition
from legate_core.llm.base import Message, Reply, ToolCall
from legate_core.llm.strict_json import shown


@dataclass(frozen=True, slots=True)
class CallModel:
    """Ask the model for the next turn."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class CallTools:
    """Put these calls before the gate."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True, slots=True)
class Await:
    """Some calls have no outcome yet; nothing to do until they have."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The work is done; this is the final answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Fail:
    """The work cannot go on; the reason is a sentence for a person."""

    reason: str
    ended_early: bool = False


Move = CallModel | CallTools | Await | Finish | Fail


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one call, as the model is told it. `text` is None while it is open."""

    call_id: str
    text: str | None
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply of the model and what became of its calls; `proposed` once they were put before the gate."""

    reply: Reply
    outcomes: tuple[Outcome, ...] = ()

    @property
    def proposed(self) -> bool:
        return len(self.outcomes) == len(self.reply.tool_calls)

    @property
    def open_calls(self) -> tuple[str, ...]:
        return tuple(outcome.call_id for outcome in self.outcomes if outcome.text is None)


@dataclass(frozen=True, slots=True)
class Said:
    """What a person said to a run after it had begun; `after` is how many turns there had been."""

    text: str
    after: int


@dataclass(frozen=True, slots=True)
class Used:
    """What the run has used so far."""

    steps: int = 0
    tokens: int = 0
    cost_micros: int = 0


@dataclass(frozen=True)
class AgentState:
    """The fold of a run's steps: everything the next move depends on, and nothing else.

    `started_at` is when the work would have begun had it never paused; the time limit counts from there.
    """

    definition: AgentDefinition
    task: str
    started_at: int
    turns: tuple[Turn, ...] = ()
    used: Used = field(default_factory=Used)
    model_failures: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()

    @property
    def is_spoken_to(self) -> bool:
        """Whether a person said something that no turn has answered yet."""
        return bool(self.said) and self.said[-1].after == len(self.turns)

    def with_words(self, text: str) -> AgentState:
        """A person went on talking. What failed before it counts no longer."""
        return replace(self, said=(*self.said, Said(text, len(self.turns))), model_failures=())

    def with_reply(self, reply: Reply, tokens: int, cost_micros: int) -> AgentState:
        """The model answered."""
        used = Used(self.used.steps + 1, self.used.tokens + tokens, self.used.cost_micros + cost_micros)
        return replace(self, turns=(*self.turns, Turn(reply)), used=used, model_failures=())

    def with_model_failure(self, reason: str, tokens: int, cost_micros: int) -> AgentState:
        """The model could not be asked, broke off or answered nonsense. What came of it was used all the same."""
        used = Used(self.used.steps + 1, self.used.tokens + tokens, self.used.cost_micros + cost_micros)
        return replace(self, used=used, model_failures=(*self.model_failures, reason))

    def with_cut_off(self, tokens: int, cost_micros: int) -> AgentState:
        """A question was cut off from outside. That is no failure of the model, but what came of it was used."""
        used = Used(self.used.steps + 1, self.used.tokens + tokens, self.used.cost_micros + cost_micros)
        return replace(self, used=used)

    def with_outcome(self, outcome: Outcome) -> AgentState:
        """A call was proposed (open outcome) or came to its end."""
        last = self.turns[-1]
        known = {item.call_id for item in last.outcomes}
        if outcome.call_id in known:
            outcomes = tuple(outcome if item.call_id == outcome.call_id else item for item in last.outcomes)
            used = self.used
        else:
            outcomes = (*last.outcomes, outcome)
            used = replace(self.used, steps=self.used.steps + 1)
        return replace(self, turns=(*self.turns[:-1], replace(last, outcomes=outcomes)), used=used)


def next_move(state: AgentState, now: int) -> Move:
    """What to do next. Limits are judged before anything new begins; what has begun is seen through."""
    last = state.turns[-1] if state.turns else None
    if last is not None and last.reply.tool_calls:
        if not last.proposed:
            return CallTools(last.reply.tool_calls[len(last.outcomes) :])
        if last.open_calls:
            return Await()
    elif last is not None and not state.model_failures and not state.is_spoken_to:
        if last.reply.stop_reason == "refusal":
            return Fail(f"The model refused: {last.reply.text.strip() or 'it gave no reason'}.")
        if last.reply.text.strip():
            return Finish(last.reply.text.strip())
    if (reason := limit_reached(state, now)) is not None:
        return Fail(reason, ended_early=True)
    if (reason := hopeless(state)) is not None:
        return Fail(reason)
    return CallModel(transcript(state))


def limit_reached(state: AgentState, now: int) -> str | None:
    """The sentence that says which limit is used up, or None. Money is not among them: it is looked at before each call,
    together with what others have set aside, and a run that meets a limit of it waits."""
    limits, used = state.definition.limits, state.used
    if used.steps >= limits.steps:
        return f"The limit of {limits.steps} steps is used up."
    if used.tokens >= limits.tokens:
        return f"The limit of {limits.tokens:,} tokens is used up."
    if now - state.started_at >= limits.wall_clock_seconds * 1000:
        return f"The time limit of {limits.wall_clock_seconds} seconds is used up."
    return None


def hopeless(state: AgentState) -> str | None:
    """The sentence that says why asking the model again makes no sense, or None."""
    bound = state.definition.limits.malformed_replies
    if len(state.model_failures) >= bound:
        return f"The model failed {bound} times in a row: {state.model_failures[-1]}"
    malformed = 0
    spoken = state.said[-1].after if state.said else 0
    for turn in reversed(state.turns[spoken:]):
        broken = not turn.reply.tool_calls or any(call.arguments is None for call in turn.reply.tool_calls)
        if not broken:
            break
        malformed += 1
    if malformed >= bound:
        return f"The model gave {bound} malformed replies in a row, so nothing of them was used."
    return None


def transcript(state: AgentState) -> tuple[Message, ...]:
    """The conversation as the model gets it, trimmed to the budget."""
    head = (
        Message("system", state.definition.instructions),
        Message("user", state.task),
        *_words_after(state, 0),
    )
    turns: list[tuple[Message, ...]] = []
    for number, turn in enumerate(state.turns, start=1):
        said = Message("assistant", turn.reply.text, tool_calls=turn.reply.tool_calls, thoughts=turn.reply.thoughts)
        names = {call.id: call.name for call in turn.reply.tool_calls}
        heard = tuple(
            Message("tool", item.text or "", tool_call_id=item.call_id, name=names.get(item.call_id, ""))
            for item in turn.outcomes
        )
        turns.append((said, *heard, *_words_after(state, number)))
    return (*head, *trim(turns, head, state.definition.limits.transcript_tokens), *_nudges(state))


def _words_after(state: AgentState, turns: int) -> tuple[Message, ...]:
    return tuple(Message("user", words.text) for words in state.said if words.after == turns)


TRIMMED = "[Earlier steps were left out to fit the model's budget.]"

MESSAGE_TOKENS, BYTES_PER_TOKEN = 8, 3
"""How `size` counts: so much for each message, and a token for so many bytes of its text."""

LEAST_TOKENS = 200
"""What of an observation is kept however small the budget is: enough to see what it is and to ask for the rest."""


def trim(turns: Sequence[tuple[Message, ...]], head: Sequence[Message], budget_tokens: int) -> tuple[Message, ...]:
    """The newest whole turns that fit; a call is never parted from its results, system and task always stay. What the
    newest turn observed is shortened, the longest first, where it alone does not fit."""
    left = budget_tokens - sum(size(message) for message in head)
    kept: list[tuple[Message, ...]] = []
    for turn in reversed(turns):
        if not kept:
            turn = shorten(turn, left)
        need = sum(size(message) for message in turn)
        if kept and need > left:
            break
        kept.append(turn)
        left -= need
    messages = tuple(message for turn in reversed(kept) for message in turn)
    return messages if len(kept) == len(turns) else (Message("user", TRIMMED), *messages)


def shorten(turn: tuple[Message, ...], budget_tokens: int) -> tuple[Message, ...]:
    """A turn whose observations were cut until it fits: all to one length, so that short ones stay whole."""
    seen = sorted(size(message) for message in turn if message.role == "tool")
    left = budget_tokens - sum(size(message) for message in turn if message.role != "tool")
    if sum(seen) <= left or not seen:
        return turn
    most = left
    for shorter, tokens in enumerate(seen):
        # What the shorter ones leave is shared by all others.
        most = left // (len(seen) - shorter)
        if tokens > most:
            break
        left -= tokens
    return tuple(_cut(message, max(most, LEAST_TOKENS)) if message.role == "tool" else message for message in turn)


def _cut(message: Message, tokens: int) -> Message:
    """An observation in so many tokens, with a mark that says how much of it is shown and how to see the rest."""
    if size(message) <= tokens:
        return message
    text = message.text
    whole = text.encode("utf-8", "replace")
    longest_mark = _mark(0, len(whole), len(text)).encode()
    room = (tokens - MESSAGE_TOKENS) * BYTES_PER_TOKEN - 1 - len(longest_mark) - len(f"{len(text):,}")
    shown = whole[: max(0, room)].decode("utf-8", "ignore")
    return replace(message, text=shown + _mark(len(shown), len(shown.encode("utf-8")), len(text)))


def _mark(characters: int, length: int, whole: int) -> str:
    return (
        f"\n[… {whole - characters:,} characters left out to fit the model's budget: these are the first {characters:,} "
        f"({length:,} bytes) of {whole:,}. Read on with an offset where the tool takes one, or ask for less at once.]"
    )


def size(message: Message) -> int:
    """A conservative token count: four bytes of UTF-8 are at least one token in every common tokenizer's worst case
    for Latin text; what models charge exactly is known only afterwards."""
    text = message.text + "".join(call.name + call.raw for call in message.tool_calls)
    text += "".join(shown(dict(thought)) for thought in message.thoughts)
    return MESSAGE_TOKENS + (len(text.encode("utf-8", "replace")) + BYTES_PER_TOKEN) // BYTES_PER_TOKEN


def _nudges(state: AgentState) -> tuple[Message, ...]:
    """Tell the model that its last reply held nothing. Broken arguments are told as the result of their call, and that a
    model could not be reached is no fault of what it was told."""
    if state.model_failures or state.is_spoken_to or not state.turns or state.turns[-1].reply.tool_calls:
        return ()
    return (Message("user", "Your last reply was empty. Call a tool, or say your final answer."),)
