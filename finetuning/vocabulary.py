"""Cuts e5's vocabulary of 250,000 pieces to those that our languages and English use, and makes the tokenizer over them."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram

from finetuning.packed import Packed

LANGUAGES = ("en", "fi", "nl", "de", "zh", "fa")
WORDS = 60_000  # of each language, the most frequent
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")


def tokenizer(pieces: list[tuple[str, float]]) -> Tokenizer:
    """SentencePiece's unigram model over ``pieces`` (text, log-probability), the first four being SPECIAL."""
    made = Tokenizer(Unigram(pieces, unk_id=1, byte_fallback=False))
    made.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 2), ("</s>", 3)])
    return made


def cut(packed: Packed, texts: Iterable[str], words: int = WORDS) -> tuple[list[tuple[str, float]], npt.NDArray[np.int64]]:
    """The pieces that ``texts`` and each language's frequent words are made of, and their rows in e5's embeddings."""
    from wordfreq import top_n_list

    special = [packed.pad, packed.unk, packed.bos, packed.eos]
    everything = [(piece, float(score)) for piece, score in zip(packed.pieces, packed.scores, strict=True)]
    whole = tokenizer([(name, 0.0) for name in SPECIAL] + everything)
    used: set[str] = set()
    batch = [*texts, *(word for language in LANGUAGES for word in top_n_list(language, words))]
    for start in range(0, len(batch), 10_000):
        for encoded in whole.encode_batch(batch[start : start + 10_000]):
            used.update(encoded.tokens)
    # Single characters of these scripts, so that nothing customers type is wholly unknown.
    used |= {piece for piece in packed.pieces if len(piece.lstrip("▁")) <= 1 and _ours(piece.lstrip("▁"))}
    rows = [i for i, piece in enumerate(packed.pieces) if piece in used and i not in special]
    kept = [everything[i] for i in rows]
    return [(name, 0.0) for name in SPECIAL] + kept, np.array(special + rows)


def _ours(character: str) -> bool:
    """Latin, Arabic, general and Chinese punctuation, Chinese."""
    code = ord(character) if character else 0x20
    scripts = ((0, 0x250), (0x600, 0x700), (0x2000, 0x2100), (0x3000, 0x3040), (0x4E00, 0xA000))
    return any(start <= code < end for start, end in scripts)
