"""`llt sessions`: the sessions of a pipeline."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import fields
from typing import Annotated, Any

import typer

from cli.backend import REACH
from cli.console import Console, put_json
from cli.options import SOURCE, JsonOption, ToOption, language, languages, session_id, whoever_runs_this
from cli.preflight import warn_unserved
from cli.sessions.details import began, details
from cli.sessions.overrides import overrides
from cli.table import cell, table
from processors.backend import Backend, Reader, kinesis
from shared.clock import SystemClock
from shared.codec import encode
from shared.errors import SessionOver
from shared.models import SessionEnded
from shared.sessions import Session, SessionState
from shared.sessions.session import token_hash
from shared.settings import OF_A_SESSION, Settings
from shared.streams import Entry, StreamName

app = typer.Typer(help="The sessions on shared streams.")

IdArgument = Annotated[str, typer.Argument(help="The session's id.")]

#: What JSON has of a session; its words and segments are what was said, and its tokens are only for who has them.
_SHOWN = (
    "id",
    "state",
    "owner",
    "source_language",
    "target_languages",
    "wanted",
    "rate",
    "started_at",
    "last_frame_at",
    "take",
    "heard",
    "number",
    "frontier",
    "settings",
)


@app.command()
def create(
    session: IdArgument,
    to: ToOption = "es,ca",
    source: Annotated[str, typer.Option("--source", help="The language that is spoken.")] = SOURCE,
    rate: Annotated[int, typer.Option("--rate", help="The audio's samples a second.")] = 16000,
    owner: Annotated[str | None, typer.Option("--owner", help="Whose session it is; yours by default.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--setting", help="NAME=value: a setting of this session; may be repeated.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Create a session before anyone speaks, and show its tokens this once."""
    # What the session brings must go with what workers of this environment would have beside it.
    changed = overrides(setting or (), Settings.load(only=(*OF_A_SESSION, "MAX_PARK")))
    # What a publisher and a listener show to a gateway; only the hashes are kept.
    publish, listen = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    item = Session(
        id=session,
        source_language=language(source, "--source"),
        target_languages=tuple(languages(to)),
        rate=rate,
        owner=whoever_runs_this() if owner is None else owner,
        publish_token_hash=token_hash(publish),
        listen_token_hash=token_hash(listen),
        settings=changed,
    )
    asyncio.run(_backend().store.create(item))
    warn_unserved(item)
    if as_json:
        put_json({"id": session, "publish_token": publish, "listen_token": listen}, indented=False)
        return
    console = Console()
    console.print(f"Created session {session}. Its tokens for a gateway, which are shown only now:")
    for name, token in (("publish", publish), ("listen", listen)):
        console.print(f"  {name:8} {token}", markup=False, highlight=False, soft_wrap=True)


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """Show the sessions that are open."""
    found = asyncio.run(_backend().store.open_sessions())
    # Those that nobody has spoken on come last.
    sessions = sorted(found, key=lambda session: (not session.started_at, session.started_at))
    if as_json:
        put_json([_shown(session) for session in sessions])
        return
    shown = table("session", "owner", "languages", "began", "segments")
    for session in sessions:
        into = f"{session.source_language} > {', '.join(session.target_languages)}"
        shown.add_row(*map(cell, (session.id, session.owner, into, began(session), str(session.number))))
    Console().print(shown if sessions else "No session is open.")


@app.command()
def show(session: IdArgument, *, as_json: JsonOption = False) -> None:
    """Show a session: its state and how far it has come, not what was said."""
    item = asyncio.run(_backend().store.load(session_id(session)))
    if as_json:
        put_json(_shown(item))
        return
    shown = table("what", "is", headed=False)
    for row in details(item):
        shown.add_row(*map(cell, row))
    Console().print(shown)


@app.command()
def end(session: IdArgument) -> None:
    """End a session: what was sent before is still transcribed, translated and spoken."""
    asyncio.run(_end(_backend(), session_id(session)))
    Console().print(f"Session {session} ends once everything that was sent is heard.", soft_wrap=True)


async def _end(backend: Backend, session: str) -> None:
    item = await backend.store.load(session)
    if item.state is SessionState.ENDED:
        raise SessionOver(f"session {session} has ended already")
    record = SessionEnded(session=session, captured_at=SystemClock().now())
    await backend.streams[StreamName.AUDIO].publish([Entry(record.key, encode(record))])


def _backend() -> Backend:
    return kinesis(Settings.load(only=REACH), Reader.SINK)


def _shown(session: Session) -> dict[str, Any]:
    return {column.name: getattr(session, column.name) for column in fields(session) if column.name in _SHOWN}
