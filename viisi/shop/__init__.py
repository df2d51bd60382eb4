"""Shop backends: the contract in ``base.py`` and one file for each adapter."""
