"""Where customers write from; one file a channel, one block each in credentials.yml."""
