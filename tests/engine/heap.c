/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded into the program under test (LD_PRELOAD): counts what it has allocated and not yet freed, in a page that the
 * test reads (the file named by BULKHEAD_HEAP).  Pages of the heap tell less: what malloc keeps for later counts there,
 * and hides a small loss for thousands of containers.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct count {
	int64_t bytes, blocks;
};

/* By these names glibc keeps its own functions at hand for those who replace them. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t number, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

/* What is allocated before the page is there counts, too. */
static struct count before;
static struct count *count = &before;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("BULKHEAD_HEAP");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct count *at = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED) {
		fprintf(stderr, "heap: BULKHEAD_HEAP=%s cannot be mapped\n", path ? path : "");
		_exit(3);
	}
	close(fd);
	*at = before;
	count = at;
}

static void *taken(void *block)
{
	if (block) {
		__atomic_add_fetch(&count->bytes, (int64_t)malloc_usable_size(block), __ATOMIC_RELAXED);
		__atomic_add_fetch(&count->blocks, 1, __ATOMIC_RELAXED);
	}
	return block;
}

/* size: what could be used of it. */
static void given_back(const void *block, size_t size)
{
	if (block) {
		__atomic_sub_fetch(&count->bytes, (int64_t)size, __ATOMIC_RELAXED);
		__atomic_sub_fetch(&count->blocks, 1, __ATOMIC_RELAXED);
	}
}

void *malloc(size_t size)
{
	return taken(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
	return taken(__libc_calloc(number, size));
}

void *realloc(void *block, size_t size)
{
	size_t was = malloc_usable_size(block);
	void *got = __libc_realloc(block, size);

	if (got || !size)
		given_back(block, was);
	return taken(got);
}

void free(void *block)
{
	given_back(block, malloc_usable_size(block));
	__libc_free(block);
}

void *memalign(size_t alignment, size_t size)
{
	return taken(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	*ret = memalign(alignment, size);
	return *ret ? 0 : ENOMEM;
}
