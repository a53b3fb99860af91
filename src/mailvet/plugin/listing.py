"""
``--list-controls``: what would be judged.
"""

import sys

import pytest

from mailvet.catalogue import load_catalogue, why_not
from mailvet.inventory import Inventory, find_inventory
from mailvet.model import Activity
from mailvet.plugin.options import Options
from mailvet.profile import ProfileReader


def print_controls(config: pytest.Config) -> None:
    """
    Prints one line for each control; with ``--host`` says which apply to it.
    """
    options = Options.of(config)
    catalogue = load_catalogue(config.rootpath / "checks")
    reader = ProfileReader(config.rootpath / "profiles")
    inventory = Inventory(find_inventory(options.inventory, config.rootpath), reader)
    targets = inventory.targets(options.hosts)
    for control in catalogue.controls.values():
        reasons = [
            f"{each.key}: {why_not(control, each)}" for each in targets if why_not(control, each)
        ]
        state = f"  (not applicable, {'; '.join(reasons)})" if reasons else ""
        if control.activity is Activity.INTRUSIVE and not options.intrusive:
            state += "  (not run without --allow intrusive)"
        sys.stdout.write(f"{control.id:10} {control.severity:9} {control.title}{state}\n")
    applied = f", {len(targets)} host(s)" if targets else ""
    sys.stdout.write(f"{len(catalogue.controls)} controls{applied}\n")
