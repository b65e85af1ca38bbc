"""Django's connection to PostgreSQL, which looks at the line before it asks the server whether it is there."""

from select import POLLIN, poll

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
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
