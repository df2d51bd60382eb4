"""Languages: which tag serves which customer, and which language a request asks for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viisi.errors import ConfigurationError
from viisi.languages import DATA, language_folders, languages, match_tag, read_yaml, requested_language


@pytest.mark.parametrize(
    ("tag", "served_by"),
    [
        ("fi", "fi"),
        ("FI", "fi"),
        ("fa-IR", "fa"),
        ("fa_AF", "fa"),
        ("de-CH-1996", "de"),
        ("nl-BE", "nl"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("zh-Hans-TW", "zh-Hant"),  # a region that writes traditional characters
        ("zh-TW", "zh-Hant"),
        ("zh-Hant", "zh-Hant"),
        ("zh_HK", "zh-Hant"),
        ("zh-mo", "zh-Hant"),
        ("sv", None),
        ("fin", None),
        ("", None),
        (None, None),
        (5, None),
        (["fi"], None),
    ],
)
def test_match_tag(tag, served_by):
    assert match_tag(tag) == served_by


@given(st.text(max_size=30) | st.none() | st.integers() | st.lists(st.text()))
def test_match_tag_takes_anything(tag):
    assert match_tag(tag) is None or match_tag(tag) in languages()


REQUESTS = [
    # in the customer's own language
    ("puhutaanko suomea", "fi"),
    ("voisitko vastata suomeksi", "fi"),
    ("hollanniksi kiitos", "nl"),
    ("saksaksi?", "de"),
    ("osaatko kiinaa", "zh"),
    ("persiaksi", "fa"),
    ("kan dit in het Nederlands", "nl"),
    ("liever Duits a.u.b.", "de"),
    ("spreekt u Fins", "fi"),
    ("in het Perzisch graag", "fa"),
    ("können wir Deutsch sprechen", "de"),
    ("auf finnisch bitte", "fi"),
    ("lieber auf Niederländisch", "nl"),
    ("auf Chinesisch bitte", "zh"),
    ("请说中文", "zh"),
    ("可以说德语吗", "de"),
    ("換成繁體中文", "zh-Hant"),
    ("用波斯语", "fa"),
    ("荷兰语可以吗", "nl"),
    ("فارسی صحبت کنید", "fa"),
    ("فارسي لطفا", "fa"),  # with the Arabic yeh
    ("آلمانی بلدی؟", "de"),
    ("فنلاندی", "fi"),
    ("به هلندی", "nl"),
    ("چینی بلدید؟", "zh"),
    # in English
    ("Please speak German", "de"),
    ("can we do this in Dutch?", "nl"),
    ("Finnish", "fi"),
    ("traditional Chinese please", "zh-Hant"),
    ("Farsi please", "fa"),
    # another language
    ("English please", "other"),
    ("på svenska tack", "other"),
    ("spreekt u Engels?", "other"),
    ("auf Englisch bitte", "other"),
    ("englanniksi", "other"),
    ("说英语", "other"),
    ("انگلیسی", "other"),
    # not X but Y: the last one counts
    ("not in German, please in Dutch", "nl"),
    ("niet in het Duits maar in het Nederlands", "nl"),
    ("nicht Niederländisch, sondern Deutsch", "de"),
    ("ei saksaksi vaan suomeksi", "fi"),
    ("不要德语，要中文", "zh"),
    ("آلمانی نه، فارسی", "fa"),
    ("DEUTSCH!!!", "de"),
    ("deutsch\nbitte", "de"),
    # none
    ("change the language", None),
    ("kieli", None),
    ("104233", None),
    ("", None),
    ("Deutschland", None),
    ("suomenlinna", None),
]


@pytest.mark.parametrize(("text", "tag"), REQUESTS)
def test_requested_language(text, tag):
    assert requested_language(text) == tag


@given(st.text(max_size=200))
def test_requested_language_takes_anything(text):
    assert requested_language(text) in {None, "other", *languages()}


@pytest.mark.parametrize("tag", languages())
def test_each_language_is_asked_for_by_its_own_name(tag):
    assert requested_language(languages()[tag].name) == tag


def test_the_languages():
    assert list(languages()) == ["de", "fa", "fi", "nl", "zh", "zh-Hant"]
    traditional = languages()["zh-Hant"]
    assert traditional.base == "zh" and traditional.folder == languages()["zh"].folder
    assert traditional.text("订单还没到") == "訂單還沒到"
    assert languages()["zh"].text("订单还没到") == "订单还没到"
    assert traditional.phrase("task", "track_order") == traditional.text(languages()["zh"].phrase("task", "track_order"))


@pytest.mark.parametrize("path", [("task", "no_such_task"), ("nothing",), ("task",), ("task", "track_order", "deeper")])
def test_a_missing_phrase_names_file_and_key(path):
    with pytest.raises(ConfigurationError, match=rf"nl.language\.yml: phrases\.{'.'.join(path)} is missing; copy it"):
        languages()["nl"].phrase(*path)


def folder(tmp_path: Path, content: str) -> Path:
    (tmp_path / "xx").mkdir()
    (tmp_path / "xx" / "language.yml").write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "key", ["name", "locale", "direction", "phrases", "language_names", "all_words", "unspoken", "person_button"]
)
def test_a_missing_key_names_file_and_key(tmp_path, key):
    whole = (DATA / "nl" / "language.yml").read_text(encoding="utf-8")
    assert f"\n{key}:" in f"\n{whole}"
    data = folder(tmp_path, f"\n{whole}".replace(f"\n{key}:", f"\nnot_{key}:"))
    with pytest.raises(ConfigurationError, match=rf"xx.language\.yml: {key} is missing; copy it"):
        languages(data)


def test_a_new_folder_is_a_new_language(tmp_path):
    data = folder(tmp_path, (DATA / "nl" / "language.yml").read_text(encoding="utf-8"))
    (tmp_path / "dialogue").mkdir()  # has no language.yml and so is none
    assert list(languages(data)) == ["xx"] and [path.name for path in language_folders(data)] == ["xx"]


def test_no_language_at_all(tmp_path):
    with pytest.raises(ConfigurationError, match="holds no language"):
        languages(tmp_path)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("a: 1\na: 2\n", "line"),
        ("a: [1\n", "line"),
        ("a: b: c\n", "line 1"),
        ("- a\n", "holds no mapping"),
        ("", "holds no mapping"),
    ],
)
def test_read_yaml_names_file_and_fault(tmp_path, content, fault):
    path = tmp_path / "some.yml"
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=fault) as raised:
        read_yaml(path)
    assert str(path) in str(raised.value) and "\n" not in str(raised.value)


def test_read_yaml_of_a_file_in_another_encoding(tmp_path):
    path = tmp_path / "some.yml"
    path.write_bytes("a: Löytyykö".encode("latin-1"))
    with pytest.raises(ConfigurationError):
        read_yaml(path)
