// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package node

import (
	"context"

	"github.com/nuts-foundation/nuts-node/vdr/didsubject"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

// subjects are those of the node, which looks at each request whether its subject exists. While
// the SQL database fails, the operator's word counts: tokens go on.
type subjects struct {
	didsubject.Manager
	// inDatabase looks in the SQL database, and ends when the context does.
	inDatabase func(ctx context.Context, subject string) (bool, error)
	patient    *patience.Patience // with it
	// listed reports whether the operator has a subject among the data holders.
	listed func(subject string) bool
}

// inDatabase looks for a subject as the node does.
func inDatabase(database *gorm.DB) func(ctx context.Context, subject string) (bool, error) {
	return func(ctx context.Context, subject string) (bool, error) {
		return didsubject.NewDIDManager(database.WithContext(ctx)).SubjectExists(subject)
	}
}

// Exists reports whether a subject exists. Its error is that of the database.
func (s subjects) Exists(ctx context.Context, subject string) (bool, error) {
	var exists bool
	err := s.patient.Try(ctx, func(ctx context.Context) (err error) {
		exists, err = s.inDatabase(ctx, subject)
		return err
	})
	if err != nil && ctx.Err() == nil && s.listed(subject) {
		return true, nil
	}
	return exists && err == nil, err
}
