"""One running assistant for all conversations."""

from collections.abc import Iterator

import pytest

from tests.e2e.servers import Assistant, running


@pytest.fixture(scope="session")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with running(tmp_path_factory.mktemp("assistant")) as found:
        yield found
