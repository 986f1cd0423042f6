/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: what CloudABI processes do, for ftrace, perf and BPF.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM cloudabi

#if !defined(_CLOUDABI_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _CLOUDABI_TRACE_H

#include <linux/fs.h>
#include <linux/ptrace.h>
#include <linux/tracepoint.h>

#include "module.h"
#include "arch/arch.h"
#include "deny.h"

/* clang-format off */
#define CLOUDABI_TRACE_CALL(name, number, inputs, results) { number, #name },
#define cloudabi_trace_call_name(number) \
	__print_symbolic(number, CLOUDABI_FOR_EACH_CALL(CLOUDABI_TRACE_CALL) \
			 { -1, "native" })

TRACE_EVENT(cloudabi_enter,
	TP_PROTO(const struct pt_regs *regs, u32 number),
	TP_ARGS(regs, number),
	TP_STRUCT__entry(
		__field(u32, number)
		__array(u64, args, 6)
	),
	TP_fast_assign(
		__entry->number = number;
		__entry->args[0] = arch_arg(regs, 0);
		__entry->args[1] = arch_arg(regs, 1);
		__entry->args[2] = arch_arg(regs, 2);
		__entry->args[3] = arch_arg(regs, 3);
		__entry->args[4] = arch_arg(regs, 4);
		__entry->args[5] = arch_arg(regs, 5);
	),
	TP_printk("%s (%u) %#llx %#llx %#llx %#llx %#llx %#llx",
		  cloudabi_trace_call_name(__entry->number), __entry->number,
		  __entry->args[0], __entry->args[1], __entry->args[2],
		  __entry->args[3], __entry->args[4], __entry->args[5])
);

TRACE_EVENT(cloudabi_exit,
	TP_PROTO(const struct pt_regs *regs, u32 number),
	TP_ARGS(regs, number),
	TP_STRUCT__entry(
		__field(u32, number)
		__field(bool, failed)
		__field(u64, first)
		__field(u64, second)
	),
	TP_fast_assign(
		__entry->number = number;
		__entry->failed = arch_has_failed(regs);
		__entry->first = arch_result(regs, 0);
		__entry->second = arch_result(regs, 1);
	),
	TP_printk("%s (%u) %s %#llx %#llx",
		  cloudabi_trace_call_name(__entry->number), __entry->number,
		  __entry->failed ? "error" : "results",
		  __entry->first, __entry->second)
);

TRACE_EVENT(cloudabi_exec,
	TP_PROTO(const struct file *file, unsigned long bias),
	TP_ARGS(file, bias),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, inode)
		__field(unsigned long, bias)
	),
	TP_fast_assign(
		__entry->dev = file_inode(file)->i_sb->s_dev;
		__entry->inode = file_inode(file)->i_ino;
		__entry->bias = bias;
	),
	TP_printk("dev %u:%u inode %llu bias %#lx", MAJOR(__entry->dev),
		  MINOR(__entry->dev), __entry->inode, __entry->bias)
);

#define cloudabi_trace_wait_name(type) \
	__print_symbolic(type, { CLOUDABI_EVENTTYPE_CONDVAR, "CONDVAR" }, \
			 { CLOUDABI_EVENTTYPE_LOCK_RDLOCK, "LOCK_RDLOCK" }, \
			 { CLOUDABI_EVENTTYPE_LOCK_WRLOCK, "LOCK_WRLOCK" })

TRACE_EVENT(cloudabi_wait,
	TP_PROTO(u8 type, const void __user *word, const void __user *lock,
		 s64 expires),
	TP_ARGS(type, word, lock, expires),
	TP_STRUCT__entry(
		__field(u8, type)
		__field(unsigned long, word)
		__field(unsigned long, lock)
		__field(s64, expires)
	),
	TP_fast_assign(
		__entry->type = type;
		__entry->word = (unsigned long)word;
		__entry->lock = (unsigned long)lock;
		__entry->expires = expires;
	),
	TP_printk("%s %#lx lock %#lx expires %lld",
		  cloudabi_trace_wait_name(__entry->type), __entry->word,
		  __entry->lock, __entry->expires)
);

TRACE_EVENT(cloudabi_wake,
	TP_PROTO(u8 type, const void __user *word, int error),
	TP_ARGS(type, word, error),
	TP_STRUCT__entry(
		__field(u8, type)
		__field(unsigned long, word)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->type = type;
		__entry->word = (unsigned long)word;
		__entry->error = error;
	),
	TP_printk("%s %#lx %s (%d)", cloudabi_trace_wait_name(__entry->type),
		  __entry->word,
		  __print_symbolic(__entry->error, { 0, "has it" },
				   { -ETIMEDOUT, "too late" },
				   { -ERESTARTSYS, "interrupted" },
				   { -EFAULT, "bad address" }),
		  __entry->error)
);

#define CLOUDABI_TRACE_REASON(name) { CLOUDABI_CTL_DENY_##name, #name },

TRACE_EVENT(cloudabi_deny,
	TP_PROTO(u32 number, u32 reason, u32 fd, u8 filetype, u64 needed,
		 u64 had, const char *component, size_t length),
	TP_ARGS(number, reason, fd, filetype, needed, had, component, length),
	TP_STRUCT__entry(
		__field(u32, number)
		__field(u32, reason)
		__field(u32, fd)
		__field(u8, filetype)
		__field(u64, needed)
		__field(u64, had)
		__dynamic_array(char, component, length + 1)
	),
	TP_fast_assign(
		char *text = __get_dynamic_array(component);

		memcpy(text, component, length);
		text[length] = '\0';
		__entry->number = number;
		__entry->reason = reason;
		__entry->fd = fd;
		__entry->filetype = filetype;
		__entry->needed = needed;
		__entry->had = had;
	),
	TP_printk("%s (%u) reason %s fd %u type %#x needed %#llx had %#llx missing %#llx component \"%s\"",
		  cloudabi_trace_call_name(__entry->number), __entry->number,
		  __print_symbolic(__entry->reason,
				   CLOUDABI_CTL_FOR_EACH_DENY(CLOUDABI_TRACE_REASON)
				   { -1, "?" }),
		  __entry->fd, __entry->filetype, __entry->needed,
		  __entry->had, __entry->needed & ~__entry->had,
		  (char *)__get_dynamic_array(component))
);

#endif /* _CLOUDABI_TRACE_H */

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
