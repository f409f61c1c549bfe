"""The words and rules of accounts receivable; it imports nothing but the standard library."""
