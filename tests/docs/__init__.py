"""What holds the documents to the program: the reference of the commands, the examples, the readers."""
