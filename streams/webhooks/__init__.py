"""Webhooks: ends of tasks, told to those who asked, until they have them."""
