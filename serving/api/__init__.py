"""The routes of the API, one file a subject: what each call takes and gives; the work is done elsewhere."""
