"""The network in TensorFlow: e5's weights in transformers' BERT, the mean over the tokens, one cosine head for each task."""

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from transformers import BertConfig, TFBertModel

from finetuning.packed import Packed

Floats = npt.NDArray[np.float32]
POSITIONS = 256
SCALE = 20.0  # cosines into logits

# Our names of a layer's tensors, and where transformers keeps them.
_PLACES = {
    "q": ("attention", "self_attention", "query"),
    "k": ("attention", "self_attention", "key"),
    "v": ("attention", "self_attention", "value"),
    "ao": ("attention", "dense_output", "dense"),
    "aln": ("attention", "dense_output", "LayerNorm"),
    "fi": ("intermediate", "dense"),
    "fo": ("bert_output", "dense"),
    "oln": ("bert_output", "LayerNorm"),
}


class Encoder:
    """The network with weights that can be read and set by e5's names."""

    def __init__(self, packed: Packed, weights: dict[str, Floats], dropout: float = 0.1) -> None:
        config = BertConfig(
            vocab_size=len(weights["emb.word"]),
            hidden_size=packed.hidden,
            num_hidden_layers=packed.layers,
            num_attention_heads=packed.heads,
            intermediate_size=packed.inner,
            max_position_embeddings=len(weights["emb.pos"]),
            type_vocab_size=1,
            layer_norm_eps=packed.epsilon,
            hidden_dropout_prob=dropout,
            attention_probs_dropout_prob=dropout,
        )
        self.model = TFBertModel(config)
        self.model(tf.zeros((1, 4), tf.int32))
        for name, variable in self.variables().items():
            variable.assign(weights[name].T if _is_kernel(name) else weights[name])

    def variables(self) -> dict[str, Any]:
        """Every trainable variable by e5's name."""
        bert = self.model.bert
        embeddings = bert.embeddings
        found = {
            "emb.word": embeddings.weight,
            "emb.pos": embeddings.position_embeddings,
            "emb.type": embeddings.token_type_embeddings,
            "emb.ln.w": embeddings.LayerNorm.gamma,
            "emb.ln.b": embeddings.LayerNorm.beta,
        }
        for i, layer in enumerate(bert.encoder.layer):
            for name, path in _PLACES.items():
                part = layer
                for step in path:
                    part = getattr(part, step)
                norm = name.endswith("ln")
                found[f"l{i}.{name}.w"] = part.gamma if norm else part.kernel
                found[f"l{i}.{name}.b"] = part.beta if norm else part.bias
        return found

    def weights(self) -> dict[str, Floats]:
        """The weights as e5 writes them (a matrix has a row for each output)."""
        return {
            name: np.ascontiguousarray(variable.numpy().T if _is_kernel(name) else variable.numpy())
            for name, variable in self.variables().items()
        }

    def __call__(self, ids: Any, training: bool) -> Any:
        """Unit vectors (texts, hidden) for token numbers (texts, length), padded with 0."""
        there = tf.cast(ids != 0, tf.int32)
        states = self.model(input_ids=ids, attention_mask=there, training=training).last_hidden_state
        weight = tf.cast(there, tf.float32)[:, :, None]
        return tf.math.l2_normalize(tf.reduce_sum(states * weight, 1) / tf.reduce_sum(weight, 1), axis=-1)


def logits(vectors: Any, head: Any) -> Any:
    """Cosines of unit ``vectors`` (texts, hidden) with a head's rows (classes, hidden), as logits."""
    return SCALE * tf.matmul(vectors, tf.math.l2_normalize(head, axis=-1), transpose_b=True)


def _is_kernel(name: str) -> bool:
    return name.endswith(".w") and name.split(".")[1] in ("q", "k", "v", "ao", "fi", "fo")


def start(packed: Packed, rows: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """e5's weights with the embeddings of ``rows`` only and the first positions only."""
    weights = dict(packed.tensors)
    weights["emb.word"] = weights["emb.word"][rows]
    weights["emb.pos"] = weights["emb.pos"][:POSITIONS]
    weights["emb.type"] = weights["emb.type"][:1]
    return {name: np.asarray(value, dtype=np.float32) for name, value in weights.items()}
