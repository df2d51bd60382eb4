"""The responses: every language has the same ones, something says each of them, and nothing in them stays unfilled."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain

from actions.handoff import TICKET_INTENTS
from viisi.dialogue import FAILED, INTRODUCTION
from viisi.facts import placeholders, read_facts
from viisi.languages import language_folders, languages
from viisi.languages import read_yaml as read_yaml_slowly
from viisi.settings import ROOT
from viisi.shop import sql
from viisi.shop.base import OrderStatus, RefundStatus, Shop
from viisi.training.importer import language_responses
from viisi.training.importer import responses as all_responses

FOLDERS = language_folders()
MODEL = language_folders()[0]  # any will do: all are compared with one another
read_yaml, responses = cache(read_yaml_slowly), cache(all_responses)
# May stand in a sentence or not: they tell nobody anything new.
NAMES_OF_THE_SHOP = {"shop_name", "shop_url"}
# Said by Rasa itself: action_restart.
RASAS_OWN = {"utter_restart"}


@cache
def wording(folder: Path) -> dict:
    """(response, topic) to its variations."""
    return {(name, topic): found for name, topics in language_responses(folder).items() for topic, found in topics.items()}


def keys(content: object, path: str = "") -> Iterator[str]:
    """The paths of all keys below ``content``."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield f"{path}.{key}"
            yield from keys(value, f"{path}.{key}")


def phrases(folder: Path, content: object = None, path: str = "") -> dict[str, str]:
    """The phrases that customers read, by their paths."""
    content = read_yaml(folder / "language.yml")["phrases"] if content is None else content
    if isinstance(content, str):
        return {path: content}
    if not isinstance(content, dict):
        return {}  # words that customers type
    return {deeper: text for key, value in content.items() for deeper, text in phrases(folder, value, f"{path}.{key}").items()}


def placeholders_in(variation: dict) -> set[str]:
    titles = (button["title"] for button in variation.get("buttons", []))
    return set(re.findall(r"\{(\w+)\}", " ".join([variation["text"], *titles])))


# --- every language has what any other has


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
class TestEachLanguage:
    def test_has_every_response_topic_and_answer(self, folder):
        everyones = set(chain.from_iterable(wording(other) for other in FOLDERS))
        assert not everyones - set(wording(folder)), f"missing in data/{folder.name}"

    def test_asks_every_faq_question_where_any_does(self, folder):
        asked = {
            other.name: {key for key, entry in read_yaml(other / "faq.yml")["faq"].items() if entry.get("questions")}
            for other in FOLDERS
        }
        assert asked[folder.name] == set.union(*asked.values())

    def test_has_every_phrase(self, folder):
        everyones = {path for other in FOLDERS for path in keys(read_yaml(other / "language.yml")["phrases"])}
        assert set(keys(read_yaml(folder / "language.yml")["phrases"])) == everyones

    def test_phrases_name_no_value_that_others_do_not(self, folder):
        for path, text in phrases(folder).items():
            everyones = set().union(*(re.findall(r"\{(\w+)\}", phrases(other)[path]) for other in FOLDERS))
            assert set(re.findall(r"\{(\w+)\}", text)) <= everyones, path

    def test_names_every_language(self, folder):
        named = read_yaml(folder / "language.yml")["language_names"]
        assert set(named) == {*languages(), "other"}
        assert all(named.values())

    def test_takes_the_same_values_from_actions(self, folder):
        facts = set(placeholders(read_facts(), languages()[folder.name]))
        for key, found in wording(folder).items():
            for variation in found:
                assert placeholders_in(variation) - facts == placeholders_in(wording(MODEL)[key][0]) - facts, key

    def test_buttons_send_the_same(self, folder):
        sent = {
            name: {key: [[b["payload"] for b in v.get("buttons", [])] for v in found] for key, found in wording(at).items()}
            for name, at in (("model", MODEL), ("own", folder))
        }
        for key, payloads in sent["own"].items():
            assert payloads[0] == sent["model"][key][0], key
            assert all(one == payloads[0] for one in payloads), f"{key}: all variations have the same buttons"


@pytest.mark.parametrize(("name", "topic"), wording(MODEL))
def test_a_response_tells_the_same_facts_in_every_language(name, topic):
    """Whoever asks in Dutch learns what one who asks in Finnish learns."""
    told = {
        folder.name: set().union(*map(placeholders_in, wording(folder).get((name, topic), []))) - NAMES_OF_THE_SHOP
        for folder in FOLDERS
    }
    everyones = set.union(*told.values())
    assert not {tag: everyones - found for tag, found in told.items() if found != everyones}, "not told in these languages"


def test_buttons_send_intents_of_the_domain(domain: Domain):
    payloads = {
        button["payload"] for found in responses().values() for variation in found for button in variation.get("buttons", [])
    }
    assert {payload.removeprefix("/") for payload in payloads} <= set(domain.intents)
    assert all(payload.startswith("/") for payload in payloads)


def test_every_faq_entry_is_an_intent_with_a_rule(domain: Domain):
    for folder in FOLDERS:
        labels = {key.partition(".")[0] for key in read_yaml(folder / "faq.yml")["faq"]}
        assert labels <= set(domain.intents)
        assert {f"utter_{label}" for label in labels} <= said_by_rules()


# --- every response is said somewhere, and whatever is said exists


def actions_sources() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "actions").glob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def reasons(method: str) -> set[str]:
    """The reasons for NotAllowed that the contract documents for a method."""
    documented = getattr(Shop, method).__doc__.partition("NotAllowed")[2]
    return set(re.findall(r"``([a-z]+_[a-z_]+)``", documented))


def return_refusals() -> set[str]:
    """The refusals that viisi/returns.py gives."""
    tree = ast.parse((ROOT / "viisi" / "returns.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Return"]
    return {
        constant.value
        for call in calls
        for constant in ast.walk(call)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }


# What stands between the braces of a response's name in actions/, by the name with {} for it; where a function says only
# some of them, by its name too.
FAMILIES = {
    "conclude utter_track_order_{}": {OrderStatus.PAID.value, OrderStatus.PACKED.value},
    "_under_way utter_track_order_{}": {OrderStatus.SHIPPED.value, OrderStatus.DELAYED.value},
    "utter_cancel_order_{}": reasons("cancel_order"),
    "utter_change_shipping_address_{}": reasons("change_shipping_address"),
    # GetRefund._refuse says already_refunded for amount_too_high
    "utter_get_refund_{}": (reasons("request_refund") | return_refusals()) - {"amount_too_high"},
    "utter_exchange_item_{}": reasons("request_exchange") | return_refusals(),
    "utter_report_damaged_item_{}": reasons("report_damage"),
    "utter_track_refund_{}": {status.value for status in RefundStatus},
    "utter_{}": {*TICKET_INTENTS, "contact_human_agent"},
}


def test_families_are_those_in_the_code():
    found = {named(node) for _, tree in actions_sources() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)}
    assert {name for name in found if name.startswith("utter_")} == {name.split()[-1] for name in FAMILIES}


def test_every_state_of_an_order_and_of_a_refund_has_an_answer():
    assert {f"utter_track_order_{status.value}" for status in OrderStatus} <= said_by_actions()
    assert {f"utter_track_refund_{status.value}" for status in RefundStatus} <= said_by_actions()


@pytest.mark.parametrize(
    ("method", "forbidding"),
    [
        ("cancel_order", sql.FORBIDS_CANCELLING),
        ("change_shipping_address", sql.FORBIDS_READDRESSING),
        ("request_refund", sql.FORBIDS_RETURNING),
        ("request_exchange", sql.FORBIDS_RETURNING),
        ("report_damage", sql.FORBIDS_DAMAGE),
    ],
)
def test_the_sql_shop_gives_documented_reasons(method, forbidding):
    assert set(forbidding.values()) <= reasons(method)


def named(node: ast.AST) -> str:
    """A string, an f-string with {} for each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def resolved(name: str, function: str = "") -> set[str]:
    """The responses that a name with {} stands for, all of them or those of one function."""
    if "{}" not in name:
        return {name}
    keys = [key for key in FAMILIES if key.split()[-1] == name and (" " not in key or function in ("", key.split()[0]))]
    return {name.replace("{}", value) for key in keys for value in FAMILIES[key]}


@cache
def said_by_actions() -> frozenset[str]:
    """Every response that actions/ name: all strings that look like one."""
    found = set()
    for _, tree in actions_sources():
        inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            name = named(node) if id(node) not in inside else ""
            if re.fullmatch(r"utter_[a-z_{}]+", name):
                found |= resolved(name)
    # actions/tasks.py asks whether the first was said; the second is a field of Rasa's events.
    return frozenset(found - {INTRODUCTION, "utter_action"})


@cache
def said_by_rules() -> frozenset[str]:
    steps = (
        step
        for path in sorted((ROOT / "data" / "dialogue").glob("*.yml"))
        for kind in ("rules", "stories")
        for rule in read_yaml(path).get(kind, [])
        for step in rule["steps"]
    )
    return frozenset(step["action"] for step in steps if step.get("action", "").startswith("utter_"))


ANYTHING: set[str] = set()  # for responses that nothing says, of which another test tells
SAID_BY_DIALOGUE = {INTRODUCTION, FAILED}


def test_what_is_said_exists():
    said = said_by_actions() | said_by_rules() | SAID_BY_DIALOGUE
    missing = said - set(responses())
    assert not missing, "write it in every data/<lang>/responses.yml"


def test_what_exists_is_said():
    said = said_by_actions() | said_by_rules() | SAID_BY_DIALOGUE | RASAS_OWN
    unused = set(responses()) - said
    assert not unused, "remove it from every data/<lang>/responses.yml, or say it somewhere"


def test_domain_names_no_response_that_nobody_wrote(domain: Domain):
    assert {action for action in domain.action_names_or_texts if action.startswith("utter_")} <= set(responses())


# --- nothing stays unfilled

# Set only where the order has them, which it does whenever the response named here is chosen; tests/actions runs each.
ONLY_WHERE_KNOWN = {
    "utter_get_refund_window_over": {"delivered_on", "last_day"},
    "utter_exchange_item_window_over": {"delivered_on", "last_day"},
    "utter_track_refund_requested": {"requested_on"},
    "utter_track_refund_paid": {"paid_on"},
}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def called(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


class Module:
    """One module of actions/: which values it passes with each response."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    def passed(self) -> Iterator[tuple[str, set[str]]]:
        for function in self._functions:
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and called(call) in ("say", "offer") and call.args:
                    values = {keyword.arg for keyword in call.keywords if keyword.arg}
                    for keyword in call.keywords:
                        if keyword.arg is None:
                            values |= self._mapping(function, keyword.value)
                    for response in self._responses(function, call.args[0]):
                        yield response, values

    def _responses(self, function: Function, argument: ast.expr) -> Iterator[str]:
        """The responses that an argument may name."""
        if isinstance(argument, ast.IfExp):
            yield from self._responses(function, argument.body)
            yield from self._responses(function, argument.orelse)
        elif isinstance(argument, ast.Name):  # a parameter: what callers pass for it
            place = [parameter.arg for parameter in function.args.args].index(argument.id)
            for caller in self._functions:
                for call in ast.walk(caller):
                    if isinstance(call, ast.Call) and called(call) == function.name:
                        yield from self._responses(caller, call.args[place])
        else:
            assert named(argument), ast.dump(argument)
            yield from resolved(named(argument), function.name)

    def _mapping(self, function: Function, value: ast.expr) -> set[str]:
        """The keys that ``**value`` surely has."""
        if isinstance(value, ast.Call):
            [function] = [other for other in self._functions if other.name == called(value)]
            [value] = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        assert isinstance(value, ast.Name), ast.dump(value)
        if value.id in {parameter.arg for parameter in function.args.args}:  # callers name it alike
            callers = [
                caller
                for caller in self._functions
                if any(isinstance(call, ast.Call) and called(call) == function.name for call in ast.walk(caller))
            ]
            return set.intersection(*(keys_set(caller.body, value.id) for caller in callers))
        return keys_set(function.body, value.id)


def keys_set(body: list[ast.stmt], name: str) -> set[str]:
    """The keys that a function puts into the dict ``name``, but for those under a condition."""
    found: set[str] = set()
    for statement in body:
        if isinstance(statement, (ast.For, ast.With, ast.Try)):
            found |= keys_set(statement.body, name)
        elif isinstance(statement, (ast.Assign, ast.AugAssign)) and isinstance(statement.value, ast.Dict):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if any(isinstance(target, ast.Name) and target.id == name for target in targets):
                found |= {named(key) for key in statement.value.keys if key}
    return found


@cache
def passed_by_actions() -> dict[str, set[str]]:
    """Response to the values that it gets wherever it is said."""
    found: dict[str, list[set[str]]] = defaultdict(list)
    for _, tree in actions_sources():
        for response, passed in Module(tree).passed():
            found[response].append(passed)
    return {response: set.intersection(*passed) | ONLY_WHERE_KNOWN.get(response, set()) for response, passed in found.items()}


def test_the_map_of_values_is_complete():
    assert set(passed_by_actions()) == said_by_actions()


def test_the_map_of_values_is_right():
    """The reader above against what one reads in the code oneself."""
    passed = passed_by_actions()
    assert passed["utter_stop"] == set()
    assert passed["utter_track_order_shipped"] == {"order_number", "items", "carrier", "expected_on", "link"}
    assert passed["utter_request_order_lines"] == {"order_number", "items"}
    assert passed["utter_get_refund_not_delivered"] == {"order_number"}
    assert passed["utter_complaint"] == {"ticket_number", "answer_time"}


@pytest.mark.parametrize("tag", languages())
def test_every_placeholder_is_filled(tag):
    """What the facts did not fill, the action that says it must; Rasa leaves the rest in the text as it stands."""
    unfilled = {}
    for name, variations in responses().items():
        given = passed_by_actions().get(name, ANYTHING)
        if name in said_by_rules() | SAID_BY_DIALOGUE | RASAS_OWN:
            given = set()  # said without an action
        for variation in variations:
            conditions = {condition["name"]: condition["value"] for condition in variation.get("condition", [])}
            if given is not ANYTHING and conditions.get("language", tag) == tag and placeholders_in(variation) - given:
                unfilled[name] = placeholders_in(variation) - given
    assert not unfilled


def test_conditions_leave_no_state_without_an_answer():
    """Every response: each language once under its condition, the default language once more without one."""
    default = {"type": "slot", "name": "language", "value": read_facts().default_language}
    for name, variations in responses().items():
        assert not any("channel" in variation for variation in variations), "a variation with a channel beats the others"
        free = [variation for variation in variations if "condition" not in variation]
        assert free, name
        if name == "utter_unspoken_language":  # the same in every language
            continue
        conditions = [condition for variation in variations for condition in variation.get("condition", [])]
        assert {condition["value"] for condition in conditions if condition["name"] == "language"} == set(languages()), name
        own = [variation["text"] for variation in variations if default in variation.get("condition", [])]
        assert {variation["text"] for variation in free} <= set(own), name


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(ROOT / "domain.yml"))
