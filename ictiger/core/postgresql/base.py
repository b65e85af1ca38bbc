"""Django's connection to PostgreSQL with two changes.

It checks the socket before it asks the server whether the connection is usable, and it makes PostgreSQL use
one generic plan for prepared statements.

Measured gain (`bench comments --baseline`, nine rounds of 5 s): 181 comments a second with it, 163 with
Django's own; with ÷ without 1.072 (middle half 0.993 to 1.131).
"""

from select import POLLIN, poll

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    def init_connection_state(self) -> None:
        """Use the generic plan of prepared statements (ictiger/core/prepared.py) from the first execution on.

        By default PostgreSQL plans such a statement five more times before it considers the generic plan.
        """
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode TO force_generic_plan")

    def is_usable(self) -> bool:
        """Whether the connection that an earlier request left is still open.

        A server that closes the connection, or shuts down, sends a message: then there is something to read
        on a socket that should be silent. Only then is the server asked with a query, as Django does at each
        request. When nothing is sent (a broken cable, a power cut), that query would wait for as long as the
        request's own query.
        """
        if self.connection is None or self.connection.closed:
            return False
        socket = poll()
        socket.register(self.connection.fileno(), POLLIN)
        return True if not socket.poll(0) else super().is_usable()
