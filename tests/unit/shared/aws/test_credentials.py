"""Credentials that are set up and cannot be had: one line that says what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shared.aws import Aws, AwsClient
from shared.errors import SetupError, StreamUnavailable
from tests.support.aws_settings import nothing_set

pytestmark = pytest.mark.system

SSO = """
[profile sso]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = Dev
[profile role]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = sso
[profile old]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
sso_account_id = 111122223333
sso_role_name = Dev
[sso-session corp]
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-1
"""


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No setting of this machine plays a part; where the configuration file is."""
    found = nothing_set(monkeypatch, tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    # Where tokens of those who are signed in are looked for.
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path / "cache"))
    return found


def call(client: AwsClient | None = None) -> None:
    asyncio.run((client or Aws().client("kinesis", StreamUnavailable)).call("list_shards", StreamName="words"))


@pytest.mark.parametrize(("profile", "signs_in"), [("sso", "sso"), ("old", "old"), ("role", "sso")])
def test_who_is_not_signed_in_is_told_how(
    profile: str, signs_in: str, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.write_text(SSO)
    monkeypatch.setenv("AWS_PROFILE", profile)
    told = rf"^AWS: profile {signs_in} is not signed in: .*; run `aws sso login --profile {signs_in}`$"
    with pytest.raises(SetupError, match=told):
        call()
    with pytest.raises(SetupError, match=told):
        Aws().credentials()


@pytest.mark.parametrize(
    ("process", "told"),
    [
        ("/no/such/program --x", "cannot be run or read: /no/such/program: No such file or directory"),
        ("/etc/passwd", "cannot be run or read: /etc/passwd: Permission denied"),
        ("/bin/echo hello", "expected JSON from the credential_process of profile default"),
        ("/bin/sh -c 'echo wrong >&2; exit 3'", "the credential_process of profile default fails: wrong"),
        ("/bin/false", "the credential_process of profile default fails: it says nothing of why"),
        ("/bin/echo {}", "the credential_process of profile default fails: Unsupported version"),
        ("/bin/echo [1]", "the credential_process of profile default makes no sense"),
        ("/bin/echo 'odd", "the credential_process of profile default makes no sense: No closing quotation"),
        ("", "the credential_process of profile default makes no sense"),
    ],
)
def test_a_credential_process_that_does_not_do_its_work_is_a_setup_error(process: str, told: str, config: Path) -> None:
    config.write_text(f"[default]\ncredential_process = {process}\n")
    with pytest.raises(SetupError, match=told):
        call()
    with pytest.raises(SetupError, match=told):
        Aws().credentials()


def test_one_that_is_gone_when_it_is_to_renew_them_is_one_too(config: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    # They are good for five minutes: the next call renews them.
    program.write_text(
        "#!/bin/sh\nat=$(date -u -d '+5 min' +%FT%TZ)\n"
        'echo "{\\"Version\\": 1, \\"AccessKeyId\\": \\"a\\", \\"SecretAccessKey\\": \\"b\\", \\"Expiration\\": \\"$at\\"}"\n'
    )
    program.chmod(0o755)
    config.write_text(f"[default]\ncredential_process = {program}\n")
    client = Aws().client("kinesis", StreamUnavailable)
    program.unlink()
    with pytest.raises(
        SetupError, match=rf"the credential_process of profile default cannot be run or read: {program}"
    ):
        call(client)
