"""Draw the pictures of docs/pictures.md: pages that the program writes about a small configuration in the sandbox.

Needs chromium and chromedriver. Run it from the repository: python -m docs.pictures
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.web.browser import opened

PICTURES = Path(__file__).parent / "pictures"

BEFORE = """\
version: 1
name: lines
defaults: {account: sales, timeout: 20, timezone: Europe/Moscow}
accounts:
  sales: {provider: exolve, api_key: {env: EXOLVE_API_KEY}}
contacts:
  duty-desk: {to: "74992223344", name: Дежурный}
  mobile: {to: "79161234567", name: Анна, timeout: 30}
schedules:
  office-hours: {weekly: {mon-fri: 09:00-18:00, sat: 10:00-14:00}}
numbers:
  "74991112233":
    description: Горячая линия, Москва
    forwarding:
      type: number
      redirect: sequential
      targets: [{to: duty-desk, schedule: office-hours}, {to: mobile}]
  "74991112244":
    description: Доставка
    forwarding: {type: number, targets: [{to: mobile}]}
"""
AFTER = BEFORE.replace("mon-fri: 09:00-18:00", "mon-fri: 09:30-17:00")
SCRIPT = f"""\
set -e
reconciler() {{ {sys.executable} -m reconciler "$@"; }}
reconciler apply --auto-approve --quiet > /dev/null
reconciler calendar --format html > calendar.html
cp _after.yaml reconciler.yaml
reconciler plan --format html > plan.html
reconciler plan --format html --language ru > plan.ru.html
curl --silent --output /dev/null --header "Authorization: Bearer $EXOLVE_API_KEY" \\
    --data '{{"number_code": "74991112244"}}' "$RECONCILER_SANDBOX/exolve/number/v1/DeleteCallForwarding"
reconciler audit --format html > audit.html || test $? = 2
"""


def main() -> None:
    """Write one PNG a page."""
    with TemporaryDirectory() as name, opened(Path(name)) as browser:
        folder = Path(name)
        (folder / "reconciler.yaml").write_text(BEFORE, "utf-8")
        (folder / "_after.yaml").write_text(AFTER, "utf-8")
        subprocess.run(
            [sys.executable, "-m", "reconciler", "sandbox", "--for", ".", "--exec", "bash", "-c", SCRIPT],
            cwd=folder,
            check=True,
        )
        PICTURES.mkdir(exist_ok=True)
        for page in folder.glob("*.html"):
            browser.show(page, width=1000)
            (PICTURES / f"{page.stem}.png").write_bytes(browser.picture())


if __name__ == "__main__":
    main()
