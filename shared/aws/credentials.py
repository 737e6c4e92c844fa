"""What is wrong, and what to do, where credentials are set up and cannot be had."""

from __future__ import annotations

from json import JSONDecodeError
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    CredentialRetrievalError,
    LoginError,
    LoginInsufficientPermissions,
    SSOError,
    TokenRetrievalError,
)

from shared.errors import SetupError

#: What botocore raises where credentials are set up and cannot be had: a credential_process that cannot be run, or that
#: prints something else than is expected, has no error of botocore's.
CREDENTIAL_ERRORS = (BotoCoreError, OSError, ValueError, AttributeError, LookupError, TypeError)
NO_CREDENTIALS = "AWS: no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
#: Nobody is signed in to the identity center, or not any more.
_SIGNED_OUT = (SSOError, TokenRetrievalError)
#: What botocore calls the source of what a credential_process prints.
_PROCESS = "custom-process"


class Profile:
    """The profile that credentials are taken from, as botocore's session reads the usual files."""

    def __init__(self, session: Any) -> None:
        self._session = session

    @property
    def name(self) -> str:
        """Its name."""
        return str(self._session.get_config_variable("profile") or "default")

    def refused(self, error: Exception) -> SetupError:
        """The error that names the remedy for one of CREDENTIAL_ERRORS."""
        if isinstance(error, _SIGNED_OUT):
            name = self._holder("sso_session", "sso_start_url")
            return SetupError(f"AWS: profile {name} is not signed in: {error}; run `aws sso login --profile {name}`")
        if isinstance(error, LoginError) and not isinstance(error, LoginInsufficientPermissions):
            name = self._holder("login_session")
            return SetupError(f"AWS: profile {name} is not signed in: {error}; run `aws login --profile {name}`")
        if isinstance(error, OSError):
            what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror or str(error)
            return SetupError(f"AWS: {self._source()} cannot be run or read: {what}")
        if isinstance(error, JSONDecodeError):
            return SetupError(f"AWS: expected JSON from {self._source()}, got something else")
        if isinstance(error, CredentialRetrievalError) and error.kwargs["provider"] == _PROCESS:
            why = " ".join(error.kwargs["error_msg"].split()) or "it says nothing of why"
            return SetupError(f"AWS: {self._source()} fails: {why}")
        if not isinstance(error, BotoCoreError):
            return SetupError(f"AWS: {self._source()} makes no sense: {error}")
        return SetupError(f"AWS: {type(error).__name__}: {error}")

    def _source(self) -> str:
        name = self._holder("credential_process")
        if "credential_process" in self._profiles.get(name, {}):
            return f"the credential_process of profile {name}"
        return f"what profile {name} takes its credentials from"

    def _holder(self, *settings: str) -> str:
        """The profile that has one of these settings: this one, or the one that it assumes its role from."""
        seen: list[str] = []
        name = self.name
        while name and name not in seen:
            seen.append(name)
            profile = self._profiles.get(name, {})
            if any(setting in profile for setting in settings):
                return name
            name = profile.get("source_profile", "")
        return self.name

    @property
    def _profiles(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self._session.full_config.get("profiles", {})
        return found
