"""SWIFT MT statements (MT940, MT941, MT942, MT950) and payment notices (MT103, MT900, MT910).

The tokenizer is our own. Measured on 26 files of its own tests, `mt-940` 5.1 holds a file in memory as one
text, raises for the whole file where one line does not fit (a Dutch reference of 18 characters), reads none
of the payments of an MT103 and leaves `:86:` of most banks as one text. It stays in the tests as an oracle.

`fields` cuts a file into fields, `statement_line` reads `:61:`, `details` and the dialects read `:86:`,
`statement` puts them together and checks balances, `repeats` leaves out what comes twice, `notice` reads what
books nothing, `reading` is the door.
"""
