"""Every example, applied to a sandbox of both vendors that spells loosely: afterwards there is nothing to do."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from reconciler.model import Kind
from reconciler.plan.build import Options
from reconciler.plan.model import Consent, Plan
from reconciler.sandbox import Sandbox
from reconciler.settings import Configuration
from reconciler.wiring import open_session
from reconciler.workflow.apply import apply_stored
from reconciler.workflow.plan import make_plan
from reconciler.workflow.stored import StoredPlan
from tests.loading import load

EXAMPLES = Path(__file__).parent.parent / "examples"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.name != "invalid" and folder.is_dir())
CONSENT = Consent(
    allow=frozenset({"delete", "protected"}), overrides=frozenset({"policy-max-changes", "policy-change-window"})
)


def loaded(folder: Path) -> Configuration:
    configuration = load(folder).configuration
    assert configuration is not None
    return configuration


def populated(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    """Point an example's accounts at the sandbox, give it the numbers, and return the environment that opens it."""
    configuration = loaded(folder)
    path, yaml = folder / "reconciler.yaml", YAML()
    content = yaml.load(path)
    environ = {"RECONCILER_RECORD_KEY": "an-example's-record-key-of-32-bytes"}
    texts = "".join(file.read_text("utf-8") for file in folder.rglob("*.yaml"))
    environ |= {f"RECONCILER_VAR_{name}": f"value-of-{name}" for name in re.findall(r"\$\{var:(\w+)\}", texts)}
    for index, (name, account) in enumerate(content["accounts"].items()):
        mine = [item for item in configuration.desired if item.account == name]
        if account["provider"] == "mtt":
            sandbox.mtt.add_numbers(item.key.number for item in mine if item.key.kind is Kind.PARKING)
            account |= {"base_url": sandbox.mtt_url, "oauth_url": sandbox.oauth_url}
            account["refresh_token"] = {"env": "MTT_REFRESH_TOKEN"}
            environ |= {"MTT_CLIENT_ID": sandbox.client_id, "MTT_CLIENT_SECRET": sandbox.client_secret}
            environ["MTT_REFRESH_TOKEN"] = sandbox.refresh_token
        else:
            application = sandbox.main_application if index == 0 else None
            application = application or sandbox.exolve.add_application(
                name, api_key=f"key-of-{name}", uuid=f"app-{name}"
            )
            sandbox.exolve.add_numbers((item.key.number for item in mine), application)
            environ[account["api_key"]["env"]] = sandbox.api_key if index == 0 else f"key-of-{name}"
            account |= {"base_url": sandbox.exolve_url, "rate": {"per_second": 0, "concurrency": 8}}
    yaml.dump(content, path)
    return environ


@pytest.mark.parametrize("name", NAMES)
def test_a_second_plan_of_an_applied_example_is_empty(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    with Sandbox(numbers=0, mtt_numbers=0, loose=True, seed=7) as sandbox:
        environ = populated(folder, sandbox)
        configuration = loaded(folder)

        def planned() -> tuple[Plan, bool]:
            session = open_session(configuration, environ)
            try:
                plan, state = make_plan(session, Options(consent=CONSENT, kept=True))
                assert plan.complete, plan.diagnostics
                report = apply_stored(session, StoredPlan(plan, state))
            finally:
                session.close()
            return plan, report.converged

        first, converged = planned()
        assert first.has_changes
        assert converged
        second, _ = planned()
        assert second.changes == ()
        assert second.unchanged == len(configuration.desired)
