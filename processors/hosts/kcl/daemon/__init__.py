"""KCL's own process: the MultiLangDaemon, a Java program that starts a child for each shard; made ready and watched."""
