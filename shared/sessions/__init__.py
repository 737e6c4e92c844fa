"""Sessions: the item that outlives every process, and where it is kept."""

from shared.sessions.memory import MemorySessionStore
from shared.sessions.session import Session, SessionState
from shared.sessions.store import SessionStore

__all__ = ["MemorySessionStore", "Session", "SessionState", "SessionStore"]
