"""What other distributions add under a name: providers and formats, found by their entry points when first asked for.

Knows the groups' names only by its callers; loads nothing that was not asked for.
"""

from __future__ import annotations

from typing import TypeVar

Kind = TypeVar("Kind")


class PluginError(Exception):
    """A plugin that is installed and cannot be used; `hint` is the remedy."""

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


# docs/decisions/180
def plugin(group: str, name: str, kind: type[Kind]) -> Kind | None:
    """Load what is installed under a name of a group; None where nothing is. Raises PluginError.

    `kind` is what the entry point must lead to.
    """
    from importlib.metadata import entry_points

    for found in entry_points(group=group, name=name):
        whose = f"the plugin {name} of {found.dist.name if found.dist is not None else found.value}"
        hint = f"install a release of it that fits this version, or remove it; its entry point is {found.value}"
        try:
            loaded = found.load()
        except (Exception, SystemExit) as error:  # a module that ends the program ends nothing here
            raise PluginError(f"{whose} cannot be loaded: {type(error).__name__}: {error}", hint=hint) from error
        if not isinstance(loaded, kind):
            raise PluginError(f"{whose} is a {type(loaded).__name__}, not a {kind.__name__}", hint=hint)
        return loaded
    return None


def plugin_names(group: str) -> list[str]:
    """The names of all plugins of a group that are installed."""
    from importlib.metadata import entry_points

    return sorted({found.name for found in entry_points(group=group)})
