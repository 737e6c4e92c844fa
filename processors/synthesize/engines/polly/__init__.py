"""Speech by Amazon Polly, through boto3."""

from processors.synthesize.engines.polly.synthesizer import PollySynthesizer

__all__ = ["PollySynthesizer"]
