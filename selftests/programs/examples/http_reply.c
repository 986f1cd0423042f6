// SPDX-License-Identifier: GPL-2.0
/*
 * The head of an answer by HTTP/1.1, and answers that are not files.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#include "http_reply.h"

#include "io.h"

static const struct {
	unsigned int status;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 206, "Partial Content" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 414, "URI Too Long" },
	{ 416, "Range Not Satisfiable" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

static const struct {
	const char *end;
	const char *type;
} types[] = {
	{ ".css", "text/css" },
	{ ".gif", "image/gif" },
	{ ".html", "text/html" },
	{ ".jpg", "image/jpeg" },
	{ ".js", "text/javascript" },
	{ ".json", "application/json" },
	{ ".pdf", "application/pdf" },
	{ ".png", "image/png" },
	{ ".svg", "image/svg+xml" },
	{ ".txt", "text/plain" },
};

static const struct {
	cloudabi_errno_t error;
	unsigned int status;
} statuses[] = {
	/* The kernel does not let the path out of the directory. */
	{ CLOUDABI_ENOTCAPABLE, 403 },
	{ CLOUDABI_EACCES, 403 },
	{ CLOUDABI_EPERM, 403 },
	/* A socket. */
	{ CLOUDABI_ENOTSUP, 403 },
	{ CLOUDABI_ENOENT, 404 },
	{ CLOUDABI_ENOTDIR, 404 },
	{ CLOUDABI_ELOOP, 404 },
	{ CLOUDABI_ENAMETOOLONG, 404 },
	/* A zero byte, or what the file system takes for no name. */
	{ CLOUDABI_EINVAL, 400 },
	{ CLOUDABI_EILSEQ, 400 },
	{ CLOUDABI_EMFILE, 503 },
	{ CLOUDABI_ENFILE, 503 },
	{ CLOUDABI_ENOMEM, 503 },
};

const char *http_reason(unsigned int status)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		if (reasons[i].status == status)
			return reasons[i].reason;
	}
	return "Unknown";
}

const char *http_type_of(const char *path, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		size_t end = strlen(types[i].end);

		if (len >= end && !memcmp(path + len - end, types[i].end, end))
			return types[i].type;
	}
	return "application/octet-stream";
}

unsigned int http_status_of(cloudabi_errno_t error)
{
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		if (statuses[i].error == error)
			return statuses[i].status;
	}
	return 500;
}

/* --- Date ----------------------------------------------------------------- */

/**
 * struct date - a day
 * @year: the year
 * @month: the month, from 0
 * @day: the day of the month, from 1
 */
struct date {
	unsigned int year;
	unsigned int month;
	unsigned int day;
};

static bool is_leap(unsigned int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned int month_days(unsigned int year, unsigned int month)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31,
	};

	return days[month] + (month == 1 && is_leap(year));
}

/* Of days since the beginning of 1970. */
static struct date date_of(uint64_t days)
{
	struct date date = { .year = 1970 };

	for (; days >= 365u + is_leap(date.year); date.year++)
		days -= 365 + is_leap(date.year);
	for (; days >= month_days(date.year, date.month); date.month++)
		days -= month_days(date.year, date.month);
	date.day = days + 1;
	return date;
}

static void put_date(struct crt_output *out, cloudabi_timestamp_t time)
{
	static const char days[] = "ThuFriSatSunMonTueWed";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	uint64_t seconds = time / 1000000000;
	uint64_t day = seconds / 86400;
	struct date date = date_of(day);
	unsigned int second = seconds % 86400;

	crt_output_printf(out, "Date: %.3s, %02u %.3s %u %02u:%02u:%02u GMT\r\n",
			  days + 3 * (day % 7), date.day,
			  months + 3 * date.month, date.year, second / 3600,
			  second / 60 % 60, second % 60);
}

/* --- Head ----------------------------------------------------------------- */

/* HTTP_REPLY_MAX is more than all of it can have: nothing is flushed. */
size_t http_reply_head(const struct http_reply *reply, char *text)
{
	struct crt_output out = { .buf = text, .size = HTTP_REPLY_MAX };
	cloudabi_timestamp_t now;

	crt_output_printf(&out, "HTTP/1.1 %u %s\r\n", reply->status,
			  http_reason(reply->status));
	if (!cloudabi_sys_clock_time_get(CLOUDABI_CLOCK_REALTIME, 1000000000,
					 &now))
		put_date(&out, now);
	crt_output_printf(&out, "Content-Type: %s\r\nContent-Length: %lu\r\n",
			  reply->type, reply->len);
	if (reply->status == 200 || reply->status == 206)
		crt_output_printf(&out, "Accept-Ranges: bytes\r\n");
	if (reply->status == 206)
		crt_output_printf(&out, "Content-Range: bytes %lu-%lu/%lu\r\n",
				  reply->first, reply->first + reply->len - 1,
				  reply->size);
	if (reply->status == 416)
		crt_output_printf(&out, "Content-Range: bytes */%lu\r\n",
				  reply->size);
	if (reply->status == 405)
		crt_output_printf(&out, "Allow: GET, HEAD\r\n");
	crt_output_printf(&out, "Connection: %s\r\n\r\n",
			  reply->keep ? "keep-alive" : "close");
	return out.used;
}
