"""Translation by Amazon Translate, through boto3."""

from processors.translate.engines.aws.translator import AwsTranslator

__all__ = ["AwsTranslator"]
