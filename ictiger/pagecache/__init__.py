"""The page cache: what is public, what has changed, and which stored pages to remove. It knows none of the
other apps.

The promise: after the response to a write, no GET that starts later gets an older page; when processes are
killed, within two seconds. The protocol that ensures it has these lines, and code and tests cite their
numbers:

1.  A write runs in `public_write()`: one transaction locks its subjects' rows, writes, and inserts an outbox
    row with the subjects and with the paths as they were.
2.  The purge is registered to run on commit before any other callback.
3.  It runs after COMMIT and before the response, for the paths as they were and those of the subjects read
    now.
4.  To purge a page: unlink all its leases, then the page, then its compressed form; then delete the outbox
    row.
5.  To purge a tree: rename the subtree of leases away, then that of pages. A change of the whole site does so
    at the root, in every release.
6.  A purge that fails renames the root away; if that fails too, the response is 500 and the row stays.
7.  A sweeper in every process purges for rows that are left over, each second and before its first request.
8.  On a miss: take the page's lock without blocking; a request that does not get it looks again for a second,
    then renders unstored.
9.  Leases are made outside any transaction and before the first query; nothing cached before the lease may be
    used.
10. To store: write into the leases, which must still exist; rename the compressed form into place, then the
    page.
11. A waiting request takes bytes from the store only.
12. Renderers write no rows, writers take no page lock, and a request takes one page lock at most.
13. Models that show on pages refuse to be written outside `public_write()`.
"""
