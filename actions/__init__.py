"""What the action server runs: one file a concern. An action reads slots, asks the shop, and names a response."""

import os

from viisi.logs import configure
from viisi.settings import Settings

configure(Settings.from_env(os.environ))
