"""Desired, live and recorded values to a plan: decisions, their order, and the policy they are held against."""
