"""Plans, reports and diagnostics as versioned JSON; each file's models are the source of a file under `schemas/`."""

FORMAT_VERSION = "1.0"
