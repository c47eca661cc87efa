// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"context"

	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/nuts-node/vdr/didsubject"
	"github.com/nuts-foundation/nuts-node/vdr/resolver"
	"gorm.io/gorm"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/patience"
)

// ownDIDs are those of this node, which are in its SQL database. Nobody waits for that long.
type ownDIDs struct {
	database *gorm.DB
	patient  *patience.Patience
}

var _ resolver.DIDResolver = ownDIDs{}

func (d ownDIDs) Resolve(id did.DID, metadata *resolver.ResolveMetadata) (document *did.Document, about *resolver.DocumentMetadata, err error) {
	err = d.patient.Try(context.Background(), func(ctx context.Context) error {
		document, about, err = didsubject.Resolver{DB: d.database.WithContext(ctx)}.Resolve(id, metadata)
		return err
	})
	return document, about, err
}
