"""The replies in the cassettes of git repositories, and what the official client of openai, anthropic or ollama makes of each.

    PEER_PYTHON tests/judge/official_reading.py REPOSITORY... > replies.jsonl

PEER_PYTHON is the interpreter of an environment outside this one, with openai, anthropic, ollama and PyYAML; this file
imports nothing of Legate. Cassettes are YAML files as VCR and its kin write them, also gzipped, with `cassette` in their
path; each reply is taken once. One line each: where it stood, its interface, status, type and bytes, and the reading, or
the error that the client raised.
"""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import httpx2
import ollama
import openai
import yaml

Entry = dict[str, Any]
ENDINGS = (".yaml", ".yml", ".yaml.gz", ".yml.gz")
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def cassettes(repository: Path) -> Iterator[tuple[str, Any]]:
    """Every cassette of the newest commit, by its path."""
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "HEAD"], cwd=repository, capture_output=True, text=True, check=True
    )
    for path in listed.stdout.splitlines():
        if "cassette" in path and path.endswith(ENDINGS):
            shown = subprocess.run(["git", "cat-file", "blob", f"HEAD:{path}"], cwd=repository, capture_output=True)
            data = gzip.decompress(shown.stdout) if path.endswith(".gz") else shown.stdout
            if any(word in data for word in (b"/chat/completions", b"/messages", b"/api/chat")):
                yield path, yaml.load(data, Loader)


def exchanges(cassette: Any) -> list[tuple[Any, Any]]:
    """The requests and replies of a cassette, in either of the two forms that there are."""
    if "interactions" in cassette:
        return [(each["request"], each["response"]) for each in cassette["interactions"] or []]
    return list(zip(cassette.get("requests", []), cassette.get("responses", []), strict=True))


def interface(uri: str, method: str) -> str:
    path = uri.partition("?")[0].rstrip("/")
    if method != "POST":
        return ""
    if path.endswith("/chat/completions"):
        return "chat"
    if path.endswith("/v1/messages"):
        return "anthropic"
    return "ollama" if path.endswith("/api/chat") else ""


def body_of(part: Any) -> bytes | None:
    """A body as it travelled, or as near to it as the cassette says."""
    if part.get("parsed_body") is not None:
        return json.dumps(part["parsed_body"]).encode()
    body = part.get("body")
    if isinstance(body, dict) and "base64_string" in body:
        body = base64.b64decode(body["base64_string"])
    elif isinstance(body, dict) and "string" in body:
        body = body["string"]
    elif isinstance(body, dict | list):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    return gzip.decompress(body) if body is not None and body[:2] == b"\x1f\x8b" else body


def entries(repository: Path) -> Iterator[Entry]:
    """The replies of the three interfaces, each once."""
    seen: set[tuple[str, int, bytes]] = set()
    for path, cassette in cassettes(repository):
        for number, (request, response) in enumerate(exchanges(cassette)):
            kind, body = interface(request["uri"], request["method"]), body_of(response)
            status = response.get("status", response.get("status_code", 200))
            status = status.get("code", 200) if isinstance(status, dict) else status
            if not kind or body is None or (kind, status, body) in seen:
                continue
            seen.add((kind, status, body))
            headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
            given = headers.get("content-type", "")
            yield {
                "where": f"{repository.name}:{path}#{number}",
                "kind": kind,
                "status": status,
                "type": given[0] if isinstance(given, list) else given,
                "body": base64.b64encode(body).decode(),
                "is_stream": is_stream(kind, body),
            }


def is_stream(kind: str, body: bytes) -> bool:
    begun = body.lstrip()
    return begun.startswith((b"data:", b"event:", b":")) or (kind == "ollama" and begun.count(b"\n") > 1)


def played(entry: Entry, library: Any) -> Any:
    """A transport of the client's own HTTP library that answers with the recorded bytes."""
    kind = entry["type"] or ("text/event-stream" if entry["is_stream"] else "application/json")
    body = base64.b64decode(entry["body"])
    return library.MockTransport(
        lambda _: library.Response(entry["status"], content=body, headers={"content-type": kind})
    )


def chat(entry: Entry) -> Entry:
    http = httpx.Client(transport=played(entry, httpx))
    client = openai.OpenAI(api_key="x", base_url="http://x/v1", http_client=http, max_retries=0)
    if entry["is_stream"]:
        return _chat_stream(client.chat.completions.create(model="m", messages=[], stream=True))
    whole = client.chat.completions.create(model="m", messages=[])
    choice, usage, calls = whole.choices[0], whole.usage, []
    message: Any = choice.message
    counted = [usage.prompt_tokens, usage.completion_tokens] if usage else None
    if message is None:
        return {"text": "", "calls": [], "stop": choice.finish_reason, "usage": counted, "model": whole.model}
    if message.function_call and message.function_call.name:
        calls.append(["", message.function_call.name, message.function_call.arguments])
    for call in message.tool_calls or []:
        own, made = getattr(call, "custom", None), getattr(call, "function", None)
        calls.append([call.id, made.name, made.arguments] if made else [call.id, own.name, own.input])
    text = message.content or ""
    if isinstance(text, list):
        text = "".join(part.get("text", "") for part in text)
    text += message.refusal or ""
    return {"text": text, "calls": calls, "stop": choice.finish_reason, "usage": counted, "model": whole.model}


def _chat_stream(stream: Any) -> Entry:
    read: Entry = {"text": "", "calls": [], "stop": None, "usage": None, "model": ""}
    calls: dict[Any, list[str]] = {}
    for chunk in stream:
        read["model"] = chunk.model or read["model"]
        if chunk.usage:
            read["usage"] = [chunk.usage.prompt_tokens, chunk.usage.completion_tokens]
        for choice in chunk.choices:
            if choice.index not in (0, None):
                continue
            read["stop"] = choice.finish_reason or read["stop"]
            if choice.delta is not None:
                read["text"] += (choice.delta.content or "") + (choice.delta.refusal or "")
                _add_calls(calls, choice.delta)
    read["calls"] = [calls[at] for at in sorted(calls, key=lambda at: (at is None, at))]
    return read


def _add_calls(calls: dict[Any, list[str]], delta: Any) -> None:
    if delta.function_call:
        call = calls.setdefault(-1, ["", "", ""])
        call[1] += delta.function_call.name or ""
        call[2] += delta.function_call.arguments or ""
    for piece in delta.tool_calls or []:
        call = calls.setdefault(piece.index, ["", "", ""])
        call[0] = piece.id or call[0]
        if piece.function:
            call[1] += piece.function.name or ""
            call[2] += piece.function.arguments or ""


def messages(entry: Entry) -> Entry:
    http = httpx2.Client(transport=played(entry, httpx2))
    client = anthropic.Anthropic(api_key="x", base_url="http://x", http_client=http, max_retries=0)
    if entry["is_stream"]:
        with client.messages.stream(model="m", messages=[], max_tokens=5) as stream:
            message = stream.get_final_message()
    else:
        message = client.messages.create(model="m", messages=[], max_tokens=5)
    used = message.usage
    sent = used.input_tokens + (used.cache_read_input_tokens or 0) + (used.cache_creation_input_tokens or 0)
    return {
        "text": "".join(block.text for block in message.content if block.type == "text"),
        "calls": [
            [block.id, block.name, json.dumps(block.input)] for block in message.content if block.type == "tool_use"
        ],
        "stop": message.stop_reason,
        "usage": [sent, used.output_tokens],
        "model": message.model,
    }


def lines(entry: Entry) -> Entry:
    client = ollama.Client(host="http://x", transport=played(entry, httpx))
    answer: Any = client.chat(model="m", messages=[], stream=entry["is_stream"])
    items = list(answer) if entry["is_stream"] else [answer]
    calls = [
        ["", call.function.name, json.dumps(dict(call.function.arguments))]
        for item in items
        for call in item.message.tool_calls or []
    ]
    return {
        "text": "".join(item.message.content or "" for item in items),
        "calls": calls,
        "stop": items[-1].done_reason,
        "usage": [items[-1].prompt_eval_count, items[-1].eval_count],
        "model": items[-1].model,
    }


READERS: dict[str, Callable[[Entry], Entry]] = {"chat": chat, "anthropic": messages, "ollama": lines}


def main(repositories: list[str]) -> None:
    for repository in repositories:
        for entry in entries(Path(repository)):
            try:
                entry["read"] = READERS[entry["kind"]](entry)
            except Exception as error:
                # Whatever the client raises is its reading: a reply that it does not take.
                entry["error"] = f"{type(error).__name__}: {str(error)[:150]}"
            print(json.dumps(entry))


if __name__ == "__main__":
    main(sys.argv[1:])
