"""Django's connection to PostgreSQL, with two habits of ours: it looks at the line before it asks the server whether it is there, and says
that one plan is good for what is prepared.
"""

from select import POLLIN, poll

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def init_connection_state(self) -> None:
        """What is prepared here (ictiger/compiled.py) is good with one plan: without being told so, PostgreSQL plans it five times more."""
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode TO force_generic_plan")

    def is_usable(self) -> bool:
        """Whether the connection that an earlier request left is still one.

        A server that ends it, or is ended, says so: then there is something to read on a line that should be quiet. Only then is the
        server asked, as Django does at each request. Where not even that is told (a cable, a power cut), an answer would be waited for
        as long as that of the query itself.
        """
        if self.connection is None or self.connection.closed:
            return False
        line = poll()
        line.register(self.connection.fileno(), POLLIN)
        return True if not line.poll(0) else super().is_usable()
