// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

// Package errlist takes apart what errors.Join put together: a configuration has several
// problems at once, and each is told by itself. It must never drop one.
package errlist

import (
	"errors"
	"fmt"
)

// Each returns the problems that are joined in err, however deep, in their order. An error
// that joins none is returned by itself.
func Each(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var flat []error
	for _, each := range joined.Unwrap() {
		flat = append(flat, Each(each)...)
	}
	return flat
}

// Prefix puts a key and a colon before each of the errors that are joined in err.
func Prefix(key string, err error) error {
	var prefixed []error
	for _, each := range Each(err) {
		prefixed = append(prefixed, fmt.Errorf("%s: %w", key, each))
	}
	return errors.Join(prefixed...)
}
