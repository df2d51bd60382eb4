"""Writes the checkpoint as the engine `tuned` reads it: an int8 ONNX graph, its tokenizer, and a note on where it comes from.

Every matrix becomes int8 with a scale for each output, the embeddings int8 with a scale for each piece. The graph reads token
numbers ``ids`` (texts, length), all of the same length and without padding, and gives unit vectors ``vectors`` (texts, 384).
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from finetuning import CHECKPOINT, packed
from viisi.nlu.encoder import TUNED

Floats = npt.NDArray[np.float32]
FUSED = "com.microsoft"


class Graph:
    """Collects nodes and constants."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        """A stored array."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        """One operation; ``domain`` among the attributes chooses ONNX Runtime's fused ones."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def graph(weights: dict[str, Floats], source: packed.Packed) -> onnx.ModelProto:
    """The network in float32, with the embeddings in int8."""
    g = Graph()
    words = weights["emb.word"]
    scale = np.maximum(np.abs(words).max(axis=1, keepdims=True), 1e-9) / 127
    table = g.constant("words", np.round(words / scale).astype(np.int8))
    scales = g.constant("scales", scale.astype(np.float32))
    g.node("Cast", [g.node("Gather", [table, "ids"], "words.int8")], "words.float", to=TensorProto.FLOAT)
    g.node("Mul", ["words.float", g.node("Gather", [scales, "ids"], "words.scale")], "words.value")
    # The positions 0, 1, … of as many tokens as there are.
    g.node("Shape", ["ids"], "length", start=1, end=2)
    positions = weights["emb.pos"] + weights["emb.type"][0]
    g.constant("from", np.array([0], np.int64))
    g.node("Slice", [g.constant("positions", positions), "from", "length", "from"], "positions.used")
    g.node("Add", ["words.value", "positions.used"], "summed")

    def norm(inputs: list[str], name: str, output: str, kind: str) -> str:
        extra = {"domain": FUSED} if kind == "SkipLayerNormalization" else {"axis": -1}
        scale, bias = g.constant(f"{name}.w", weights[f"{name}.w"]), g.constant(f"{name}.b", weights[f"{name}.b"])
        order = [*inputs[:2], scale, bias, *inputs[2:]]
        return g.node(kind, order, output, epsilon=source.epsilon, **extra)

    x = norm(["summed"], "emb.ln", "x0", "LayerNormalization")
    for i in range(source.layers):
        at = f"l{i}"
        joined = np.concatenate([weights[f"{at}.{part}.w"] for part in "qkv"]).T
        biases = np.concatenate([weights[f"{at}.{part}.b"] for part in "qkv"])
        inputs = [x, g.constant(f"{at}.qkv.w", joined), g.constant(f"{at}.qkv.b", biases)]
        g.node("Attention", inputs, f"{at}.attended", domain=FUSED, num_heads=source.heads)

        def linear(value: str, name: str) -> str:
            return g.node("MatMul", [value, g.constant(f"{name}.w", weights[f"{name}.w"].T)], f"{name}.out")

        def bias(name: str) -> str:
            return g.constant(f"{name}.b", weights[f"{name}.b"])

        value = linear(f"{at}.attended", f"{at}.ao")
        x = norm([value, x, bias(f"{at}.ao")], f"{at}.aln", f"{at}.x", "SkipLayerNormalization")
        inner = g.node("BiasGelu", [linear(x, f"{at}.fi"), bias(f"{at}.fi")], f"{at}.inner", domain=FUSED)
        x = norm([linear(inner, f"{at}.fo"), x, bias(f"{at}.fo")], f"{at}.oln", f"x{i + 1}", "SkipLayerNormalization")
    g.node("ReduceMean", [x], "mean", axes=[1], keepdims=0)
    g.node("LpNormalization", ["mean"], "vectors", axis=1, p=2)
    model = helper.make_model(
        helper.make_graph(
            g.nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "length"])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", source.hidden])],
            g.constants,
        ),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)],
    )
    model.ir_version = 8
    return model


def main() -> None:
    """Write the files of the engine."""
    with np.load(CHECKPOINT / "weights.npz") as stored:
        weights = {name: stored[name] for name in stored.files if not name.startswith("head.")}
    TUNED.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        onnx.save(graph(weights, packed.read(packed.default_path())), str(whole))
        # Processors without VNNI add two products in 16 bits, which 8-bit weights would overrun; 7 bits cannot.
        quantize_dynamic(
            whole,
            TUNED / "model.onnx",
            op_types_to_quantize=["MatMul", "Attention"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
            extra_options={"DefaultTensorType": TensorProto.FLOAT},
        )
    shutil.copy(CHECKPOINT / "tokenizer.json", TUNED / "tokenizer.json")
    print(f"{TUNED / 'model.onnx'}: {(TUNED / 'model.onnx').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
