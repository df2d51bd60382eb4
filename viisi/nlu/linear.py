"""A linear classifier over character n-grams and a sentence vector; the intent classifier and the FAQ topics are made of it.

Two machines learn apart: a support vector machine over the n-grams (TF-IDF), and a logistic regression over the sentence
vectors. Their scores are added with one factor each, and a softmax makes probabilities of the sum. The factors are those under
which examples that neither the machines nor the encoder had learned from have the best likelihood: so an encoder that was
fine-tuned on the other examples is trusted no further than it deserves, and 0.8 means right in eight of ten cases.
"""

import warnings
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from viisi.errors import ConfigurationError

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
NGRAMS = (1, 4)
SEED = 5
ROUNDS = 40  # of the logistic regression; more change nothing that can be measured
ENOUGH = 200  # examples kept back, to fit two factors on; with fewer, cross-validation does it


class Machine:
    """Scores of classes as a linear function of features: ``weights`` of shape (features, classes), and a ``bias``."""

    def __init__(self, weights: Floats, bias: Floats) -> None:
        self.weights = weights
        self.bias = bias

    @classmethod
    def fit(cls, kind: LinearSVC | LogisticRegression, features: sp.csr_matrix | Floats, numbers: Numbers) -> "Machine":
        """Learn; ``numbers`` are classes from 0, each of them there."""
        kind.fit(features, numbers)
        weights, bias = kind.coef_, kind.intercept_
        if len(weights) == 1:  # scikit-learn keeps one row for two classes
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        return cls(np.ascontiguousarray(weights.T, dtype=np.float32), bias.astype(np.float32))

    def __call__(self, features: sp.csr_matrix | Floats) -> Floats:
        """Scores of shape (rows, classes)."""
        return np.asarray(features @ self.weights + self.bias, dtype=np.float32)


class LinearClassifier:
    """Tells classes apart by the text and, where given, its sentence vector (shape ``(dimensions,)``, float32)."""

    def __init__(
        self,
        classes: list[str],
        vectoriser: TfidfVectorizer,
        centre: Floats,
        letters: Machine,
        meaning: Machine,
        factors: npt.NDArray[np.float64],
    ) -> None:
        self.classes = classes
        self._vectoriser = vectoriser
        self._centre = centre
        self._letters = letters
        self._meaning = meaning
        self._factors = factors

    @classmethod
    def fit(
        cls,
        texts: Sequence[str],
        vectors: Floats,
        labels: Sequence[str],
        regularisation: float,
        kept_back: Sequence[bool] = (),
    ) -> "LinearClassifier":
        """Learn from ``texts`` with their ``vectors`` (shape ``(texts, dimensions)``; no dimension where there is no encoder).

        ``kept_back`` says of each text whether the encoder never learned from it. Raises ValueError for fewer than two classes.
        """
        names = sorted(set(labels))
        if len(names) < 2:
            raise ValueError(f"a classifier needs two classes, not {len(names)}")
        numbers = np.array([names.index(label) for label in labels])
        vectoriser = _vectoriser()
        ngrams = vectoriser.fit_transform(texts)
        centre = vectors.mean(axis=0)
        meanings = _unit(vectors - centre)
        kept = np.array(kept_back, dtype=bool)
        with ThreadPoolExecutor(2) as threads:  # the learning itself holds no lock
            factors = threads.submit(_factors, ngrams, meanings, numbers, regularisation, kept)
            letters, meaning = _machines(ngrams, meanings, numbers, regularisation)
        return cls(names, vectoriser, centre, letters, meaning, factors.result())

    def probabilities(self, text: str, vector: Floats) -> npt.NDArray[np.float64]:
        """One probability for each of ``classes``."""
        letters = self._letters(self._vectoriser.transform([text]))[0].astype(np.float64)
        meaning = self._meaning(_unit((vector - self._centre)[None, :]))[0].astype(np.float64)
        return np.asarray(softmax(letters * self._factors[0] + meaning * self._factors[1]))

    def save(self, folder: Path, name: str) -> None:
        """Write ``<name>.npz`` into ``folder``."""
        vocabulary = sorted(self._vectoriser.vocabulary_, key=self._vectoriser.vocabulary_.__getitem__)
        np.savez(
            folder / f"{name}.npz",
            classes=np.array(self.classes),
            vocabulary=np.frombuffer("\n".join(vocabulary).encode(), dtype=np.uint8),
            idf=self._vectoriser.idf_.astype(np.float32),
            centre=self._centre,
            letters=self._letters.weights,
            letters_bias=self._letters.bias,
            meaning=self._meaning.weights,
            meaning_bias=self._meaning.bias,
            factors=self._factors,
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
                    Machine(stored["letters"], stored["letters_bias"]),
                    Machine(stored["meaning"], stored["meaning_bias"]),
                    stored["factors"],
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


def _machines(ngrams: sp.csr_matrix, meanings: Floats, numbers: Numbers, regularisation: float) -> tuple[Machine, Machine]:
    letters = Machine.fit(LinearSVC(C=regularisation, random_state=SEED), ngrams, numbers)
    if meanings.shape[1] == 0:
        classes = len(letters.bias)
        return letters, Machine(np.zeros((0, classes), np.float32), np.zeros(classes, np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is as good long before
        return letters, Machine.fit(LogisticRegression(C=10, max_iter=ROUNDS), meanings, numbers)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), dtype=np.float32)


def _factors(
    ngrams: sp.csr_matrix, meanings: Floats, numbers: Numbers, regularisation: float, kept_back: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """The factors on the scores of the two machines under which unseen examples have the best log-likelihood."""
    known = np.bincount(numbers[~kept_back], minlength=numbers.max() + 1) if kept_back.any() else np.zeros(1)
    if kept_back.sum() >= ENOUGH and known.all():
        splits = [(np.flatnonzero(~kept_back), np.flatnonzero(kept_back))]
    else:
        folds = min(3, int(np.bincount(numbers).min()))
        if folds < 2:
            return np.ones(2)
        splits = list(StratifiedKFold(folds, shuffle=True, random_state=SEED).split(ngrams, numbers))
    scores, wanted = [], []
    for learned, unseen in splits:
        letters, meaning = _machines(ngrams[learned], meanings[learned], numbers[learned], regularisation)
        scores.append(np.stack([letters(ngrams[unseen]), meaning(meanings[unseen])]))
        wanted.append(numbers[unseen])
    found, right = np.concatenate(scores, axis=1), np.concatenate(wanted)

    def loss(logarithms: npt.NDArray[np.float64]) -> float:
        scaled = np.tensordot(np.exp(logarithms), found, axes=1)
        return float(np.mean(logsumexp(scaled, axis=1) - scaled[np.arange(len(right)), right]))

    best = minimize(loss, np.zeros(2), method="L-BFGS-B", bounds=[(-4, 4), (-4, 4)])
    return np.asarray(np.exp(best.x), dtype=np.float64)
