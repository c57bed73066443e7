"""libyaml's parser, where PyYAML was built with it; without it ruamel's parser reads every file.

Says nothing itself: whoever starts a command tells how slow that is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# docs/decisions/164
PARSER: Callable[[str], Any] | None
try:
    from yaml._yaml import CParser
except ImportError:
    PARSER = None
else:
    PARSER = CParser
