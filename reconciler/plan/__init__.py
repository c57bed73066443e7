"""Desired, live and recorded values to a plan: decisions, their order, and the policy they are held against."""

from reconciler.plan.model import Breach, Calls, Consent, Plan

__all__ = ["Breach", "Calls", "Consent", "Plan"]
