"""What a broadcast ends by saying: the latencies, and the files that it wrote."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cli.broadcast.job import Job
from cli.preflight import length_told


def print_summary(console: Console, job: Job) -> None:
    """Prints the latencies of the outcome as a table, what is missing in it, and every file's name."""
    outcome = job.outcome
    latencies = outcome.latencies.percentiles()
    if latencies:
        table = Table(title="Latencies in ms", title_justify="left")
        table.add_column("from the step before, or from the speaker")
        for column in ("count", "p50", "p95"):
            table.add_column(column, justify="right")
        for name, figures in latencies.items():
            table.add_row(name, str(figures.count), f"{figures.p50:,.0f}", f"{figures.p95:,.0f}")
        console.print(table)
    if not outcome.complete:
        captions = f"{count} captions" if (count := outcome.captions[job.source]) != 1 else "1 caption"
        reach = f", up to {outcome.reached:.1f} s{length_told(job.wav.duration)}" if count else ""
        console.print(f"Stopped after {captions}{reach}.")
    for what, count in sorted(outcome.left_out.items()):
        console.print(f"{count} {what}", style="yellow", markup=False)
    console.print("Wrote:")
    for file in job.files:
        console.print(f"  {file}", markup=False, highlight=False, soft_wrap=True)
    if job.left_over:
        console.print("From an earlier run, not of this one:")
    for file in job.left_over:
        console.print(f"  {file}", markup=False, highlight=False, soft_wrap=True)
