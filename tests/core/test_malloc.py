"""What the C library is told about memory: whether it is heard shows in the pages that the kernel has to clear."""

import platform
import subprocess
import sys

import pytest

TEXTS = """
import resource
from ictiger.core.malloc import tune_malloc
{told}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for turn in range(60):
    if turn == 10:
        before = faults()
    texts = ["新" * (150_000 + 1_000 * turn + n) for n in range(6)]
    del texts
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_texts_as_long_as_pages_do_not_come_from_the_kernel_each_time(settings):
    def faults(told: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", TEXTS.format(told=told)],
            cwd=settings.BASE_DIR,
            capture_output=True,
            check=True,
        )
        return int(done.stdout)

    assert faults("tune_malloc()") * 5 < faults("")
