"""AWS by the usual means: credentials, region and endpoint come from its own environment names and files."""

from shared.aws.client import AwsClient, AwsError
from shared.aws.session import Aws, AwsRetries

__all__ = ["Aws", "AwsClient", "AwsError", "AwsRetries"]
