/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What sock_faults is given besides what helper.h tells. This file is also for
 * native programs.
 *
 * Copyright (C) 2026 The cloudabi.ko authors
 */
#ifndef _TESTS_SOCK_FAULTS_H
#define _TESTS_SOCK_FAULTS_H

#include "helper.h"

/* Its own /proc/PID/task/TID/fail-nth, instead of what is there else. */
#define FAULTS EVENT

#endif /* _TESTS_SOCK_FAULTS_H */
