// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

//go:build unix

package nen7513

import (
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limitedFile is set in the process that may not write large files.
const limitedFile = "NUTS_MITZ_TEST_LIMITED_FILE"

// TestAFileThatCannotGrow has the system write a part of a line and then no more, as a disk
// does that is full or a quota that is used up. It takes a process of its own, since the limit
// is a process's.
func TestAFileThatCannotGrow(t *testing.T) {
	if path := os.Getenv(limitedFile); path != "" {
		growUntilItCannot(t, path)
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestAFileThatCannotGrow$")
	child.Env = append(os.Environ(), limitedFile+"="+newPath(t))
	output, err := child.CombinedOutput()
	require.NoError(t, err, "%s", output)
}

func growUntilItCannot(t *testing.T, path string) {
	signal.Ignore(syscall.SIGXFSZ)
	log := openLog(t, path)
	require.NoError(t, log.Append(t.Context(), coded(t, "first")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	var limit syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	before := limit.Cur
	limit.Cur = uint64(info.Size() + 300) // in the middle of the next line
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))

	require.ErrorIs(t, log.Write(t.Context(), coded(t, "a query")), syscall.EFBIG)
	require.ErrorIs(t, log.Append(t.Context(), coded(t, "a token")), syscall.EFBIG)
	require.ErrorIs(t, log.Failure(), syscall.EFBIG)
	require.NoError(t, log.Tell(coded(t, "a refusal")))
	require.Error(t, log.Flush(t.Context()))

	limit.Cur = before
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	require.Eventually(t, func() bool { return log.Failure() == nil }, time.Minute, 10*time.Millisecond)
	require.NoError(t, log.Close())
	assert.Equal(t, []string{"first", "audit_unwritten", "a refusal"}, codes(t, path))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, 4, strings.Count(string(content), "\n"), "the part of a line is ended, and spoils none after it")
}
