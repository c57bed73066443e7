"""All providers there are, one row each; what is offline of them costs no network code."""

from __future__ import annotations

from typing import Final

from reconciler.plugins import plugin, plugin_names
from reconciler.providers.exolve import EXOLVE
from reconciler.providers.mtt import MTT
from reconciler.providers.vendor import Vendor

GROUP: Final = "reconciler.providers"


class Table(dict[str, Vendor]):
    """Rows by name; one that is not there is looked for among the plugins, which never take the place of ours."""

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name):
            return True
        added = plugin(GROUP, name, Vendor) if isinstance(name, str) else None
        if added is None:
            return False
        self[str(name)] = added
        return True

    def __missing__(self, name: str) -> Vendor:
        if name in self:
            return self[name]
        raise KeyError(name)

    def complete(self) -> Table:
        """The table with all plugins that are installed."""
        return Table(self | {name: self[name] for name in plugin_names(GROUP)})


PROVIDERS: Final = Table({"exolve": EXOLVE, "mtt": MTT})
