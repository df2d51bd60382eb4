"""The names in the configuration files stand for what one thinks they do; Rasa only logs a misspelt one and goes on."""

import importlib
import inspect
from types import ModuleType
from typing import get_origin

import pytest
from rasa.engine.graph import GraphComponent
from rasa.shared.core.constants import DEFAULT_ACTION_NAMES
from rasa.shared.core.domain import Domain
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.utils.common import class_from_module_path

from actions.base import TASK_SLOTS, BaseAction
from actions.tasks import ALWAYS, ANSWERS, IDENTITY, TASKS, OrderTask, Task
from viisi.languages import languages, read_yaml
from viisi.settings import ROOT
from viisi.training.importer import LanguageFolders

CONFIG = read_yaml(ROOT / "config.yml")
PIPELINE = [component["name"] for component in CONFIG["pipeline"]]


def action_modules() -> list[ModuleType]:
    paths = sorted((ROOT / "actions").glob("*.py"))
    return [importlib.import_module(f"actions.{path.stem}") for path in paths if path.stem != "__init__"]


def action_classes() -> dict[str, type[BaseAction]]:
    """Name in domain.yml to class, of all that rasa-sdk would register."""
    found = {
        item
        for module in action_modules()
        for item in vars(module).values()
        if inspect.isclass(item) and not get_origin(item) and issubclass(item, BaseAction) and not inspect.isabstract(item)
    }
    named = {item().name(): item for item in found}
    assert len(named) == len(found), "two classes have one name"
    return named


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))


def test_the_importer_is_ours():
    loaded = TrainingDataImporter.load_from_config(str(ROOT / "config.yml"), str(ROOT / "domain.yml"), [str(ROOT / "data")])
    # Rasa wraps them: for end-to-end training, for responses, and one around all of them.
    assert [type(importer) for importer in loaded.importer._importer._importers] == [LanguageFolders]


@pytest.mark.parametrize("name", [*PIPELINE, *(policy["name"] for policy in CONFIG["policies"])])
def test_components_resolve_and_take_their_options(name):
    component = class_from_module_path(name)
    assert issubclass(component, GraphComponent)
    [options] = [entry for entry in (*CONFIG["pipeline"], *CONFIG["policies"]) if entry["name"] == name]
    known = set(component.get_default_config())
    assert set(options) - {"name"} <= known, "an option that the component does not know is ignored without a word"


def test_components_stand_in_order():
    """Each reads what those before it set."""
    assert [name.rpartition(".")[2] for name in PIPELINE] == [
        "Normaliser",
        "LanguageIdentifier",
        "Tokenizer",
        "SentenceEncoder",
        "IntentClassifier",
        "EntityExtractor",
        "Fallback",
    ]


@pytest.mark.parametrize("name", PIPELINE)
def test_components_have_before_them_what_they_require(name):
    before = [class_from_module_path(other) for other in PIPELINE[: PIPELINE.index(name)]]
    for required in class_from_module_path(name).required_components():
        assert any(issubclass(other, required) for other in before), required


def test_the_identifier_speaks_the_languages_of_the_folders():
    identifier = class_from_module_path("viisi.nlu.language.LanguageIdentifier")
    assert set(identifier.get_default_config()["languages"]) == {language.base for language in languages().values()}


def test_credentials_name_channels():
    from rasa.core.channels import BUILTIN_CHANNELS
    from rasa.core.channels.channel import InputChannel

    for name in read_yaml(ROOT / "credentials.yml"):
        assert name in BUILTIN_CHANNELS or issubclass(class_from_module_path(name), InputChannel)


def test_endpoints_name_stores_and_brokers(tmp_path, monkeypatch):
    """The classes that Rasa makes of endpoints.yml; it falls back to memory where a name is wrong."""
    from rasa.core.brokers.broker import EventBroker
    from rasa.core.lock_store import InMemoryLockStore, LockStore
    from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
    from rasa.core.utils import AvailableEndpoints

    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    endpoints = AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    assert endpoints.action and endpoints.action.url.startswith("http")
    store = TrackerStore.create(endpoints.tracker_store)
    inner = getattr(store, "_tracker_store", store)
    assert type(inner) is SQLTrackerStore
    assert (tmp_path / "var" / "conversations.db").exists()
    if endpoints.event_broker:
        assert EventBroker.create(endpoints.event_broker) is not None
    assert isinstance(LockStore.create(endpoints.lock_store), LockStore if endpoints.lock_store else InMemoryLockStore)


def test_actions_and_domain_name_the_same(domain):
    listed = {name for name in domain.user_actions if not name.startswith("utter_")}
    assert listed == set(action_classes())


def test_every_action_has_a_rule_or_a_form(domain):
    steps = [
        step.get("action")
        for path in sorted((ROOT / "data" / "dialogue").glob("*.yml"))
        for rule in read_yaml(path)["rules"]
        for step in rule["steps"]
    ]
    known = {*domain.action_names_or_texts, *DEFAULT_ACTION_NAMES}
    said = {step for step in steps if step and not step.startswith("utter_")}
    assert said <= known
    in_rules = {name for name in action_classes() if not name.startswith("validate_")}
    assert in_rules <= said | {policy.get("core_fallback_action_name") for policy in CONFIG["policies"]}


def test_forms_have_tasks_and_tasks_have_forms(domain):
    tasks = {item().form for item in action_classes().values() if issubclass(item, Task)}
    assert tasks == set(domain.form_names)
    labels = {item.label for item in action_classes().values() if issubclass(item, Task)}
    assert labels == {*TASKS, "contact"}
    assert {item.label for item in action_classes().values() if issubclass(item, OrderTask)} <= set(TASKS)


@pytest.mark.parametrize("tag", languages())
def test_every_task_has_a_name_for_customers(tag):
    for task in (*TASKS, "contact"):
        assert languages()[tag].phrase("task", task)


def test_intents_and_slots_that_actions_name_exist(domain):
    assert {*TASKS, *ALWAYS, *ANSWERS} <= set(domain.intents)
    assert {*TASK_SLOTS, *IDENTITY} <= {slot.name for slot in domain.slots}


def test_no_folder_in_actions_hides_a_module():
    """rasa-sdk imports actions/ as a package and everything below it."""
    folders = {path.name for path in (ROOT / "actions").iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert not folders & {path.name for path in ROOT.iterdir()}


def test_domain_and_config_hold_no_wording():
    assert not read_yaml(ROOT / "domain.yml").get("responses")
