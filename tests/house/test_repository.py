"""The repository: settings are listed, dependencies are pinned, and no customer's words stand in Python."""

import ast
import os
import re
from pathlib import Path

import pytest
import tomli

from viisi.settings import ROOT, Settings

LEFT_OUT = {".venv", ".git", ".cache", ".rasa", "models", "var", "__pycache__", ".hypothesis", "node_modules"}
LOCKS = ("requirements.lock", "requirements-dev.lock")


def files(*endings: str) -> list[Path]:
    """The repository's own files, without what is made here."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in LEFT_OUT and not name.endswith("_cache")]
        found += [Path(folder, name) for name in names if not endings or name.endswith(endings)]
    return sorted(found)


class Asked(dict):
    """An environment that notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def get(self, key, default=None):
        self.names.add(key)
        return default

    def __getitem__(self, key):
        self.names.add(key)
        raise KeyError(key)

    def __contains__(self, key):
        self.names.add(key)
        return False


def listed_settings() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.partition("=")[::2] for line in lines if line.strip() and not line.startswith("#"))


def test_env_example_lists_exactly_the_settings():
    asked = Asked()
    Settings.from_env(asked)
    assert set(listed_settings()) == asked.names


def test_env_example_shows_the_defaults(monkeypatch):
    monkeypatch.chdir(ROOT)
    shown, default = Settings.from_env(listed_settings()), Settings.from_env({})
    assert shown.shop_file.resolve() == default.shop_file.resolve()
    assert {**vars(shown), "shop_file": None} == {**vars(default), "shop_file": None}


def test_every_setting_is_explained():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in zip(lines, lines[1:], strict=False):
        assert not re.match(r"\w+=", line) or before.startswith("#"), line


@pytest.mark.parametrize("name", LOCKS)
def test_locks_pin_with_hashes_and_without_addresses(name):
    text = (ROOT / name).read_text()
    pinned = re.findall(r"^([A-Za-z0-9][\w.-]*)==(\S+)(?: ; [^\\\n]+)?( \\)?$", text, re.MULTILINE)
    wanted = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pinned) == len(wanted) > 10, set(wanted) - {"".join(pin) for pin in pinned}
    assert all(continued for _, _, continued in pinned), "a dependency without a hash"
    assert text.count("--hash=sha256:") >= len(pinned)
    assert not re.search(r"https?://|--(?:extra-)?index-url|--find-links|file:|@ ", text)


def test_locks_hold_every_dependency():
    project = tomli.loads((ROOT / "pyproject.toml").read_text())
    for lock, wanted in zip(LOCKS, (project["project"]["dependencies"], project["dependency-groups"]["dev"]), strict=True):
        locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", (ROOT / lock).read_text(), re.MULTILINE)}
        names = {re.match(r"[\w.-]+", dependency)[0].lower().replace("_", "-") for dependency in wanted}
        assert names <= locked, f"{lock}: run make lock"


def test_no_file_names_a_place_on_one_machine():
    places = re.compile("/(?:work|home|root|Users|tmp/[a-z])" + r"/|[A-Z]:\\Users")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files(".py", ".yml", ".toml", ".md", ".lock", ".example", "Makefile", ".sh")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if places.search(line)
    ]
    assert not found


def test_there_is_a_licence():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "Version 2.0" in text


# Strings with letters beyond ASCII that are data, not wording: file, and what each is made of.
DATA_IN_PYTHON = {
    "orders.py": r"[省自治区區市\\u0-9a-f|(?:^!){},;:،，。.؛：\s\[\]+?-]+",  # provinces and towns in addresses
    "refunds.py": r"[一二三四五六七八九十第\\s,、.和与跟号\[\]()+?*\w!<>×个個件{},\d-]{1,80}",  # numbers and counters
    "products.py": r"\W*",
    "base.py": r"\W*",
}


def wording_in(path: Path) -> list[str]:
    """The strings of a module that hold letters beyond ASCII, docstrings left aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and any(c.isalpha() and not c.isascii() for c in node.value)
    ]


@pytest.mark.parametrize("path", sorted((ROOT / "actions").glob("*.py")), ids=lambda path: path.name)
def test_no_words_of_a_language_stand_in_actions(path):
    allowed = DATA_IN_PYTHON.get(path.name, r"(?!)")
    assert not [text for text in wording_in(path) if not re.fullmatch(allowed, text)], "wording belongs into data/<lang>/"


def test_actions_speak_through_responses_only():
    """No text of an action's own: rasa-sdk's dispatcher is asked in actions/base.py, and there for responses."""
    calls = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in sorted((ROOT / "actions").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "utter_message"
    ]
    assert calls and all(name == "base.py" and "response" in passed and "text" not in passed for name, passed in calls)
