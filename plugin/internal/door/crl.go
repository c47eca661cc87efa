// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"

	"github.com/nuts-foundation/nuts-node/pki"
)

const (
	// maxPoints is how many revocation lists (RFC 5280 section 4.2.1.13) the certificates of
	// one chain may name, all together. Those of a public authority name one each.
	maxPoints = 8
	// maxPoint is how long the address of one may be, in bytes.
	maxPoint = 512
)

var errPanicked = errors.New("mitz: a certificate cannot be checked for revocation")

// boundedPKI checks certificates for revocation as the node does, except that it does not
// wait long for their lists, nor for many. A stranger's chain names what lists it likes.
type boundedPKI struct {
	pki.Validator
	visit func() *Visit
}

// CheckCRL checks a chain. What takes too long goes on without the visit, for ten seconds
// at most, which is the node's own limit: a slow list of an honest authority is there for
// the next request.
func (p boundedPKI) CheckCRL(chain []*x509.Certificate) error {
	return p.check(chain, p.Validator.CheckCRL)
}

// CheckCRLStrict checks a chain, and refuses it when a list cannot be got.
func (p boundedPKI) CheckCRLStrict(chain []*x509.Certificate) error {
	return p.check(chain, p.Validator.CheckCRLStrict)
}

func (p boundedPKI) check(chain []*x509.Certificate, check func([]*x509.Certificate) error) error {
	points := pointsOf(chain)
	visit := p.visit()
	if visit == nil || len(points) == 0 {
		return check(chain)
	}
	if len(points) > maxPoints || slices.ContainsFunc(points, func(point string) bool { return len(point) > maxPoint }) {
		return visit.exceed(ErrFetches)
	}
	return visit.Fetch(func(ctx context.Context) (int, error) {
		checked := make(chan error, 1)
		go func() {
			defer func() {
				if recover() != nil {
					checked <- errPanicked
				}
			}()
			checked <- check(chain)
		}()
		select {
		case err := <-checked:
			return 0, err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}

// pointsOf gives the addresses of the revocation lists that a chain names, none twice.
func pointsOf(chain []*x509.Certificate) []string {
	var points []string
	for _, certificate := range chain {
		points = append(points, certificate.CRLDistributionPoints...)
		if len(points) > maxChain*maxPoints {
			break // too many, however often they are repeated
		}
	}
	slices.Sort(points)
	return slices.Compact(points)
}
