"""Fine-tunes the encoder. Two cores read some 60,000 short texts in twenty minutes; an accelerator takes a minute."""

import argparse
import os
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tokenizers import Tokenizer

from finetuning import CHECKPOINT, examples, network, packed, vocabulary
from finetuning.examples import Example

SEED = 5
BATCH = 48
LENGTH = 96  # tokens that are read of a text in learning
MISTYPED = 0.35  # of the texts
SMOOTHING = 0.05
TASKS = ("intent", "topic", "massive")

# Token numbers (texts, length); classes (texts, tasks), -1 where a text has none.
Batch = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
Classes = Mapping[str, list[str]]


def padded(rows: Sequence[Sequence[int]]) -> npt.NDArray[np.int32]:
    """Token numbers as one array, filled up with 0."""
    ids = np.zeros((len(rows), max(map(len, rows))), np.int32)
    for number, row in enumerate(rows):
        ids[number, : len(row)] = row
    return ids


def batches(chosen: list[Example], pieces: Tokenizer, classes: Classes, order: random.Random) -> list[Batch]:
    """The examples in batches of alike length, in random order, some of them mistyped."""
    order.shuffle(chosen)
    texts = [examples.mistyped(one.text, order) if order.random() < MISTYPED else one.text for one in chosen]
    encoded = [row.ids[:LENGTH] for row in pieces.encode_batch(texts)]
    wanted = [[classes[task].index(one.classes[task]) if task in one.classes else -1 for task in TASKS] for one in chosen]
    found = []
    for start in range(0, len(chosen), BATCH * 40):
        group = sorted(range(start, min(start + BATCH * 40, len(chosen))), key=lambda i: len(encoded[i]))
        for at in range(0, len(group), BATCH):
            members = group[at : at + BATCH]
            found.append((padded([encoded[i] for i in members]), np.array([wanted[i] for i in members], np.int32)))
    order.shuffle(found)
    return found


class Learner:
    """The network, one head for each task, and how they learn."""

    def __init__(self, encoder: network.Encoder, heads: dict[str, tf.Variable], frozen: int) -> None:
        self._encoder = encoder
        self._heads = heads
        self._learned = [
            variable
            for name, variable in encoder.variables().items()
            if name.startswith("l") and int(name.split(".")[0][1:]) >= frozen
        ]
        self._optimizer = tf.keras.optimizers.legacy.Adam()
        self._head_optimizer = tf.keras.optimizers.legacy.Adam()

    def step(self, batch: Batch, rate: float) -> float:
        """Learn from a batch; its loss."""
        self._optimizer.learning_rate.assign(rate)
        self._head_optimizer.learning_rate.assign(rate * 10)
        return float(self._step(*map(tf.constant, batch)))

    @tf.function(reduce_retracing=True, autograph=False)
    def _step(self, ids: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            vectors = self._encoder(ids, training=True)
            loss = 0.0
            for number, head in enumerate(self._heads.values()):
                known = tf.where(wanted[:, number] >= 0)[:, 0]
                logits = network.logits(tf.gather(vectors, known), head)
                target = tf.one_hot(tf.gather(wanted[:, number], known), head.shape[0])
                losses = tf.keras.losses.categorical_crossentropy(target, logits, from_logits=True, label_smoothing=SMOOTHING)
                loss += tf.reduce_sum(losses) / BATCH
        heads = list(self._heads.values())
        gradients = tape.gradient(loss, self._learned + heads)
        clipped, _ = tf.clip_by_global_norm(gradients[: len(self._learned)], 1.0)
        self._optimizer.apply_gradients(zip(clipped, self._learned, strict=True))
        self._head_optimizer.apply_gradients(zip(gradients[len(self._learned) :], heads, strict=True))
        return loss

    @tf.function(reduce_retracing=True, autograph=False)
    def _scores(self, ids: tf.Tensor, task: str) -> tf.Tensor:
        return network.logits(self._encoder(ids, training=False), self._heads[task])

    def accuracy(self, unseen: list[Example], pieces: Tokenizer, classes: Classes, task: str) -> float:
        """The share of examples whose class the task's head names."""
        right = 0
        for start in range(0, len(unseen), 256):
            part = unseen[start : start + 256]
            ids = padded([row.ids[:LENGTH] for row in pieces.encode_batch([one.text for one in part])])
            best = np.argmax(self._scores(tf.constant(ids), task), axis=1)
            right += sum(classes[task][b] == one.classes[task] for b, one in zip(best, part, strict=True))
        return right / len(unseen)

    def save(self) -> None:
        """Write the checkpoint's weights."""
        weights = self._encoder.weights() | {f"head.{task}": head.numpy() for task, head in self._heads.items()}
        np.savez(CHECKPOINT / "weights.part.npz", **weights)
        (CHECKPOINT / "weights.part.npz").replace(CHECKPOINT / "weights.npz")


def main() -> None:
    """Learn from the assistant's examples and MASSIVE's train partition; report what unseen utterances score."""
    parser = argparse.ArgumentParser(prog="python -m finetuning", description=__doc__)
    parser.add_argument("--massive", type=Path, required=True, help="the folder with MASSIVE's files, one for each locale")
    parser.add_argument("--massive-share", type=float, default=1.0, help="how much of MASSIVE an epoch reads")
    parser.add_argument("--own-share", type=float, default=1.0, help="how often an epoch reads the assistant's examples")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rate", type=float, default=1e-4, help="the learning rate at its highest")
    parser.add_argument("--final", type=float, default=0.02, help="the share of that rate at the end")
    parser.add_argument("--frozen", type=int, default=4, help="how many layers stay as they are, with the embeddings")
    parser.add_argument("--resume", action="store_true", help="start from the checkpoint instead of e5")
    options = parser.parse_args()
    tf.keras.utils.set_random_seed(SEED)

    own = examples.own(Path("data"))
    massive = examples.massive(options.massive, "train")
    unseen = examples.massive(options.massive, "dev")
    source = packed.read(packed.default_path())
    CHECKPOINT.mkdir(parents=True, exist_ok=True)
    if options.resume:
        pieces = Tokenizer.from_file(str(CHECKPOINT / "tokenizer.json"))
        with np.load(CHECKPOINT / "weights.npz") as stored:
            weights = dict(stored)
    else:
        kept, rows = vocabulary.cut(source, [example.text for example in own + massive])
        pieces = vocabulary.tokenizer(kept)
        pieces.save(str(CHECKPOINT / "tokenizer.json"))
        weights = network.start(source, rows)
    print(f"{len(own)} own examples, {len(massive)} of MASSIVE, {pieces.get_vocab_size()} pieces", flush=True)

    classes = {task: sorted({example.classes[task] for example in own + massive if task in example.classes}) for task in TASKS}
    chance = np.random.default_rng(SEED)
    heads = {}
    for task, names in classes.items():
        known = weights.get(f"head.{task}")
        fresh = known is None or len(known) != len(names)  # a task with new classes begins anew
        heads[task] = tf.Variable(chance.normal(0, 0.05, (len(names), source.hidden)).astype(np.float32) if fresh else known)
    learner = Learner(network.Encoder(source, weights), heads, options.frozen)

    plan = []
    for epoch in range(options.epochs):
        order = random.Random(SEED + epoch)
        whole, part = divmod(options.own_share, 1)
        chosen = order.sample(massive, round(len(massive) * options.massive_share))
        chosen += own * int(whole) + order.sample(own, round(len(own) * part))
        plan.append(batches(chosen, pieces, classes, order))
    total, done, began, running = sum(map(len, plan)), 0, time.monotonic(), None
    for epoch, epoch_batches in enumerate(plan, 1):
        for batch in epoch_batches:
            warm = min(1.0, (done + 1) / (0.06 * total))
            loss = learner.step(batch, options.rate * warm * (1 - (1 - options.final) * done / total))
            done += 1
            running = loss if running is None else 0.98 * running + 0.02 * loss
            if done % 50 == 0:
                left = (time.monotonic() - began) / done * (total - done) / 60
                print(f"step {done} of {total}, loss {running:.3f}, {left:.0f} min left", flush=True)
            if done % 400 == 0:
                learner.save()
        learner.save()
        print(f"epoch {epoch}: MASSIVE dev {learner.accuracy(unseen, pieces, classes, 'massive'):.4f}", flush=True)


if __name__ == "__main__":
    main()
