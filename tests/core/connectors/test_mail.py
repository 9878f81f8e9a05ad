"""Mail: read as a stranger's words, sent once, and the outbox knows."""

import email
import email.policy
import os
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legate_core.connectors import letters
from legate_core.connectors.base import Surroundings
from legate_core.connectors.mail import Mail
from legate_core.tools.catalog import Catalog
from legate_core.tools.spec import Invocation, Observation, ProbeResult, ToolFailed


class Post:
    """A mailbox, an outbox, and the mail tools on them."""

    def __init__(self, base: Path) -> None:
        self.mailbox, self.outbox = base / "mailbox", base / "outbox"
        self.mailbox.mkdir()
        self.outbox.mkdir()
        self.catalog = Catalog(Mail(Surroundings({"mailbox": self.mailbox, "outbox": self.outbox})).tools())

    def deliver(self, name: str = "M-1.eml", **headers: str) -> EmailMessage:
        message = EmailMessage(policy=email.policy.SMTP)
        given = {"From": "Kim Ito <kim@example.com>", "To": "shop@example.org", "Subject": "Lamp", **headers}
        body = given.pop("body", "Where is my lamp?")
        for key, value in given.items():
            message[key.replace("_", "-")] = value
        message.set_content(body)
        (self.mailbox / name).write_bytes(message.as_bytes())
        return message

    def call(self, key: str = "r1:1", **arguments: Any) -> Invocation:
        return Invocation("a1", "r1", arguments, key)

    async def do(self, tool: str, key: str = "r1:1", **arguments: Any) -> Observation:
        return await self.catalog.get(tool).invoke(self.call(key, **arguments))

    def sent(self) -> list[EmailMessage]:
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.outbox.iterdir())
        ]


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path)


LETTER = {"to": ["kim@example.com"], "subject": "Your lamp", "body": "It is on its way.\nGreetings"}


async def test_the_list_is_newest_first(post: Post):
    post.deliver("M-1.eml", Date="Mon, 02 Nov 2026 10:00:00 +0000", Subject="older")
    post.deliver("M-2.eml", Date="Tue, 03 Nov 2026 10:00:00 +0000", Subject="newer")
    post.deliver("M-3.eml", Date="nonsense", Subject="undated")
    listed = await post.do("mail.list")
    assert listed.data == {"ids": ["M-2", "M-1", "M-3"]}
    assert "M-2  from Kim Ito <kim@example.com>  subject: newer" in listed.content


async def test_reading_names_the_source(post: Post):
    post.deliver(Reply_To="other@example.net")
    seen = await post.do("mail.read", id="M-1")
    assert seen.source == "mail M-1 from kim@example.com"
    assert not seen.trusted
    assert "Reply-To: other@example.net" in seen.content
    assert seen.content.endswith("Where is my lamp?")


async def test_html_is_shown_as_text_and_attachments_only_by_name(post: Post):
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "kim@example.com"
    message.set_content("<p>Hello<script>x</script> <a href='https://evil.example'>here</a></p>", subtype="html")
    message.add_attachment(b"\0" * 1_234, maintype="application", subtype="pdf", filename="bill\u202e.pdf")
    (post.mailbox / "M-1.eml").write_bytes(message.as_bytes())
    seen = await post.do("mail.read", id="M-1")
    assert "Hello here (https://evil.example)" in seen.content
    assert "Attachment, not opened: bill.pdf (application/pdf, 1,234 bytes)" in seen.content


async def test_odd_file_names_get_a_steady_id(post: Post):
    post.deliver("Re: Ünïcode 1.eml")
    (identifier,) = (await post.do("mail.list")).data["ids"]
    assert identifier.startswith("m-")
    post.deliver("a.eml")
    assert (await post.do("mail.read", id=identifier)).source.startswith(f"mail {identifier} from")


async def test_links_folders_and_other_files_are_no_mails(post: Post):
    (post.mailbox / "link.eml").symlink_to("/etc/passwd")
    (post.mailbox / "folder.eml").mkdir()
    (post.mailbox / "note.txt").write_text("x")
    assert (await post.do("mail.list")).content == "No mails."
    with pytest.raises(ToolFailed, match=r"Use mail\.list"):
        await post.do("mail.read", id="link")


async def test_sending_writes_one_mail(post: Post):
    answered = post.deliver(Message_ID="<lamp-1@example.com>")
    await post.do("mail.send", **LETTER, cc=["lee@example.com"], in_reply_to="M-1")
    (sent,) = post.sent()
    assert sent["To"] == "kim@example.com"
    assert sent["Cc"] == "lee@example.com"
    assert sent["Subject"] == "Your lamp"
    assert sent["Message-ID"] == letters.message_id("r1:1")
    assert sent["In-Reply-To"] == answered["Message-ID"]
    assert sent.get_content().splitlines() == ["It is on its way.", "Greetings"]


async def test_sending_again_with_the_same_key_sends_nothing(post: Post):
    probe = post.catalog.get("mail.send").probe
    assert await probe(post.call(**LETTER)) is ProbeResult.DID_NOT_HAPPEN
    first = await post.do("mail.send", **LETTER)
    assert await probe(post.call(**LETTER)) is ProbeResult.HAPPENED
    assert await probe(post.call("r1:2", **LETTER)) is ProbeResult.DID_NOT_HAPPEN
    again = await post.do("mail.send", **LETTER)
    assert first.content == "The mail is sent to kim@example.com."
    assert again.content == "The mail was sent already to kim@example.com."
    assert len(post.sent()) == 1
    await post.do("mail.send", "r1:2", **LETTER)
    assert len(post.sent()) == 2


BAD_ADDRESSES = [
    "Kim <kim@example.com>",
    "kim@example.com, lee@example.com",
    "kim@example.com\r\nBcc: lee@example.com",
    "kim",
    "@example.com",
    "kim@",
    "kim@a..b",
    "ki..m@example.com",
    ".kim@example.com",
    "k\u0456m@example.com",
    "",
]


@pytest.mark.parametrize("address", BAD_ADDRESSES)
@pytest.mark.parametrize("field", ["to", "cc"])
async def test_only_bare_addresses_are_taken(post: Post, field: str, address: str):
    with pytest.raises(ToolFailed):
        await post.do("mail.send", **{**LETTER, field: [address]})
    assert post.sent() == []


@pytest.mark.parametrize("field", ["to", "cc"])
def test_what_surely_is_no_address_is_refused_before_anybody_is_asked(field: str):
    catalog = Catalog(Mail(Surroundings()).tools())
    (problem,) = catalog.problems("mail.send", {**LETTER, field: ["not an address"]})
    assert problem.endswith('must look like "kim@example.com", not "not an address".')


async def test_no_header_comes_in_by_the_subject_or_the_answered_mail(post: Post):
    (post.mailbox / "M-1.eml").write_bytes(b"From: a@b.c\r\nMessage-ID: <a b>,\r\n <x@y>\r\n\r\nhi")
    await post.do("mail.send", **{**LETTER, "subject": "Hi\r\nBcc: lee@example.com"}, in_reply_to="M-1")
    (sent,) = post.sent()
    assert sent["Bcc"] is None
    assert sent["In-Reply-To"] is None
    assert sent["Subject"] == "Hi Bcc: lee@example.com"


async def test_missing_folders_and_mails_are_said_in_words(tmp_path: Path, post: Post):
    bare = Catalog(Mail(Surroundings()).tools())
    with pytest.raises(ToolFailed, match="no folder named 'mailbox'"):
        await bare.get("mail.list").invoke(post.call())
    with pytest.raises(ToolFailed, match="no folder named 'outbox'"):
        await bare.get("mail.send").invoke(post.call(**LETTER))
    with pytest.raises(ToolFailed, match="no mail 'M-9' to answer"):
        await post.do("mail.send", **LETTER, in_reply_to="M-9")
    post.outbox.rmdir()
    with pytest.raises(ToolFailed, match="open the outbox"):
        await post.do("mail.send", **LETTER)


BROKEN = [
    b"",
    b"\xff\xfe\0\0",
    b"From: =?utf-8?b?////?= <\r\n\r\nx",
    b"From: [\r\nTo: ;;;:,,<>\r\nDate: 99\r\nMessage-ID: [\r\n\r\nx",
    b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a--",
    b"Content-Type: text/plain; charset=no-such\r\n\r\n\xe4",
    b"Content-Transfer-Encoding: base64\r\n\r\n$$$",
    b"Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nside",
    b"Subject: " + b"x" * 100_000 + b"\r\n\r\ny",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 3_000,
]


@pytest.mark.parametrize("data", BROKEN)
def test_broken_mails_are_read_as_far_as_they_go(data: bytes):
    letter = letters.parse(data)
    assert all(len(line) <= letters.MAX_HEADER_CHARS for line in (letter.sender, letter.subject, letter.date))
    assert letters.sent_at(letter) >= 0
    assert len(letter.attachments) <= 51


PIECES = (
    *(
        b"From:",
        b"Content-Type: ",
        b"multipart/mixed;",
        b"boundary=a",
        b"\r\n",
        b"--a",
        b"=?",
        b"utf-8?q?",
        b"?=",
        b"<",
    ),
    *(b"a@b", b";", b'"', b"(", b"[", b"\xff", b" ", b"Date: 1 Jan", b"Message-ID:", b"charset=", b"Subject:"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_bytes_are_a_letter(pieces: list[bytes]):
    letter = letters.parse(b"".join(pieces))
    assert letters.sent_at(letter) >= 0 or letter.date


async def test_a_mail_that_cannot_be_read_does_not_hide_the_others(post: Post, monkeypatch: pytest.MonkeyPatch):
    post.deliver("M-1.eml")
    post.deliver("M-2.eml")
    real = letters.parse

    def parse(data: bytes) -> letters.Letter:
        if parse.first:
            parse.first = False
            raise OSError(5, "Input/output error")
        return real(data)

    parse.first = True
    monkeypatch.setattr(letters, "parse", parse)
    listed = await post.do("mail.list")
    assert "(cannot be read: OSError)" in listed.content
    assert "subject: Lamp" in listed.content


def test_addresses_are_found_in_header_lines():
    assert letters.address_in('"a@b.example" <kim@example.com>') == "kim@example.com"
    assert letters.address_in("nobody") == "nobody"


def test_the_mailbox_is_never_written(post: Post):
    assert os.listdir(post.mailbox) == []
