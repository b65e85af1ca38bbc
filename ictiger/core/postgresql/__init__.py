"""Django's PostgreSQL backend with two changes (`ictiger.env.DATABASE_ENGINES` selects it)."""
