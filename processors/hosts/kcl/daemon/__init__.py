"""KCL's own process, the MultiLangDaemon, a Java program that starts a child for each shard: set up and supervised."""
