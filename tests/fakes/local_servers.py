"""Ollama, LM Studio and llama.cpp as they answer who asks what they have, for `ModelServer` to play."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.fakes.model_server import Answer, Asked

Play = Callable[[Asked], Answer]


def answers(table: Mapping[str, Any]) -> Play:
    """A server that answers by path with JSON, and with 404 what it does not know."""

    def play(asked: Asked) -> Answer:
        path = asked.path.partition("?")[0]
        found = table.get(path)
        data = found(asked) if callable(found) else found
        if isinstance(data, Answer):
            return data
        status = 404 if data is None else 200
        body = json.dumps({"error": "no such place"} if data is None else data).encode()
        return Answer([body], status, "application/json", {"connection": "close"})

    return play


def _shown(asked: Asked) -> Any:
    return {
        "qwen3:4b": {
            "model_info": {"qwen3.context_length": 40960},
            "capabilities": ["completion", "tools", "thinking"],
        },
        "llava:7b": {"model_info": {"llama.context_length": 4096}, "capabilities": ["completion", "vision"]},
        "nomic-embed-text": {"model_info": {"bert.context_length": 2048}, "capabilities": ["embedding"]},
    }[asked.body["model"]]


OLLAMA = answers(
    {
        "/api/version": {"version": "0.12.6"},
        "/api/tags": {
            "models": [
                {"name": "qwen3:4b", "size": 2_600_000_000},
                {"name": "llava:7b", "size": 4_700_000_000},
                {"name": "nomic-embed-text", "size": 270_000_000},
            ]
        },
        "/api/show": _shown,
        "/v1/models": {"data": [{"id": "qwen3:4b", "owned_by": "library"}]},
    }
)
LM_STUDIO = answers(
    {
        "/api/v0/models": {
            "data": [
                {
                    "id": "qwen2.5-7b",
                    "type": "llm",
                    "max_context_length": 32768,
                    "loaded_context_length": 8192,
                    "capabilities": ["tool_use"],
                },
                {"id": "pixtral-12b", "type": "vlm", "max_context_length": 131072},
                {"id": "nomic-embed", "type": "embeddings", "max_context_length": 2048},
            ]
        },
    }
)
LLAMA_CPP = answers(
    {
        "/v1/models": {
            "data": [{"id": "smol.gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8192, "size": 92_000_000}}]
        },
        "/props": {
            "default_generation_settings": {"n_ctx": 2048},
            "modalities": {"vision": False},
            "chat_template": "{% for m in messages %}{% endfor %}",
        },
    }
)
VLLM = answers({"/v1/models": {"data": [{"id": "big", "owned_by": "vllm", "max_model_len": 65536}]}})
