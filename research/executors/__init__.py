"""Where the trials of a study are made: in process, by processes of this machine, or by a cluster, in the same way."""
