"""Makes the encoder that ships with Viisi: multilingual-e5-small, cut to our languages and fine-tuned to tell wishes apart.

    python -m finetuning --massive FOLDER        learn, and write a checkpoint after each epoch
    python -m finetuning.export                  write the checkpoint as the files that the engine `tuned` reads

Nothing of this is needed to build, train or run the assistant. What went into the shipped file stands beside it.
"""

from pathlib import Path

CHECKPOINT = Path("finetuning/checkpoint")
