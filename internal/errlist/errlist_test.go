// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package errlist

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProblemsThatAreJoinedAreTakenApart(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), fmt.Errorf("c: %w", io.EOF)
	require.Empty(t, Each(nil))
	require.Equal(t, []error{c}, Each(c), "one that wraps is one")
	require.Equal(t, []error{a, b, c}, Each(errors.Join(a, errors.Join(b, c))))
}

func TestEachOfJoinedErrorsGetsThePrefix(t *testing.T) {
	require.NoError(t, Prefix("key", nil))
	require.NoError(t, Prefix("key", errors.Join()))
	err := Prefix("key", errors.Join(errors.New("a"), errors.Join(errors.New("b"), io.EOF)))
	require.EqualError(t, err, "key: a\nkey: b\nkey: EOF")
	require.ErrorIs(t, err, io.EOF)
	require.EqualError(t, Prefix("outer", err), "outer: key: a\nouter: key: b\nouter: key: EOF")
}
