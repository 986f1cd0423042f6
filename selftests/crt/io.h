/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Input, output and memory for programs without a C library.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _CRT_IO_H
#define _CRT_IO_H

#include <stdarg.h>

#include "crt.h"

/* Where messages go; 2 unless a program is told otherwise. */
extern cloudabi_fd_t crt_messages;

/* "EBADF" for CLOUDABI_EBADF, "E?" for what is no error of the ABI. */
const char *crt_strerror(cloudabi_errno_t error);

/*
 * Read at most and write all of @len bytes. Both wait where a descriptor in
 * non-blocking mode is not ready. At the end of the file *@nread is 0.
 */
cloudabi_errno_t crt_read(cloudabi_fd_t fd, void *buf, size_t len,
			  size_t *nread);
cloudabi_errno_t crt_write_all(cloudabi_fd_t fd, const void *buf, size_t len);

/* Fresh zeroed pages, NULL if there are none; and the way back. */
void *crt_pages_alloc(size_t len);
void crt_pages_free(void *pages, size_t len);

/**
 * struct crt_output - output that is gathered into large writes
 * @fd: where it goes to
 * @error: the first error; after it everything is dropped
 * @buf: the bytes not written yet
 * @size: size of @buf
 * @used: number of bytes in @buf
 */
struct crt_output {
	cloudabi_fd_t fd;
	cloudabi_errno_t error;
	char *buf;
	size_t size;
	size_t used;
};

void crt_output_put(struct crt_output *out, const void *bytes, size_t len);
cloudabi_errno_t crt_output_flush(struct crt_output *out);

/*
 * Formatted output: %c %s %d %u %x %%, with l, ll or z before the number, a
 * width with or without a leading 0, and a precision (also as *) for strings.
 */
__printf(2, 3)
void crt_output_printf(struct crt_output *out, const char *format, ...);
void crt_output_vprintf(struct crt_output *out, const char *format,
			va_list ap);

/* The same without a buffer to keep. */
__printf(2, 3)
cloudabi_errno_t crt_printf(cloudabi_fd_t fd, const char *format, ...);

/* Writes a line to crt_messages and ends the process. */
__printf(2, 3)
_Noreturn void crt_die(cloudabi_exitcode_t code, const char *format, ...);

#endif /* _CRT_IO_H */
