"""`llt dead-letters` on a stream of real letters, and of what is none."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from shared.codec import encode
from shared.models import AudioFrame, DeadLetter, FinalResult, Record, SessionEnded, Word
from tests.support.localstack import Observer
from tests.unit.cli.outcome import Llt

pytestmark = pytest.mark.system

AT = 1_790_000_000_000
SAID = FinalResult(
    session="talk",
    captured_at=AT,
    hops={"ingest": AT + 50},
    take=1,
    utterance=2,
    start=0,
    end=900,
    position=1000,
    items=(Word("hidden", 0, 400), Word("treasure", 400, 900)),
)


def letter(**fields: Any) -> DeadLetter:
    defaults: dict[str, Any] = {"session": "talk", "captured_at": AT, "stage": "stability", "error": "ValueError: no"}
    return DeadLetter(**defaults | fields)


class Stream:
    """The stream of dead letters."""

    def __init__(self, kinesis: Any, name: str) -> None:
        self.kinesis = kinesis
        self.name = name
        kinesis.create_stream(StreamName=name, ShardCount=1)
        self._settled()

    def put(self, record: Record | bytes, key: str = "key") -> str:
        """Publishes it; returns its sequence number."""
        data = record if isinstance(record, bytes) else encode(record)
        return str(self.kinesis.put_record(StreamName=self.name, PartitionKey=key, Data=data)["SequenceNumber"])

    def split(self) -> None:
        shard = "shardId-000000000000"
        self.kinesis.split_shard(StreamName=self.name, ShardToSplit=shard, NewStartingHashKey=str(1 << 127))
        self._settled()

    def _settled(self) -> None:
        self.kinesis.get_waiter("stream_exists").wait(StreamName=self.name, WaiterConfig={"Delay": 1})


@pytest.fixture
def stream(observer: Observer, stream_prefix: str) -> Stream:
    return Stream(observer.client("kinesis"), f"{stream_prefix}-dead-letters")


def listed(llt: Llt, *options: str) -> list[dict[str, Any]]:
    outcome = llt("dead-letters", "list", "--json", *options)
    assert outcome.code == 0, outcome.err
    found: list[dict[str, Any]] = orjson.loads(outcome.out)
    return found


def test_dead_letters_are_listed_oldest_first_also_from_before_a_split_and_others_are_counted(
    llt: Llt, stream: Stream
) -> None:
    places = [stream.put(letter(session="talk-1", stream="audio", shard="s-7", sequence="123", payload=b"abc"))]
    stream.put(b"garbage")
    stream.split()
    places += [stream.put(letter(session=f"talk-{n}"), key=str(n)) for n in range(2, 8)]
    stream.put(SessionEnded(session="talk", captured_at=AT))
    outcome = llt("dead-letters", "list", "--json")
    found = orjson.loads(outcome.out)
    assert [(each["session"], each["place"]["sequence"]) for each in found] == [
        (f"talk-{n}", place) for n, place in enumerate(places, 1)
    ]
    assert len({each["place"]["shard"] for each in found}) == 3
    assert found[0] == {
        "id": found[0]["id"],
        "published_at": pytest.approx(time.time() * 1000, abs=60_000),
        "captured_at": AT,
        "session": "talk-1",
        "stage": "stability",
        "error": "ValueError: no",
        "language": None,
        "start": None,
        "end": None,
        "input": {"stream": "audio", "shard": "s-7", "sequence": "123"},
        "place": {"shard": "shardId-000000000000", "sequence": places[0]},
        "payload_bytes": 3,
    }
    assert outcome.err == "2 of the stream's records are no dead letters and were left out.\n"
    assert outcome.code == 0
    assert found == listed(llt)


def test_a_person_reads_a_table_that_tells_where_each_came_from_but_not_what_was_said(llt: Llt, stream: Stream) -> None:
    sequence = "49680554778202417065575540985513743465485527251727417346"
    stream.put(
        letter(
            session="[red]talk",
            stage="translate",
            error="boom \x1b[2J [bold]",
            language="es",
            stream="unique-segments",
            shard="shardId-000000000012",
            sequence=sequence,
            payload=encode(SAID),
        )
    )
    stream.put(letter(session="", stage="transcribe", start=1500, end=4250))
    head, first, second = llt("dead-letters", "list").out.splitlines()
    assert head.split() == ["id", "published", "session", "stage", "of", "input", "error"]
    ids = [each["id"] for each in listed(llt)]
    when = first.split()[1:3]
    assert first.split() == [
        *(ids[0][:8], *when, "[red]talk", "translate", "es", "unique-segments", "12", "..251727417346"),
        *("boom", "\\x1b[2J", "[bold]"),
    ]
    assert second.split()[3:] == ["-", "transcribe", "1.5-4.2", "s", "-", "ValueError:", "no"]
    assert "treasure" not in first


def test_filters_leave_out_other_sessions_stages_and_times(
    llt: Llt, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for session in ("a", "b"):
        for stage in ("stability", "translate"):
            stream.put(letter(session=session, stage=stage))
    assert [each["stage"] for each in listed(llt, "--session", "b")] == ["stability", "translate"]
    assert [each["session"] for each in listed(llt, "--stage", "translate")] == ["a", "b"]
    assert [each["session"] for each in listed(llt, "--stage", "translate", "--session", "a")] == ["a"]
    *earlier, last = [each["published_at"] for each in listed(llt, "--since", "5m")]
    assert len(earlier) == 3
    assert max(earlier) < last
    monkeypatch.setattr("shared.clock.time.time_ns", lambda: (last + 3_600_000) * 10**6)
    assert [each["published_at"] for each in listed(llt, "--since", "1h")] == [last]
    assert llt("dead-letters", "list", "--since", "1h", "--session", "a").out == "There are no such dead letters.\n"


def test_a_stream_without_dead_letters_is_one_sentence(llt: Llt, stream: Stream) -> None:
    outcome = llt("dead-letters", "list")
    assert (outcome.code, outcome.out, outcome.err) == (0, "There are no dead letters.\n", "")
    assert listed(llt) == []


def test_a_dead_letter_is_shown_with_the_record_that_it_carries(llt: Llt, stream: Stream) -> None:
    stream.put(letter(stage="dedup"))
    sequence = stream.put(
        letter(stream="transcripts", shard="shardId-000000000003", sequence="77", payload=encode(SAID), language="ca")
    )
    by_sequence = llt("dead-letters", "show", sequence, "--json")
    shown = orjson.loads(by_sequence.out)
    assert shown["stage"] == "stability"
    assert shown["input"] == {"stream": "transcripts", "shard": "shardId-000000000003", "sequence": "77"}
    assert shown["payload"]["bytes"] == len(encode(SAID))
    assert shown["payload"]["kind"] == "FinalResult"
    fields = shown["payload"]["fields"]
    assert [word["text"] for word in fields["items"]] == ["hidden", "treasure"]
    assert (fields["take"], fields["utterance"], fields["hops"]) == (1, 2, {"ingest": AT + 50})
    for name in (shown["id"][:6], shown["id"].upper()):
        shown_lines = llt("dead-letters", "show", name).out.splitlines()
        rows = {line.split()[0]: " ".join(line.split()[1:]) for line in shown_lines}
        assert rows["id"] == shown["id"]
        assert rows["input"] == "transcripts shardId-000000000003 77"
        assert rows["of"] == "ca"
        assert rows["payload"] == f"FinalResult, {len(encode(SAID))} bytes"
        assert rows["items"] == "hidden treasure"


def test_audio_in_a_dead_letter_is_shown_as_its_size_and_written_as_it_is(
    llt: Llt, stream: Stream, clean_environment: Path
) -> None:
    frame = encode(AudioFrame(session="talk", captured_at=AT, offset=320, payload=b"\x01\x02" * 800))
    sequence = stream.put(letter(payload=frame))
    outcome = llt("dead-letters", "show", sequence, "--json", "--payload", "frame.bin")
    assert outcome.code == 0
    fields = orjson.loads(outcome.out)["payload"]["fields"]
    assert (fields["offset"], fields["payload_bytes"]) == (320, 1600)
    assert "payload" not in fields
    assert (clean_environment / "frame.bin").read_bytes() == frame
    assert outcome.err == f"Wrote {len(frame)} bytes to frame.bin.\n"
    unwritable = llt("dead-letters", "show", sequence, "--payload", "nowhere/frame.bin")
    assert unwritable.code == 1
    assert unwritable.err.startswith("llt: nowhere/frame.bin: No such file or directory")


def test_what_cannot_be_decoded_is_dumped_and_cut_at_256_bytes(llt: Llt, stream: Stream) -> None:
    garbage = b"\xff\x00what is this?\n" + bytes(range(256)) * 2
    sequence = stream.put(letter(session="", payload=garbage))
    payload = orjson.loads(llt("dead-letters", "show", sequence, "--json").out)["payload"]
    assert (payload["bytes"], payload["hex"]) == (len(garbage), garbage[:256].hex())
    shown = llt("dead-letters", "show", sequence).out.splitlines()
    (about,) = (line for line in shown if line.startswith("payload"))
    assert f"{len(garbage)} bytes that are no record: expected version 1, got 255" in about
    dumped = [line for line in shown if line.startswith("  0")]
    assert len(dumped) == 16
    assert dumped[0] == "  0000  ff 00 77 68 61 74 20 69 73 20 74 68 69 73 3f 0a  ..what is this?."
    assert dumped[-1].startswith("  00f0  e0 e1")


def test_a_kind_of_record_from_a_newer_version_is_named_and_dumped(llt: Llt, stream: Stream) -> None:
    header = b'{"kind":"Novelty"}'
    sequence = stream.put(letter(payload=b"\x01" + len(header).to_bytes(4, "big") + header))
    payload = orjson.loads(llt("dead-letters", "show", sequence, "--json").out)["payload"]
    assert payload["problem"] == "a kind of record that this version does not know: Novelty"
    assert bytes.fromhex(payload["hex"])[5:] == header


def test_a_dead_letter_whose_input_was_too_large_says_where_that_stands(
    llt: Llt, stream: Stream, stream_prefix: str, clean_environment: Path
) -> None:
    sequence = stream.put(letter(stream="audio", shard="shardId-000000000009", sequence="4242"))
    outcome = llt("dead-letters", "show", sequence)
    assert outcome.code == 0
    assert (
        f"too large for a letter; the input stands on stream {stream_prefix}-audio, shard shardId-000000000009, "
        "at sequence number 4242"
    ) in " ".join(outcome.out.split())
    refused = llt("dead-letters", "show", sequence, "--payload", "input.bin")
    assert refused.code == 1
    assert "carries no bytes; nothing was written" in refused.err
    assert not (clean_environment / "input.bin").exists()
    lost = stream.put(letter(start=0, end=1000))
    assert "too large" not in llt("dead-letters", "show", lost).out


def test_an_id_that_is_unknown_or_ambiguous_is_one_line_and_exit_1(llt: Llt, stream: Stream) -> None:
    for _ in range(17):
        stream.put(letter())
    first = [each["id"][0] for each in listed(llt)]
    # Of 17 letters two begin alike.
    shared = next(character for character in first if first.count(character) > 1)
    outcome = llt("dead-letters", "show", shared)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.startswith(f"llt: {shared} may be {shared}")
    assert outcome.err.endswith("; give more of the id\n")
    unknown = llt("dead-letters", "show", "xyz")
    assert (unknown.code, unknown.out) == (1, "")
    assert unknown.err == ("llt: no dead letter is called xyz; `llt dead-letters list` names those that there are\n")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--since", "soon"], "llt: --since soon: expected a time such as 30s, 15m, 2h or 1d\n"),
        (
            ["--stage", "translat"],
            "llt: --stage translat: expected one of transcribe, stability, dedup, translate, synthesize\n",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(llt: Llt, stream_prefix: str, options: list[str], says: str) -> None:
    outcome = llt("dead-letters", "list", *options)
    assert (outcome.code, outcome.out, outcome.err) == (2, "", says)


def test_a_stream_that_is_not_there_is_one_line_and_exit_1(llt: Llt, stream_prefix: str) -> None:
    outcome = llt("dead-letters", "list")
    assert outcome.code == 1
    assert outcome.err.startswith(f"llt: stream {stream_prefix}-dead-letters does not exist at ")
