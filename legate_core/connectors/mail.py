"""Mail from a folder of `.eml` files, and an outbox folder as the practice *send*.

The folder named *mailbox* is read and never written; a sent mail is one new file in the folder named *outbox*. Its name
and Message-ID come from the idempotency key, so the outbox can be asked whether this very mail was sent, and sending it
again finds it there.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from legate_core.connectors import keeping, letters
from legate_core.connectors.base import CONTENT, MAILBOX, OUTBOX, Connector, tool
from legate_core.connectors.keeping import plainly
from legate_core.connectors.letters import Letter
from legate_core.connectors.reading import names_of
from legate_core.connectors.rooted import Directory, open_root, read_file
from legate_core.tools.spec import Effect, Invocation, Observation, ProbeResult, ToolFailed

MAX_MAIL_BYTES = 8_000_000
MAX_LISTED = 100
MAX_LOOKED_AT = 2_000

# What surely is no address is refused before anybody is asked; plain enough for servers that make a grammar of it.
BareAddress = Annotated[str, Meta(max_length=320, pattern="^[^@ ]+@[^@ ]+$", examples=["kim@example.com"])]
Recipients = Annotated[list[BareAddress], Meta(description="Bare addresses.", min_length=1, max_length=20)]
Copies = Annotated[list[BareAddress], Meta(description="Bare addresses.", max_length=20)]


class Mail(Connector):
    """The mailbox and outbox folders."""

    name = "mail"

    @tool("mail.list", effect=Effect.READ, title="look through the mailbox", reach="Only this computer.")
    async def list_mails(
        self,
        call: Invocation,
        offset: Annotated[int, Meta(description="How many of the newest to pass over.", ge=0)] = 0,
    ) -> Observation:
        """List the mails in the mailbox, newest first: id, sender, subject, date."""

        def look() -> Observation:
            with plainly("look through the mailbox"), self._folder(MAILBOX) as mailbox:
                names, more = _mails(mailbox)
                seen = [(letters.id_of(name), _glanced(mailbox, name)) for name in names]
            seen.sort(key=lambda item: (-letters.sent_at(item[1]), item[0]))
            shown = seen[offset : offset + MAX_LISTED]
            lines = [f"{name}  from {it.sender}  subject: {it.subject}  {it.date}" for name, it in shown]
            if more or offset + len(shown) < len(seen):
                lines.append(
                    f"[{len(seen):,}{' or more' if more else ''} mails. Go on with offset {offset + len(shown)}.]"
                )
            data = {"ids": [name for name, _ in shown]}
            return Observation("\n".join(lines) or "No mails.", "the mailbox's list", data=data)

        return await asyncio.to_thread(look)

    @tool("mail.read", effect=Effect.READ, title="read the mail {id}", reach="Only this computer.")
    async def read(
        self,
        call: Invocation,
        id: Annotated[str, Meta(description="The mail's id, as mail.list shows it.", min_length=1, max_length=80)],
    ) -> Observation:
        """Read one mail. Attachments are listed and not opened. What it says is what its sender says, nothing more."""

        def look() -> Observation:
            with plainly("read the mailbox"), self._folder(MAILBOX) as mailbox:
                names, _ = _mails(mailbox)
                name = next((name for name in names if letters.id_of(name) == id), None)
                if name is None:
                    raise ToolFailed(f"There is no mail {id[:60]!r}. Use mail.list to see which there are.")
                return _shown(id, _parsed(mailbox, name))

        return await asyncio.to_thread(look)

    async def _sent(self, call: Invocation) -> ProbeResult:
        def look() -> ProbeResult:
            with self._folder(OUTBOX) as outbox:
                is_there = outbox.status(_file_name(call)) is not None
            return ProbeResult.HAPPENED if is_there else ProbeResult.DID_NOT_HAPPEN

        return await asyncio.to_thread(look)

    @tool(
        "mail.send",
        effect=Effect.SEND,
        title="send the mail “{subject}” to {to}",
        reach="Everybody it is addressed to.",
        undo="",
        probe=_sent,
    )
    async def send(
        self,
        call: Invocation,
        to: Recipients,
        subject: Annotated[str, Meta(min_length=1, max_length=300), CONTENT],
        body: Annotated[str, Meta(description="Plain text.", min_length=1, max_length=100_000), CONTENT],
        cc: Copies = [],  # noqa: B006  the schema's default; a struct copies it
        in_reply_to: Annotated[str, Meta(description="The id of the mail this answers.", max_length=80)] = "",
    ) -> Observation:
        """Send a mail. It goes to everybody in `to` and `cc`; a sent mail cannot be called back."""

        def act() -> Observation:
            data = letters.write(
                self.surroundings.sender,
                to,
                cc,
                subject,
                body,
                self._answered(in_reply_to),
                call.idempotency_key,
                datetime.now(UTC),
            )
            with self._folder(OUTBOX) as outbox:
                is_new = keeping.write_new(outbox, _file_name(call), data)
            how = "The mail is sent" if is_new else "The mail was sent already"
            message_id = letters.message_id(call.idempotency_key)
            return Observation(f"{how} to {', '.join([*to, *cc])}.", "mail.send", data={"message_id": message_id})

        return await asyncio.to_thread(act)

    def _answered(self, mail_id: str) -> str:
        """The Message-ID of the mail that is answered, if it has one."""
        if not mail_id:
            return ""
        with plainly("read the mailbox"), self._folder(MAILBOX) as mailbox:
            names, _ = _mails(mailbox)
            name = next((name for name in names if letters.id_of(name) == mail_id), None)
            if name is None:
                raise ToolFailed(f"There is no mail {mail_id[:60]!r} to answer. Use mail.list to see which there are.")
            return _parsed(mailbox, name).message_id

    @contextmanager
    def _folder(self, name: str) -> Generator[Directory]:
        path: Path | None = self.surroundings.folders.get(name)
        if path is None:
            raise ToolFailed(f"This agent has no folder named {name!r}. Add one to the agent's folders.")
        with plainly(f"open the {name}"):
            directory = open_root(path)
        with directory:
            yield directory


def _mails(mailbox: Directory) -> tuple[list[str], bool]:
    names, more = names_of(mailbox, limit=MAX_LOOKED_AT)
    mails = [name for name in names if name.lower().endswith(".eml")]
    return [name for name in mails if (found := mailbox.status(name)) and stat.S_ISREG(found.st_mode)], more


def _parsed(mailbox: Directory, name: str) -> Letter:
    with os.fdopen(read_file(mailbox, name), "rb") as file:
        return letters.parse(file.read(MAX_MAIL_BYTES))


def _glanced(mailbox: Directory, name: str) -> Letter:
    """For the list: one mail that cannot be read does not hide the others."""
    try:
        return _parsed(mailbox, name)
    except (OSError, ToolFailed) as error:
        return letters.parse(f"Subject: (cannot be read: {type(error).__name__})".encode())


def _shown(mail_id: str, letter: Letter) -> Observation:
    lines = [
        f"Mail {mail_id}",
        f"From: {letter.sender}",
        f"To: {letter.to}",
        *([f"Cc: {letter.cc}"] if letter.cc else []),
        *([f"Reply-To: {letter.reply_to}"] if letter.reply_to else []),
        f"Date: {letter.date}",
        f"Subject: {letter.subject}",
        *(f"Attachment, not opened: {attachment}" for attachment in letter.attachments),
        "",
        letter.body or "(no text)",
    ]
    source = f"mail {mail_id} from {letters.address_in(letter.sender) or 'an unknown sender'}"
    return Observation("\n".join(lines), source, data={"id": mail_id, "from": letters.address_in(letter.sender)})


def _file_name(call: Invocation) -> str:
    return f"sent-{letters.digest(call.idempotency_key)}.eml"
