"""What the end-to-end tests share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.localstack.server import LocalStack
from processors.transcribe.engines.script import Script
from processors.transcribe.engines.scripted import ScriptedEngine
from tests.end_to_end.deployment import Deployment, deployed
from tests.end_to_end.pipeline_run import DEMO, PipelineRun, run_pipeline


@pytest.fixture
def deployment(localstack: LocalStack, tmp_path: Path) -> Iterator[Deployment]:
    """Terminals with streams of their own."""
    with deployed(localstack, tmp_path) as opened:
        yield opened


@pytest.fixture(scope="session")
def in_memory() -> PipelineRun:
    """The demo's recording on memory streams."""
    return asyncio.run(run_pipeline(ScriptedEngine(Script.load(DEMO / "recording.moonshine.jsonl")), realtime=False))
