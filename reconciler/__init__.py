"""Phone numbers as code: plan and apply the routing of phone numbers from YAML in git."""

__version__ = "0.1.0"
