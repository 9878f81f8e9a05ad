"""A model of one's own in a worker: real calls from a real small model, loaded with progress, gone when idle, dead with us."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from legate_core.errors import Invalid, Unavailable
from legate_core.llm.base import Image, Message, ModelFailed, ModelRequest, Reply, TextDelta, ToolOffer
from legate_core.llm.local_pool import LocalModels, Placed
from legate_core.llm.registry import open_model, price_of
from legate_core.llm.server_errors import Trouble
from legate_core.llm.surroundings import Surroundings
from tests.fakes.llama_server import model_file
from tests.fakes.promises import promise

slow = pytest.mark.slow

MAIL = ToolOffer(
    "mail.send",
    "Send a mail.",
    {
        "type": "object",
        "properties": {
            "to": {"type": "string", "maxLength": 24},
            "copies": {"type": "integer", "minimum": 1, "maximum": 3},
        },
        "required": ["to", "copies"],
        "additionalProperties": False,
    },
)
FILES = ToolOffer(
    "files.read",
    "Read a file.",
    {
        "type": "object",
        "properties": {"path": {"enum": ["a.txt", "b.txt"]}},
        "required": ["path"],
        "additionalProperties": False,
    },
)
TOOLS = {tool.name: tool for tool in (MAIL, FILES)}
ASK = ModelRequest("m", (Message("user", "Say hello."),), max_tokens=12)
SETTINGS: dict[str, Any] = {"provider": "local", "file": str(model_file()), "context_tokens": 1024, "threads": 1}


@pytest.fixture
async def pool() -> AsyncIterator[LocalModels]:
    found = LocalModels()
    yield found
    await found.close()


async def ask(pool: LocalModels, request: ModelRequest = ASK, progress: Any = None, **settings: Any) -> Reply:
    world = Surroundings(local=pool) if progress is None else Surroundings(local=pool, progress=progress)
    async for item in open_model({**SETTINGS, **settings}, world).stream(request):
        if isinstance(item, Reply):
            return item
    raise AssertionError("no reply came")


@promise("Calls come whole, also several at once", "Tokens are counted")
@slow
async def test_every_call_of_a_small_model_is_a_call(pool: LocalModels) -> None:
    """The same model without the grammar gives none that can be used."""
    wishes = [
        "Send one mail to kim@example.com.",
        "Read the file a.txt.",
        "Mail Bo twice, then read b.txt.",
        "Help me.",
    ]
    replies = [
        await ask(
            pool, ModelRequest("m", (Message("user", wish),), tuple(TOOLS.values()), max_tokens=160, temperature=0.0)
        )
        for wish in wishes
    ]
    calls = [call for reply in replies for call in reply.tool_calls]
    assert calls
    for call in calls:
        assert call.arguments is not None
        Draft202012Validator(dict(TOOLS[call.name].parameters)).validate(call.arguments)
    assert all(reply.usage.output_tokens > 0 and not reply.usage.is_estimated for reply in replies)


@slow
async def test_it_is_loaded_once_with_progress_and_unloaded_when_idle(pool: LocalModels) -> None:
    heard: list[tuple[str, int, int]] = []
    await ask(pool, progress=lambda *told: heard.append(told))
    size = model_file().stat().st_size
    assert heard[-1] == (model_file().name, size, size)
    assert [done for _, done, _ in heard] == sorted(done for _, done, _ in heard)
    count = len(heard)
    await ask(pool, progress=lambda *told: heard.append(told))
    assert len(heard) == count, "it was loaded already"
    assert pool.loaded == [model_file()]
    await ask(pool, idle_seconds=1)
    (pid,) = pool.process_ids
    while pool.loaded or is_alive(pid):
        await asyncio.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@slow
async def test_only_one_model_is_in_memory(pool: LocalModels) -> None:
    await ask(pool)
    (first,) = pool.process_ids
    await ask(pool, context_tokens=512)
    assert len(pool.process_ids) == 1
    assert not is_alive(first)


@slow
async def test_a_worker_that_dies_is_said_to_have_and_the_next_question_starts_another(pool: LocalModels) -> None:
    model = open_model(SETTINGS, Surroundings(local=pool))
    story = ModelRequest("m", (Message("user", "Tell a long story."),), max_tokens=900)

    async def listen() -> None:
        async for item in model.stream(story):
            assert isinstance(item, TextDelta)
            for pid in pool.process_ids:
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(ModelFailed) as caught:
        await listen()
    assert caught.value.kind == "unavailable"
    assert caught.value.usage is not None
    assert (await ask(pool)).usage.output_tokens > 0


ODD_WORKER = """
import os, sys, time
print('{"ready": true}', flush=True)
for line in sys.stdin:
    if '"stop"' in line:
        continue
    if not os.path.exists(sys.argv[1] + ".answered"):
        open(sys.argv[1] + ".answered", "w").close()
        LAST_WORDS
        time.sleep(600)
    print('{"id": 1, "chunk": "answered"}\\n{"id": 1, "end": true}', flush=True)
"""


@slow
@pytest.mark.parametrize(
    "last_words",
    [
        "os.close(1)",  # As a killed process is for a moment: heard to end, not yet known to have ended.
        "print('{half a li', flush=True); os.close(1)",
        "print('nonsense', flush=True)",
        "print('x' * 9_000_000, flush=True)",
    ],
)
async def test_a_worker_that_can_be_heard_no_more_is_asked_no_more(tmp_path: Path, last_words: str) -> None:
    pool = LocalModels((sys.executable, "-c", ODD_WORKER.replace("LAST_WORDS", last_words)))
    placed = Placed(tmp_path / "m.gguf", 512, 1, 60)

    async def listen() -> list[Any]:
        return [chunk async for chunk in pool.ask(placed, {}, lambda *_: None)]

    both = await asyncio.gather(listen(), listen(), return_exceptions=True)
    assert [type(end) for end in both] == [Trouble, Trouble], "both who waited are told"
    assert await listen() == ["answered"]
    await pool.close()


@promise("Time-outs")
@slow
@pytest.mark.parametrize("words", ["", "print('{\"ready\": true}', flush=True); "], ids=["loading", "answering"])
async def test_a_worker_that_says_nothing_is_ended(tmp_path: Path, words: str) -> None:
    pool = LocalModels((sys.executable, "-c", f"import time; {words}time.sleep(600)"), silence_seconds=0.2)
    with pytest.raises(Trouble) as caught:
        await anext(pool.ask(Placed(tmp_path / "m.gguf", 512, 1, 60), {}, lambda *_: None))
    assert caught.value.failure.kind == "timeout"
    assert pool.loaded == []
    await pool.close()


QUEUE_WORKER = """
import sys
print('{"ready": true}', flush=True)
for line in sys.stdin:
    if '"stop"' not in line:
        print('{"id": 1, "chunk": "begun"}', flush=True)
    else:
        print('{"id": 1, "end": true}', flush=True)
"""


@slow
async def test_another_model_is_loaded_only_when_the_answer_of_the_first_is_whole(tmp_path: Path) -> None:
    pool = LocalModels((sys.executable, "-c", QUEUE_WORKER))
    one, two = (Placed(tmp_path / name, 512, 1, 60) for name in ("one.gguf", "two.gguf"))
    first, second = (pool.ask(placed, {}, lambda *_: None) for placed in (one, two))
    assert await anext(first) == "begun"
    waiting = asyncio.ensure_future(anext(second))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert pool.loaded == [one.file]
    await first.aclose()
    assert await waiting == "begun"
    assert pool.loaded == [two.file]
    await second.aclose()
    await pool.close()


@slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_worker_dies_with_its_parent_however_that_comes_about(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from legate_core.llm.local_pool import LocalModels, Placed\n"
        "from pathlib import Path\n"
        "async def main():\n"
        "    pool = LocalModels()\n"
        f"    placed = Placed(Path({str(model_file())!r}), 512, 1, 60)\n"
        "    body = {'messages': [{'role': 'user', 'content': 'x'}], 'max_tokens': 1, 'stream': True}\n"
        "    async for _ in pool.ask(placed, body, lambda *_: None): pass\n"
        "    print(pool.process_ids[0], flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
        parent.wait()
        while is_alive(pid):
            pass


@slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_the_port_that_the_library_opens_is_of_no_use_to_anybody(pool: LocalModels) -> None:
    await ask(pool)
    async with httpx.AsyncClient(trust_env=False) as client:
        for port in ports_of(pool.process_ids[0]):
            body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 1}
            answer = await client.post(f"http://127.0.0.1:{port}/v1/chat/completions", json=body)
            assert answer.status_code == 401
            assert (await client.get(f"http://127.0.0.1:{port}/slots")).status_code in (401, 403, 404, 501)


def ports_of(pid: int) -> list[int]:
    """The ports that a process listens on."""
    sockets = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found: list[int] = []
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
            found.append(int(fields[1].split(":")[1], 16))
    return found


@slow
async def test_a_file_that_only_begins_like_a_model_is_told(pool: LocalModels, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\x00" * 4_000)
    with pytest.raises(ModelFailed, match="cannot be loaded") as caught:
        await ask(pool, file=str(broken))
    assert caught.value.kind == "unavailable"
    assert pool.loaded == []


@promise("Pictures are shown, or refused")
async def test_pictures_are_refused_before_anything_is_loaded(pool: LocalModels) -> None:
    request = ModelRequest("m", (Message("user", "See.", images=(Image.of(b"\xff\xd8\xff0"),)),))
    with pytest.raises(ModelFailed, match="cannot see") as caught:
        await ask(pool, request)
    assert caught.value.kind == "refused"
    assert pool.process_ids == []


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"file": "relative.gguf"}, "full path"),
        ({"file": "/nowhere/at/all.gguf"}, "cannot be read"),
        ({"file": __file__}, "no GGUF"),
        ({"context_tokens": 0}, "context_tokens"),
        ({"threads": "two"}, "threads"),
        ({"idle_seconds": True}, "idle_seconds"),
        ({"file": 3}, "must be text"),
        ({"wheels": 4}, "wheels"),
    ],
)
def test_settings_that_make_no_sense_are_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        open_model({**SETTINGS, **settings}, Surroundings())


def test_without_the_extra_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Unavailable, match="legate\\[local\\]"):
        open_model(SETTINGS, Surroundings())


def test_it_costs_nothing() -> None:
    price = price_of(SETTINGS)
    assert price is not None
    assert price.is_free
