"""The status topic as rows: what each task's newest status is, by its id and by what it is looked for."""
