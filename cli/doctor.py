"""`llt doctor`: what is installed, what is missing, how to get it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cli import checks
from cli.checks import Finding
from cli.console import Console, put_json
from processors.engines.engines import Engines
from processors.engines.spec import EngineKind
from shared.clean import clean
from shared.errors import UnsupportedLanguage
from shared.settings import Settings

#: What the demo speaks, and into what it is translated, unless it is told otherwise.
_SOURCE, _TARGETS = "en", ("es", "ca")


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a script to read.")] = False
) -> None:
    """Show what is installed, what is missing and how to get it; exit 1 if the demo lacks something."""
    findings = asyncio.run(_examine())
    ready = all(finding.present for finding in findings if finding.needed)
    if as_json:
        shown = {"ready": ready, "findings": [asdict(finding) for finding in findings]}
        put_json(shown)
    else:
        _print(findings, ready=ready)
    if not ready:
        raise typer.Exit(1)


async def _examine() -> list[Finding]:
    """Every finding; engines are opened for it, and closed again."""
    findings = [*checks.python(), *checks.packages()]
    settings = Settings.load()
    chosen: dict[str, Any] = {}
    try:
        for finding, engine in checks.engines(settings):
            findings.append(finding)
            if finding.present and finding.needed:
                chosen[finding.part] = engine
            elif engine is not None:
                await _close(engine)
        if len(chosen) == len(EngineKind):
            findings.append(_demo(Engines(**chosen)))
    finally:
        await _close(*chosen.values())
    return [
        *findings,
        *checks.engine_packages(),
        *checks.aws(settings),
        *checks.debian_packages(),
        *checks.kcl(),
        *checks.localstack(),
        *checks.microphone(),
    ]


async def _close(*engines: Any) -> None:
    # One that fails at its end was looked at all the same.
    await asyncio.gather(*(engine.close() for engine in engines), return_exceptions=True)


def _demo(engines: Engines) -> Finding:
    """Whether the chosen engines together serve the demo's languages."""
    try:
        engines.check(_SOURCE, _TARGETS)
    except UnsupportedLanguage as error:
        return Finding("demo", "languages", present=False, needed=True, detail="not served", remedy=str(error))
    reached = tuple(sorted(engines.translator.targets(_SOURCE) & engines.synthesizer.languages()))
    detail = f"captions and speech in {', '.join(reached)}"
    return Finding("demo", "languages", present=True, needed=True, detail=detail, languages=reached)


def _print(findings: Sequence[Finding], *, ready: bool) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    part = ""
    for finding in findings:
        state = "[green]ok" if finding.present else "[red]missing" if finding.needed else "[yellow]absent"
        table.add_row(finding.part if finding.part != part else "", finding.name, state, escape(clean(finding.detail)))
        part = finding.part
    console = Console()
    console.print(table)
    absent = [finding for finding in findings if not finding.present]
    if absent:
        console.print("\nTo get what is not there:")
    # What the engine of two stages lacks is said once.
    for line in dict.fromkeys(f"{finding.name}: {finding.remedy}" for finding in absent):
        # In one piece, to be copied.
        console.print(f"  {escape(clean(line))}", soft_wrap=True, highlight=False)
    lacking = ", ".join(finding.name for finding in absent if finding.needed)
    console.print("\nReady for `llt demo`." if ready else f"\nNot ready for `llt demo`: it needs {lacking}.")
