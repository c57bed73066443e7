"""What an editor asks of a configuration while it is being written; `server` speaks the protocol.

Reads files and what the editor holds in their place. Must not run a command, read a secret or use the network.
"""

from __future__ import annotations
