"""Speed and accuracy, measured side by side with what one would use otherwise; run as ``python -m bench.<name>``."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read when TensorFlow is imported, which Rasa does at once
os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
