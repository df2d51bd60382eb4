"""The linear classifier: it learns, its probabilities mean what they say, and it comes back from the disk as it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from viisi.errors import ConfigurationError
from viisi.nlu.linear import LinearClassifier

TEXTS = {
    "tea": ["green tea please", "a cup of tea", "black tea", "tea with milk", "some tea", "iced tea", "my tea is cold"],
    "lamp": ["a red lamp", "lamp for the desk", "this lamp is broken", "big lamp", "lamps", "the lamp hums", "one lamp"],
    "chair": ["a wooden chair", "chair with arms", "four chairs", "the chair wobbles", "chair", "small chair", "my chair"],
}
TRADITIONAL = {"茶": ["我 要 茶", "绿 茶", "红 茶", "一 杯 茶"], "灯": ["红 灯", "一 盏 灯", "灯 坏 了", "台 灯"]}
NO_VECTORS = 0


def examples(texts: dict[str, list[str]], dimensions: int = 6) -> tuple[list[str], np.ndarray, list[str]]:
    """Texts, vectors that lie near one another within a class, and labels."""
    random = np.random.default_rng(5)
    found = [(text, label) for label, listed in texts.items() for text in listed]
    centres = {label: random.normal(size=dimensions) for label in texts}
    vectors = np.array([centres[label] + random.normal(scale=0.3, size=dimensions) for _, label in found], dtype=np.float32)
    return [text for text, _ in found], vectors.reshape(len(found), dimensions), [label for _, label in found]


@pytest.fixture(scope="module", params=[6, NO_VECTORS], ids=["vectors", "no vectors"])
def trained(request) -> tuple[LinearClassifier, list[str], np.ndarray, list[str]]:
    texts, vectors, labels = examples(TEXTS, request.param)
    return LinearClassifier.fit(texts, vectors, labels, 1.0), texts, vectors, labels


def test_it_learns(trained):
    classifier, texts, vectors, labels = trained
    found = [
        classifier.classes[int(np.argmax(classifier.probabilities(text, vector)))]
        for text, vector in zip(texts, vectors, strict=True)
    ]
    assert found == labels
    assert classifier.classes == sorted(TEXTS)


def test_it_knows_words_it_never_saw_by_their_parts():
    texts, _, labels = examples(TEXTS)
    classifier = LinearClassifier.fit(texts, np.zeros((len(texts), 0), np.float32), labels, 1.0)
    assert classifier.classes[int(np.argmax(classifier.probabilities("lampshade", np.zeros(0, np.float32))))] == "lamp"


def test_meaning_counts_where_the_letters_say_nothing(trained):
    classifier, _, vectors, labels = trained
    if vectors.shape[1] == NO_VECTORS:
        pytest.skip("needs vectors")
    for label in TEXTS:
        middle = vectors[[other == label for other in labels]].mean(axis=0)
        assert classifier.classes[int(np.argmax(classifier.probabilities("zzz", middle)))] == label


@given(st.text(max_size=80))
@settings(max_examples=60)
def test_probabilities_are_probabilities(text):
    classifier = whole()
    for vector in (np.zeros(6, np.float32), np.full(6, 1e6, np.float32), np.full(6, -3.0, np.float32)):
        found = classifier.probabilities(text, vector)
        assert found.shape == (3,) and np.all(found >= 0) and np.isfinite(found).all()
        assert abs(found.sum() - 1) < 1e-9


def whole(cache: list[LinearClassifier] = []) -> LinearClassifier:  # noqa: B006  (one for all examples)
    if not cache:
        texts, vectors, labels = examples(TEXTS)
        cache.append(LinearClassifier.fit(texts, vectors, labels, 1.0))
    return cache[0]


def test_two_classes():
    texts, vectors, labels = examples({"tea": TEXTS["tea"], "lamp": TEXTS["lamp"]})
    classifier = LinearClassifier.fit(texts, vectors, labels, 1.0)
    for text, vector, label in zip(texts, vectors, labels, strict=True):
        found = classifier.probabilities(text, vector)
        assert classifier.classes[int(np.argmax(found))] == label and abs(found.sum() - 1) < 1e-9


def test_chinese():
    texts, vectors, labels = examples(TRADITIONAL, 0)
    classifier = LinearClassifier.fit(texts, vectors, labels, 1.0)
    assert classifier.classes[int(np.argmax(classifier.probabilities("茶 坏 了 茶", vectors[0])))] == "茶"


@pytest.mark.parametrize("labels", [["tea", "tea"], []])
def test_fewer_than_two_classes(labels):
    with pytest.raises(ValueError, match="two classes"):
        LinearClassifier.fit(["x"] * len(labels), np.zeros((len(labels), 2), np.float32), labels, 1.0)


def test_a_class_with_one_example_is_learned_without_calibration():
    texts, vectors, labels = examples({"tea": TEXTS["tea"], "lamp": ["lamp"]})
    found = LinearClassifier.fit(texts, vectors, labels, 1.0).probabilities("lamp", vectors[-1])
    assert abs(found.sum() - 1) < 1e-9


def test_probabilities_are_calibrated():
    """Half of the labels are noise: right in about half of the cases, so no more than about that sure."""
    random = np.random.default_rng(7)
    words = ["tea", "lamp"]
    truth = [words[i] for i in random.integers(0, 2, 400)]
    texts = [word if random.random() < 0.7 else words[1 - words.index(word)] for word in truth]
    vectors = np.zeros((400, 0), np.float32)
    classifier = LinearClassifier.fit(texts[:300], vectors[:300], truth[:300], 1.0)
    found = [classifier.probabilities(text, vectors[0]) for text in texts[300:]]
    right = [classifier.classes[int(np.argmax(p))] == label for p, label in zip(found, truth[300:], strict=True)]
    assert abs(float(np.mean([p.max() for p in found])) - float(np.mean(right))) < 0.1


def test_an_encoder_that_knows_the_answers_is_trusted_no_further_than_on_what_it_never_learned():
    """Vectors tell the class of every example that the encoder learned from, and nothing of those kept back."""
    random = np.random.default_rng(11)
    words = ["tea", "lamp"]
    truth = random.integers(0, 2, 2000)
    texts = [words[i] if random.random() < 0.8 else words[1 - i] for i in truth]
    kept = random.random(2000) < 0.3
    told = np.where(kept, random.integers(0, 2, 2000), truth)
    vectors = np.eye(2, dtype=np.float32)[told] + random.normal(scale=0.01, size=(2000, 2)).astype(np.float32)
    labels = [words[i] for i in truth]
    classifier = LinearClassifier.fit(texts, vectors, labels, 1.0, kept)
    contradicting = classifier.probabilities("tea", np.array([0, 1], np.float32))
    assert classifier.classes[int(np.argmax(contradicting))] == "tea" and abs(contradicting.max() - 0.8) < 0.06
    misled = LinearClassifier.fit(texts, vectors, labels, 1.0).probabilities("tea", np.array([0, 1], np.float32))
    assert misled[classifier.classes.index("tea")] < contradicting.max()


def test_training_is_repeatable():
    texts, vectors, labels = examples(TEXTS)
    first, second = (LinearClassifier.fit(texts, vectors, labels, 1.0) for _ in range(2))
    assert np.array_equal(first.probabilities("tea", vectors[0]), second.probabilities("tea", vectors[0]))


# --- on the disk


def test_it_comes_back_as_it_was(trained, tmp_path):
    classifier, texts, vectors, _ = trained
    classifier.save(tmp_path, "intents")
    loaded = LinearClassifier.load(tmp_path, "intents")
    assert loaded.classes == classifier.classes
    for text, vector in [*zip(texts, vectors, strict=True), ("", vectors[0]), ("چای 茶 tea", vectors[1])]:
        # Only the order in which the same numbers are added differs.
        assert np.allclose(loaded.probabilities(text, vector), classifier.probabilities(text, vector), atol=1e-7)
    loaded.save(tmp_path, "again")
    twice = LinearClassifier.load(tmp_path, "again")
    assert all(np.array_equal(twice.probabilities(text, vectors[0]), loaded.probabilities(text, vectors[0])) for text in texts)


def spoil(path, how: str) -> None:
    data = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "text":
        path.write_text("no archive")
    elif how == "flipped":
        middle = len(data) // 2
        path.write_bytes(data[:middle] + bytes(byte ^ 0xFF for byte in data[middle : middle + 40]) + data[middle + 40 :])
    elif how == "without weights":
        with np.load(path) as stored:
            np.savez_compressed(path, **{key: stored[key] for key in stored.files if key != "letters"})


@pytest.mark.parametrize("how", ["missing", "empty", "cut", "text", "flipped", "without weights"])
def test_a_broken_file_is_a_configuration_error(tmp_path, how):
    whole().save(tmp_path, "intents")
    spoil(tmp_path / "intents.npz", how)
    with pytest.raises(ConfigurationError, match="train again") as raised:
        LinearClassifier.load(tmp_path, "intents")
    assert "intents.npz" in str(raised.value)
