// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package config

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/nuts-foundation/go-did/did"
	"github.com/nuts-foundation/go-did/vc"

	"github.com/nuts-mitz/nuts-mitz/internal/policy"
	"github.com/nuts-mitz/nuts-mitz/internal/policy/trust"
)

// Subjects are the Nuts subjects in the node's database, with their DIDs.
type Subjects interface {
	List(ctx context.Context) (map[string][]did.DID, error)
	ListDIDs(ctx context.Context, subject string) ([]did.DID, error)
}

// Wallet finds the credentials that the node keeps for a holder.
type Wallet interface {
	SearchCredential(ctx context.Context, holder did.DID) ([]vc.VerifiableCredential, error)
}

// SubjectWarnings returns a warning about data holders at whose endpoint there is nobody: the
// node does not have the subject, or not yet. There is none when the database cannot be read,
// which the node tells.
func SubjectWarnings(ctx context.Context, lists *policy.Lists, subjects Subjects) []string {
	existing, err := subjects.List(ctx)
	if err != nil {
		return nil
	}
	var missing []string
	for _, subject := range lists.Subjects() {
		if _, exists := existing[subject]; !exists {
			missing = append(missing, subject)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return []string{"dataholders: the node does not have this subject, so nobody can ask there: " + few(missing)}
}

// maxWallets is how many data holders' credentials are looked at.
const maxWallets = 20

// AuthorityWarnings returns a warning when none of the CAs that are trusted for organisations
// is one under which this node's own organisations have their certificates. Then a
// fingerprint is probably wrong. Without such certificates in the wallet, it cannot be told.
func AuthorityWarnings(ctx context.Context, decides *policy.Policy, subjects Subjects, wallet Wallet) []string {
	var trusted []string
	for _, issuer := range decides.Trusted()[trust.Organization] {
		if issuer.Kind == trust.KindCertificate {
			trusted = append(trusted, issuer.Fingerprint)
		}
	}
	if len(trusted) == 0 {
		return nil
	}
	seen := authoritiesInWallet(ctx, decides.Lists().Subjects(), subjects, wallet)
	if len(seen) == 0 || slices.ContainsFunc(trusted, func(each string) bool { return slices.Contains(seen, each) }) {
		return nil
	}
	return []string{fmt.Sprintf("trust.organization: no certificate with the fingerprint %s was seen; the wallets of this node hold credentials under %s: is that the one?",
		few(trusted), few(seen))}
}

// authoritiesInWallet returns the fingerprints of the CAs under which the data holders'
// credentials were issued.
func authoritiesInWallet(ctx context.Context, dataHolders []string, subjects Subjects, wallet Wallet) (fingerprints []string) {
	for _, subject := range dataHolders[:min(len(dataHolders), maxWallets)] {
		holders, err := subjects.ListDIDs(ctx, subject)
		if err != nil {
			continue
		}
		for _, holder := range holders {
			fingerprints = append(fingerprints, authoritiesOf(ctx, holder, wallet)...)
		}
	}
	slices.Sort(fingerprints)
	return slices.Compact(fingerprints)
}

func authoritiesOf(ctx context.Context, holder did.DID, wallet Wallet) (fingerprints []string) {
	credentials, err := wallet.SearchCredential(ctx, holder)
	if err != nil {
		return nil
	}
	for _, credential := range credentials {
		// did:x509:0:<hash>:<fingerprint>::<policies>
		if parts := strings.Split(credential.Issuer.String(), ":"); len(parts) > 5 && parts[1] == "x509" {
			fingerprints = append(fingerprints, parts[4])
		}
	}
	return fingerprints
}
