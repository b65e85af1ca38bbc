"""Private names of libraries that core, the page cache, mail and the worker rely on.

An upgrade that removes one fails here, with the reason. Tried with Django 5.2.19, Python 3.11 to 3.14,
psycopg2 2.9.13 and django-tasks-db 0.13.0.
"""

import inspect
import smtplib

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.core.mail.backends import smtp
from django.db import connection, models
from django.db.models.query import FlatValuesListIterable, ModelIterable, get_related_populators
from django.db.models.sql import InsertQuery
from django.db.models.utils import create_namedtuple_class
from django.http import HttpRequest
from django.test import RequestFactory
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import get_date_max

from articles.models import Article, Byline


def compiler_of(queryset: models.QuerySet):
    """A compiler that has compiled its query, as core/prepared.py uses it."""
    compiler = queryset.query.get_compiler(connection=connection)
    compiler.as_sql()
    return compiler


def test_queryset_names_its_row_class():
    """core/prepared.py builds the same rows as the queryset would."""
    assert Article.objects.all()._iterable_class is ModelIterable
    assert Article.objects.values_list("pk", flat=True)._iterable_class is FlatValuesListIterable


def test_compiler_knows_model_columns_and_annotations():
    """core/prepared.py builds instances from rows as ModelIterable does."""
    compiler = compiler_of(Article.objects.annotate(one=models.Value(1)))
    assert compiler.klass_info["model"] is Article
    assert compiler.klass_info["select_fields"]
    assert set(compiler.annotation_col_map) == {"one"}
    assert compiler.select[0][0].target.attname == "id"
    assert isinstance(compiler.get_converters([selected for selected, *_names in compiler.select]), dict)


def test_related_populators_fill_selected_relations():
    """core/prepared.py fills `select_related` objects with them."""
    compiler = compiler_of(Byline.objects.select_related("author"))
    (populator,) = get_related_populators(compiler.klass_info, compiler.select, "default")
    assert callable(populator.populate)


def test_named_rows_have_a_cached_class():
    """core/prepared.py builds named tuples as `values_list(named=True)` does."""
    assert create_namedtuple_class("a", "b") is create_namedtuple_class("a", "b")
    query = Article.objects.values("slug").query
    assert (query.values_select, list(query.annotation_select)) == (("slug",), [])
    assert hasattr(query, "selected")


def test_insert_query_compiles_to_one_statement():
    """core/prepared.py compiles an INSERT that returns the key."""
    query = InsertQuery(Byline)
    query.insert_values([Byline._meta.get_field("position")], [Byline(position=1)])
    compiler = query.get_compiler(connection=connection)
    compiler.returning_fields = [Byline._meta.pk]
    ((statement, values),) = compiler.as_sql()
    assert "RETURNING" in statement
    assert list(values) == [1]


def test_connection_can_convert_driver_errors():
    """core/prepared.py uses the driver's cursor and still raises Django's errors."""
    assert connection.wrap_database_errors
    assert hasattr(connection.features, "has_native_uuid_field")
    assert callable(connection.ops.adapt_datetimefield_value)


def test_request_marks_a_form_that_was_read():
    """error_views.py returns the text of a form only if it was read before the error."""
    request = RequestFactory().post("/", {"body": "x"})
    assert not hasattr(request, "_post")
    assert request.POST["body"] == "x"
    assert hasattr(request, "_post")


def test_request_takes_its_scheme_from_a_method():
    """pagecache/headers.py asks the security middlewares for the headers of either scheme."""
    assert callable(HttpRequest._get_scheme)
    assert callable(WSGIRequest._get_scheme)


def test_smtp_opens_its_socket_in_one_method():
    """mail/backend.py hands the socket to its watchdog."""
    for connection_class in (smtplib.SMTP, smtplib.SMTP_SSL):
        assert list(inspect.signature(connection_class._get_socket).parameters) == [
            "self",
            "host",
            "port",
            "timeout",
        ]
    assert "self._host" in inspect.getsource(smtplib.SMTP_SSL._get_socket)


def test_mail_backend_keeps_an_unfinished_connection():
    """mail/backend.py closes it after an error, and delivers under the backend's lock."""
    backend = smtp.EmailBackend()
    assert backend._partial_connection is None
    assert hasattr(backend._lock, "__enter__")
    assert "_partial_connection" in inspect.getsource(smtp.EmailBackend.open)


def test_task_worker_takes_the_arguments_and_hook_that_ours_uses():
    """worker.py runs ready tasks only, and stops between two of them through `running`."""
    parameters = set(inspect.signature(Worker.__init__).parameters) - {"self"}
    assert parameters == {
        "queue_names",
        "excluded_queue_names",
        "backend_name",
        "batch",
        "interval",
        "startup_delay",
        "max_tasks",
        "worker_id",
    }
    assert list(inspect.signature(Worker.run_task).parameters) == ["self", "db_task_result"]
    assert "self.running" in inspect.getsource(Worker.run)


def test_tasks_without_a_time_have_the_greatest_date():
    """health.py tells tasks for now from tasks for later by it."""
    assert get_date_max().year == 9999


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="the backend for PostgreSQL")
def test_postgresql_connection_has_a_socket_and_a_state_hook():
    """core/postgresql/base.py polls the socket and sets the plan mode of each connection."""
    connection.ensure_connection()
    assert connection.connection.fileno() > 0
    assert callable(connection.init_connection_state)
