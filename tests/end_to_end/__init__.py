"""The whole pipeline on the demo's recording, with the engines that a user has."""
