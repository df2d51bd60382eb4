"""``rasa data validate`` with warnings as faults, on the classes that config.yml really loads. Called by scripts/check."""

import logging
import sys
import warnings

from rasa.shared.importers.importer import TrainingDataImporter
from rasa.validator import Validator

from scripts.train import quiet


def main() -> int:
    """0 where domain, rules and examples fit one another."""
    quiet()
    warnings.simplefilter("ignore")
    logging.getLogger("rasa.validator").setLevel(logging.WARNING)
    importer = TrainingDataImporter.load_from_config("config.yml", "domain.yml", ["data"])
    validator = Validator.from_importer(importer)
    checks = {
        "domain": validator.verify_domain_validity(),
        "intents": validator.verify_intents(ignore_warnings=False),
        # Repeated examples are a house test's matter: one word may mean two things in two languages.
        "rules": validator.verify_story_structure(ignore_warnings=False),
        "actions": validator.verify_actions_in_stories_rules(),
        "forms": validator.verify_forms_in_stories_rules(),
        "slots": validator.verify_slot_mappings(),
    }
    faults = [name for name, fine in checks.items() if not fine]
    if faults:
        print(f"viisi: Rasa's validation failed on: {', '.join(faults)}; see the warnings above", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
