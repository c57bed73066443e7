"""The one place that builds HTTP clients: hosts, budget, retries, deadlines, caps; knows no endpoint."""
