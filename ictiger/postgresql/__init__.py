"""Django's PostgreSQL, asked less often (environment.DATABASES)."""
