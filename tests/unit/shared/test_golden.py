"""What an earlier commit has written is read to the very values, and written to the very bytes.

`golden/` was written by the code as it stood before its names were changed; it is only ever added to.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from cli.environment import AWS
from shared.aws.tables import EXPIRES_AT, TABLES
from shared.codec import decode, encode
from shared.metrics import Metric
from shared.models import Record
from shared.sessions.item import from_item, to_item
from shared.settings import Settings
from shared.streams import StreamName
from tests.unit.shared.golden.values import RECORDS, SESSIONS

pytestmark = pytest.mark.hermetic

GOLDEN = Path(__file__).with_name("golden")
EXAMPLE = Path(__file__).parents[3] / ".env.example"


def golden(file: str) -> dict[str, str]:
    lines = (GOLDEN / file).read_text(encoding="utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


def test_every_kind_of_record_is_there() -> None:
    assert golden("records.txt").keys() == RECORDS.keys()
    assert {type(record) for record in RECORDS.values()} == set(get_args(Record))


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_read_to_the_same_value_and_written_to_the_same_bytes(name: str) -> None:
    data = bytes.fromhex(golden("records.txt")[name])
    assert decode(data) == RECORDS[name]
    assert encode(RECORDS[name]) == data


def plain(value: Any) -> Any:
    """What DynamoDB's types stand for, as the table gives it to the store."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value if isinstance(value, str) or value is None else int(value)


@pytest.mark.parametrize("name", SESSIONS)
def test_a_sessions_item_is_read_to_the_same_value_and_written_to_the_same_attributes(name: str) -> None:
    typed = orjson.loads(golden("items.txt")[name])
    claimed = base64.b64decode(typed.pop("claimed")["B"])
    item = {column: plain(TypeDeserializer().deserialize(value)) for column, value in typed.items()}
    assert from_item(item | {"claimed": claimed}) == SESSIONS[name]
    written = to_item(SESSIONS[name])
    # How well it is compressed depends on the machine's zlib.
    assert zlib.decompress(written.pop("claimed")) == zlib.decompress(claimed)
    assert {column: TypeSerializer().serialize(value) for column, value in written.items()} == typed


def names() -> Iterator[str]:
    """The names by which others find what this project reads and writes, and the settings' defaults."""
    yield from (f"stream {name}" for name in StreamName)
    for table in TABLES:
        yield f"table {orjson.dumps(table.schema | {'name': table.name}, option=orjson.OPT_SORT_KEYS).decode()}"
    yield f"attribute {EXPIRES_AT}"
    yield from (f"setting {name}={value}" for name, value, *_ in Settings().describe())
    yield from (f"aws {name}" for name in AWS)
    yield from (f"metric {metric}" for metric in Metric)
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    yield from (f"example {line}" for line in lines if re.fullmatch(r"#?[A-Z_]+=.*", line))


def test_no_name_of_a_stream_a_table_a_setting_or_a_metric_has_changed() -> None:
    assert list(names()) == (GOLDEN / "names.txt").read_text(encoding="utf-8").splitlines()
