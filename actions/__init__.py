"""What the action server runs: one file a concern. An action reads slots, asks the shop, and names a response."""
