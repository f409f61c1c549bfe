"""Events between us and others: ours go out signed and guarded, theirs come in verified and once."""
