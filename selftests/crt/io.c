// SPDX-License-Identifier: GPL-2.0
/*
 * Input, output and memory for programs without a C library.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "io.h"
#include "abi_names.h"

cloudabi_fd_t crt_messages = 2;

const char *crt_strerror(cloudabi_errno_t error)
{
	const char *name = cloudabi_errno_name(error);

	return name ? name : "E?";
}

/* Sleeps until a descriptor is ready; returns why it could not. */
static cloudabi_errno_t wait_for(cloudabi_fd_t fd, cloudabi_eventtype_t type)
{
	cloudabi_subscription_t in = {
		.type = type,
		.fd_readwrite.fd = fd,
	};
	cloudabi_event_t out;
	cloudabi_errno_t error;
	size_t nevents;

	error = cloudabi_sys_poll(&in, &out, 1, &nevents);
	return error ? error : out.error;
}

cloudabi_errno_t crt_read(cloudabi_fd_t fd, void *buf, size_t len,
			  size_t *nread)
{
	cloudabi_iovec_t iov = { .buf = buf, .buf_len = len };
	cloudabi_errno_t error;

	do {
		error = cloudabi_sys_fd_read(fd, &iov, 1, nread);
	} while (error == CLOUDABI_EAGAIN &&
		 !wait_for(fd, CLOUDABI_EVENTTYPE_FD_READ));
	return error;
}

cloudabi_errno_t crt_write_all(cloudabi_fd_t fd, const void *buf, size_t len)
{
	cloudabi_ciovec_t iov = { .buf = buf, .buf_len = len };

	while (iov.buf_len) {
		cloudabi_errno_t error;
		size_t n;

		error = cloudabi_sys_fd_write(fd, &iov, 1, &n);
		if (error == CLOUDABI_EAGAIN &&
		    !wait_for(fd, CLOUDABI_EVENTTYPE_FD_WRITE))
			continue;
		if (error)
			return error;
		/* A device that takes nothing would be asked for ever. */
		if (!n || n > iov.buf_len)
			return CLOUDABI_EIO;
		iov.buf = (const char *)iov.buf + n;
		iov.buf_len -= n;
	}
	return 0;
}

void crt_output_put(struct crt_output *out, const void *bytes, size_t len)
{
	if (len > out->size - out->used)
		crt_output_flush(out);
	if (out->error)
		return;
	if (len >= out->size) {
		out->error = crt_write_all(out->fd, bytes, len);
		return;
	}
	memcpy(out->buf + out->used, bytes, len);
	out->used += len;
}

cloudabi_errno_t crt_output_flush(struct crt_output *out)
{
	if (!out->error)
		out->error = crt_write_all(out->fd, out->buf, out->used);
	out->used = 0;
	return out->error;
}

/* One conversion of a format: its flags, and later its argument. */
struct conversion {
	size_t width;
	size_t precision;
	unsigned int longs;
	bool zeros;
};

static void pad(struct crt_output *out, char with, size_t width, size_t len)
{
	for (; len < width; len++)
		crt_output_put(out, &with, 1);
}

static void put_number(struct crt_output *out, const struct conversion *c,
		       unsigned long long value, unsigned int base,
		       bool negative)
{
	char digits[3 * sizeof(value)];
	size_t at = sizeof(digits);
	size_t len;

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	len = sizeof(digits) - at + negative;
	if (!c->zeros)
		pad(out, ' ', c->width, len);
	if (negative)
		crt_output_put(out, "-", 1);
	if (c->zeros)
		pad(out, '0', c->width, len);
	crt_output_put(out, digits + at, sizeof(digits) - at);
}

static void put_string(struct crt_output *out, const struct conversion *c,
		       const char *string)
{
	size_t len = 0;

	while (len < c->precision && string[len])
		len++;
	pad(out, ' ', c->width, len);
	crt_output_put(out, string, len);
}

static size_t parse_number(const char **format)
{
	size_t value = 0;

	for (; **format >= '0' && **format <= '9'; (*format)++)
		value = value * 10 + (**format - '0');
	return value;
}

static const char *parse_conversion(const char *f, struct conversion *c,
				    va_list *ap)
{
	*c = (struct conversion){ .precision = SIZE_MAX };
	if (*f == '0') {
		c->zeros = true;
		f++;
	}
	c->width = parse_number(&f);
	if (*f == '.') {
		f++;
		if (*f == '*') {
			c->precision = va_arg(*ap, int);
			f++;
		} else {
			c->precision = parse_number(&f);
		}
	}
	for (; *f == 'l' || *f == 'z'; f++)
		c->longs++;
	return f;
}

static unsigned long long take_unsigned(const struct conversion *c,
					va_list *ap)
{
	if (c->longs)
		return va_arg(*ap, unsigned long);
	return va_arg(*ap, unsigned int);
}

static long long take_signed(const struct conversion *c, va_list *ap)
{
	if (c->longs)
		return va_arg(*ap, long);
	return va_arg(*ap, int);
}

/* long, long long and size_t are one size, or take_*() would be wrong. */
_Static_assert(sizeof(long) == sizeof(long long), "LP64");
_Static_assert(sizeof(long) == sizeof(size_t), "LP64");

static void put_conversion(struct crt_output *out, const struct conversion *c,
			   char type, va_list *ap)
{
	long long value;
	char byte;

	switch (type) {
	case 'd':
		value = take_signed(c, ap);
		put_number(out, c, value < 0 ? -(unsigned long long)value :
						(unsigned long long)value,
			   10, value < 0);
		break;
	case 'u':
		put_number(out, c, take_unsigned(c, ap), 10, false);
		break;
	case 'x':
		put_number(out, c, take_unsigned(c, ap), 16, false);
		break;
	case 's':
		put_string(out, c, va_arg(*ap, const char *));
		break;
	case 'c':
		byte = va_arg(*ap, int);
		crt_output_put(out, &byte, 1);
		break;
	default:
		crt_output_put(out, &type, 1);
		break;
	}
}

void crt_output_vprintf(struct crt_output *out, const char *format,
			va_list ap)
{
	struct conversion c;
	va_list args;

	va_copy(args, ap);
	for (; *format; format++) {
		if (*format != '%') {
			crt_output_put(out, format, 1);
			continue;
		}
		format = parse_conversion(format + 1, &c, &args);
		if (!*format)
			break;
		put_conversion(out, &c, *format, &args);
	}
	va_end(args);
}

void crt_output_printf(struct crt_output *out, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	crt_output_vprintf(out, format, ap);
	va_end(ap);
}

cloudabi_errno_t crt_printf(cloudabi_fd_t fd, const char *format, ...)
{
	char buf[256];
	struct crt_output out = { .fd = fd, .buf = buf, .size = sizeof(buf) };
	va_list ap;

	va_start(ap, format);
	crt_output_vprintf(&out, format, ap);
	va_end(ap);
	return crt_output_flush(&out);
}

_Noreturn void crt_die(cloudabi_exitcode_t code, const char *format, ...)
{
	char buf[256];
	struct crt_output out = {
		.fd = crt_messages, .buf = buf, .size = sizeof(buf),
	};
	va_list ap;

	va_start(ap, format);
	crt_output_vprintf(&out, format, ap);
	va_end(ap);
	crt_output_put(&out, "\n", 1);
	crt_output_flush(&out);
	crt_exit(code);
}

void *crt_pages_alloc(size_t len)
{
	void *pages;

	if (cloudabi_sys_mem_map(NULL, len,
				 CLOUDABI_PROT_READ | CLOUDABI_PROT_WRITE,
				 CLOUDABI_MAP_ANON | CLOUDABI_MAP_PRIVATE,
				 CLOUDABI_MAP_ANON_FD, 0, &pages))
		return NULL;
	return pages;
}

void crt_pages_free(void *pages, size_t len)
{
	cloudabi_sys_mem_unmap(pages, len);
}
