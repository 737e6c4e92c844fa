"""LocalStack without Docker: Kinesis, DynamoDB and CloudWatch on this machine's loopback interface."""
