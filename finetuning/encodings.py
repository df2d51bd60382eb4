"""Encodes all training examples with the tuned encoder and keeps the vectors beside it: ``python -m finetuning.encodings``."""

from pathlib import Path

from rasa.shared.nlu.constants import TEXT

from viisi.nlu.encoder import TUNED, TunedEngine, encoder_text, write_encodings
from viisi.training.importer import LanguageFolders


def main() -> None:
    """Write the file."""
    data = LanguageFolders(training_data_paths=[str(Path("data"))]).get_nlu_data()
    texts = sorted({encoder_text(message.get(TEXT)) for message in data.training_examples if message.get(TEXT)})
    engine = TunedEngine()
    path = TUNED / "encodings.npz"
    write_encodings(path, engine.identity, texts, engine.encode(texts))
    print(f"{path}: {len(texts)} texts, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
