"""The reviewers' pages: server-rendered, one script, no foreign host."""
