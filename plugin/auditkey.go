// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package plugin

import (
	"context"
	stdcrypto "crypto"
	"sync/atomic"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/nuts-foundation/nuts-node/audit"
	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/crypto"

	"github.com/nuts-mitz/nuts-mitz/internal/nen7513"
)

// auditKeyID names the key in the node's key storage. It is no DID's: the node publishes it
// nowhere. Nodes that share their key storage share the key.
const auditKeyID = "nuts-mitz-audit"

// auditKey signs summaries of the audit file with a key that is where the node keeps its own.
type auditKey struct {
	store  crypto.KeyStore
	failed atomic.Bool // the key could not be had
}

// auditKeyPatience is how long after a failure the key is asked for again, until it is there.
const auditKeyPatience = time.Minute

// Sign returns a JWS of the payload with the public key in its header. It makes the key when
// there is none yet.
func (k *auditKey) Sign(ctx context.Context, payload []byte) (string, error) {
	ctx = audit.Context(ctx, "system", moduleName, "SignAudit")
	public, err := k.public(ctx)
	if err != nil {
		return "", err
	}
	return k.store.SignJWS(ctx, payload, map[string]any{"jwk": public}, auditKeyID, false)
}

// public returns the public key. A key that is known and cannot be found is not replaced:
// the storage may be back later, and who verifies has pinned this one.
func (k *auditKey) public(ctx context.Context) (public jwk.Key, err error) {
	defer func() { k.failed.Store(err != nil) }()
	known, err := k.store.Exists(ctx, auditKeyID)
	if err != nil {
		return nil, err
	}
	if !known {
		named := func(stdcrypto.PublicKey) (string, error) { return auditKeyID, nil }
		if _, _, err := k.store.New(ctx, named); err != nil {
			return nil, err
		}
	}
	key, err := k.store.Resolve(ctx, auditKeyID)
	if err != nil {
		return nil, err
	}
	return jwk.FromRaw(key)
}

// announce logs which key signs, so that it can be pinned before anything is signed. It
// tries until there is one, or the context ends.
func (k *auditKey) announce(ctx context.Context) {
	for {
		thumbprint, err := k.thumbprint(ctx)
		if err == nil {
			log().WithField("audit_key", thumbprint).Info("The audit file is signed with this key: 'mitz audit verify --key' takes it")
			return
		}
		log().WithError(err).Error("There is no key to sign the audit file with")
		select {
		case <-ctx.Done():
			return
		case <-time.After(auditKeyPatience):
		}
	}
}

func (k *auditKey) thumbprint(ctx context.Context) (string, error) {
	public, err := k.public(audit.Context(ctx, "system", moduleName, "SignAudit"))
	if err != nil {
		return "", err
	}
	return nen7513.Thumbprint(public)
}

// auditHooks log what happens to the audit file. The errors are the system's and the key
// storage's: they hold nothing of an entry.
func auditHooks() nen7513.Hooks {
	return nen7513.Hooks{
		Changed: func(failure error) {
			if failure != nil {
				log().WithError(failure).Error("The audit file cannot be written: guarded scopes get no token")
				return
			}
			log().Warn("The audit file can be written again")
		},
		Signed: func(place nen7513.Place) {
			log().WithField("entry", place.String()).WithField("chain", place.Chain).Info("The audit file is signed up to this entry")
		},
		SigningChanged: func(failure error) {
			if failure != nil {
				log().WithError(failure).Error("The audit file cannot be signed: its entries are written without")
				return
			}
			log().Warn("The audit file can be signed again")
		},
	}
}

// signingHealth reports whether the audit file is signed. Tokens do not depend on it.
func (e *Engine) signingHealth() core.Health {
	if e.auditLog.SigningFailure() != nil || e.auditKey.failed.Load() {
		return core.Health{Status: core.HealthStatusUnknown, Details: "the audit file cannot be signed: its entries are written without"}
	}
	return core.Health{Status: core.HealthStatusUp}
}
