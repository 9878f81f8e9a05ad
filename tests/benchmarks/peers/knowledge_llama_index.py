"""The other side of `peers/knowledge.py`: LlamaIndex, with the given model on all cores and Chroma on disk.

Runs in an environment of its own:

    python -m venv PEER && PEER/bin/pip install llama-index-core llama-index-vector-stores-chroma onnxruntime tokenizers

Reads one job as JSON from standard input, prints one line of JSON. It knows nothing of Legate.
"""
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import chromadb
import numpy
import onnxruntime
from llama_index.core import Document, StorageContext, VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.core.node_parser import SentenceSplitter
from llama_index.vector_stores.chroma import ChromaVectorStore
from tokenizers import Tokenizer

CORES = os.cpu_count() or 1


class Model:
    """A sentence transformer as an ONNX file, one text at a time in as many threads as there are cores: its fastest way."""

    def __init__(self, model: str, tokenizer: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session: Any = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self._tokenizer = Tokenizer.from_file(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        self._threads = ThreadPoolExecutor(CORES)
        self._counter = Tokenizer.from_file(tokenizer)
        self._counter.no_padding()
        self._counter.no_truncation()

    def tokens(self, text: str) -> list[int]:
        return self._counter.encode(text, add_special_tokens=False).ids

    def one(self, text: str) -> list[float]:
        ids = numpy.array([self._tokenizer.encode(text).ids], dtype=numpy.int64)
        given = {"input_ids": ids, "attention_mask": numpy.ones_like(ids), "token_type_ids": numpy.zeros_like(ids)}
        vector = self._session.run(None, given)[0][0].mean(axis=0)
        return (vector / numpy.linalg.norm(vector)).tolist()

    def many(self, texts: list[str]) -> list[list[float]]:
        return list(self._threads.map(self.one, texts))


class Embedding(BaseEmbedding):
    """The model, as the library wants it."""

    model: Any = None

    def _get_query_embedding(self, query: str) -> list[float]:
        return self.model.one(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self.model.one(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self.model.one(text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self.model.many(texts)


def main() -> None:
    job = json.load(sys.stdin)
    model = Model(job["model"], job["tokenizer"])
    embedding = Embedding(model=model, embed_batch_size=64)
    splitter = SentenceSplitter(
        chunk_size=job["passage_tokens"], chunk_overlap=job["overlap_tokens"], tokenizer=model.tokens
    )
    collection = chromadb.PersistentClient(job["folder"]).create_collection("peer", metadata={"hnsw:space": "cosine"})
    began, worked = time.perf_counter(), time.process_time()
    documents = [
        Document(
            text=Path(path).read_text(encoding="utf-8"),
            metadata={"key": Path(path).stem},
            excluded_embed_metadata_keys=["key"],
        )
        for path in job["paths"]
    ]
    index = VectorStoreIndex.from_documents(
        documents,
        storage_context=StorageContext.from_defaults(vector_store=ChromaVectorStore(chroma_collection=collection)),
        transformations=[splitter],
        embed_model=embedding,
    )
    seconds, processor = time.perf_counter() - began, time.process_time() - worked
    retriever = index.as_retriever(similarity_top_k=20)
    began = time.perf_counter()
    found = [[item.node.metadata["key"] for item in retriever.retrieve(question)] for question in job["questions"]]
    milliseconds = 1000 * (time.perf_counter() - began) / len(found)
    print(json.dumps({"seconds": seconds, "processor": processor, "milliseconds": milliseconds, "found": found}))


if __name__ == "__main__":
    main()
