// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// ticksPerSecond is the unit of /proc/<pid>/stat (USER_HZ), the same on every Linux.
const ticksPerSecond = 100

// processTime is the processor time, user and system, that a process has used, in steps
// of 10 ms (proc(5)).
func processTime(pid int) (time.Duration, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	return parseProcessTime(content)
}

func parseProcessTime(stat []byte) (time.Duration, error) {
	// The second field is a name in parentheses that may hold anything.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0, errors.New("/proc/<pid>/stat: too few fields")
	}
	user, err := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	return time.Duration(user+system) * time.Second / ticksPerSecond, errors.Join(err, err2)
}

// machineTime is the processor time that everything on the machine has used together.
func machineTime() (time.Duration, error) {
	content, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return parseMachineTime(content)
}

// parseMachineTime adds up the first line (proc_stat(5)): cpu user nice system idle iowait
// irq softirq steal.
func parseMachineTime(stat []byte) (busy time.Duration, err error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return 0, errors.New("/proc/stat: too few fields")
	}
	for _, i := range []int{1, 2, 3, 6, 7, 8} {
		ticks, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return 0, err
		}
		busy += time.Duration(ticks) * time.Second / ticksPerSecond
	}
	return busy, nil
}

// residentMemory is how many bytes of a process are in memory.
func residentMemory(pid int) (int64, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	fields := bytes.Fields(content)
	if len(fields) < 2 {
		return 0, errors.New("/proc/<pid>/statm: too few fields")
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// mebibytes has fractions.
func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
