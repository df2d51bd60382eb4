"""Speed and accuracy, measured side by side with what one would use otherwise; run as ``python -m bench.<name>``."""
