"""Django's PostgreSQL with habits of ours (environment.DATABASES)."""
