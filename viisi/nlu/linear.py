"""A linear classifier over character n-grams and a sentence vector; the intent classifier and the FAQ topics are made of it.

Each n-gram vector (TF-IDF) and each sentence vector (centred) has length one, so neither drowns the other. A linear support
vector machine gives the scores; a softmax with a temperature makes probabilities of them, and the temperature is fitted on
scores of examples that the scoring model had not seen (cross-validation), so that 0.8 means right in eight of ten cases.
"""

import zlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from viisi.errors import ConfigurationError

Floats = npt.NDArray[np.float32]
NGRAMS = (1, 4)
SEED = 5


class LinearClassifier:
    """Tells classes apart by the text and, where given, its sentence vector (shape ``(dimensions,)``, float32)."""

    def __init__(
        self,
        classes: list[str],
        vectoriser: TfidfVectorizer,
        centre: Floats,
        weights: Floats,
        bias: Floats,
        scale: float,
    ) -> None:
        self.classes = classes
        self._vectoriser = vectoriser
        self._centre = centre
        self._weights = weights
        self._bias = bias
        self._scale = scale

    @classmethod
    def fit(cls, texts: Sequence[str], vectors: Floats, labels: Sequence[str], regularisation: float) -> "LinearClassifier":
        """Learn from ``texts`` with their ``vectors`` (shape ``(texts, dimensions)``; no dimension where there is no encoder).

        Raises ValueError for fewer than two classes.
        """
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError(f"a classifier needs two classes, not {len(names)}")
        numbers = np.array([names.index(label) for label in labels])
        vectoriser = _vectoriser()
        ngrams = vectoriser.fit_transform(texts)
        centre = vectors.mean(axis=0)
        features = sp.hstack([ngrams, sp.csr_matrix(_unit(vectors - centre))], format="csr")
        machine = _machine(regularisation).fit(features, numbers)
        weights, bias = machine.coef_, machine.intercept_
        if len(names) == 2:  # scikit-learn keeps one row for two classes
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        scale = _scale(features, numbers, regularisation)
        return cls(names, vectoriser, centre, weights.T.astype(np.float32), bias.astype(np.float32), scale)

    def probabilities(self, text: str, vector: Floats) -> npt.NDArray[np.float64]:
        """One probability for each of ``classes``."""
        ngrams = self._vectoriser.transform([text])
        split = ngrams.shape[1]
        scores = ngrams @ self._weights[:split]
        scores = np.asarray(scores)[0] + _unit((vector - self._centre)[None, :])[0] @ self._weights[split:] + self._bias
        return np.asarray(softmax(scores.astype(np.float64) * self._scale))

    def save(self, folder: Path, name: str) -> None:
        """Write ``<name>.npz`` into ``folder``."""
        vocabulary = sorted(self._vectoriser.vocabulary_, key=self._vectoriser.vocabulary_.__getitem__)
        np.savez_compressed(
            folder / f"{name}.npz",
            classes=np.array(self.classes),
            vocabulary=np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
            idf=self._vectoriser.idf_.astype(np.float32),
            centre=self._centre,
            weights=self._weights,
            bias=self._bias,
            scale=self._scale,
        )

    @classmethod
    def load(cls, folder: Path, name: str) -> "LinearClassifier":
        """Read what :meth:`save` wrote. Raises ConfigurationError where the file is missing or broken."""
        path = folder / f"{name}.npz"
        try:
            with np.load(path, allow_pickle=False) as stored:
                vectoriser = _vectoriser(bytes(stored["vocabulary"]).decode().split("\n"))
                vectoriser.idf_ = stored["idf"]
                return cls(
                    [str(label) for label in stored["classes"]],
                    vectoriser,
                    stored["centre"],
                    stored["weights"],
                    stored["bias"],
                    float(stored["scale"]),
                )
        except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
            raise ConfigurationError(
                f"the trained model is broken ({path.name}: {error}); train again with 'make train'"
            ) from error


def _vectoriser(vocabulary: list[str] | None = None) -> TfidfVectorizer:
    # Words are drawn apart by spaces already (Chinese too), so n-grams do not run over their ends. A newline cannot be in one.
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=NGRAMS,
        sublinear_tf=True,
        lowercase=False,
        dtype=np.float32,
        vocabulary=vocabulary,
    )


def _machine(regularisation: float) -> LinearSVC:
    return LinearSVC(C=regularisation, random_state=SEED)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _scale(features: sp.csr_matrix, numbers: npt.NDArray[np.int64], regularisation: float) -> float:
    """The factor on the scores under which unseen examples have the best log-likelihood."""
    folds = min(3, int(np.bincount(numbers).min()))
    if folds < 2:
        return 1.0
    scores = np.zeros((len(numbers), int(numbers.max()) + 1))
    for known, unseen in StratifiedKFold(folds, shuffle=True, random_state=SEED).split(features, numbers):
        found = _machine(regularisation).fit(features[known], numbers[known]).decision_function(features[unseen])
        scores[unseen] = found if found.ndim == 2 else np.stack([-found, found], axis=1)

    def loss(factor: float) -> float:
        scaled = scores * factor
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(numbers)), numbers]))

    return float(minimize_scalar(loss, bounds=(0.1, 50.0), method="bounded").x)
