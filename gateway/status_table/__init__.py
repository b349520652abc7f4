"""The status table: every gateway's own copy of the status topic, on local disk."""
