"""What a program writes of the documents: tables from the definitions that they show, and the picture in README."""
