// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package bounded

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/nuts-foundation/nuts-node/core"
	"github.com/nuts-foundation/nuts-node/pki"

	"github.com/nuts-mitz/nuts-mitz/plugin/internal/door"
)

const (
	// maxPoints is how many revocation lists (RFC 5280 section 4.2.1.13) the certificates of
	// one chain may name, all together. Those of a public authority name one each.
	maxPoints = 8
	// maxPoint is how long the address of one may be, in bytes.
	maxPoint = 512
	// maxRevocationList is the largest list of a CA that the operator does not name, in
	// bytes: some thousand certificates.
	maxRevocationList = 64 << 10
)

var errPanicked = errors.New("mitz: a certificate cannot be checked for revocation")

// boundedPKI checks certificates for revocation as the node does, except that it does not
// wait long for their lists, nor for many. The node's validator keeps every list, and every
// CA under its name, so it is asked about the CAs that the operator names alone. What others
// sign is looked up for one request, and not kept.
type boundedPKI struct {
	pki.Validator
	authorities Authorities
	http        core.HTTPRequestDoer // gets lists, which are not secret: http is usual
	visit       func() *door.Visit
}

// CheckCRL checks a chain. What takes too long of the node goes on without the visit, for
// ten seconds at most, which is the node's own limit: a slow list of an honest authority is
// there for the next request.
func (p boundedPKI) CheckCRL(chain []*x509.Certificate) error {
	return p.check(chain, p.isTolerant(), p.Validator.CheckCRL)
}

// CheckCRLStrict checks a chain, and refuses it when a list cannot be got.
func (p boundedPKI) CheckCRLStrict(chain []*x509.Certificate) error {
	return p.check(chain, false, p.Validator.CheckCRLStrict)
}

// isTolerant reports whether the operator accepts certificates of which the list cannot be
// got (pki.softfail).
func (p boundedPKI) isTolerant() bool {
	if engine, ok := p.Validator.(core.Injectable); ok {
		if config, ok := engine.Config().(*pki.Config); ok {
			return config.Softfail
		}
	}
	return false
}

// checked is what came of one check in a visit.
type checked struct{ err error }

func (p boundedPKI) check(chain []*x509.Certificate, tolerant bool, node func([]*x509.Certificate) error) error {
	visit := p.visit()
	if visit == nil {
		return node(chain)
	}
	key := "revocation " + strconv.FormatBool(tolerant)
	for _, certificate := range chain {
		key += string(certificate.Raw)
	}
	found, _ := visit.Once(key, func() (any, error) { return checked{p.checkOnce(visit, chain, tolerant, node)}, nil })
	return found.(checked).err
}

func (p boundedPKI) checkOnce(visit *door.Visit, chain []*x509.Certificate, tolerant bool, node func([]*x509.Certificate) error) error {
	points := pointsOf(chain)
	if len(points) > maxPoints || slices.ContainsFunc(points, func(point string) bool { return len(point) > maxPoint }) {
		return visit.Exceed(door.ErrFetches)
	}
	signer, work := p.authorities.signer(chain)
	if err := visit.Spend(work); err != nil {
		return err
	}
	if !isPath(chain[:signer+1]) {
		signer = 0
	}
	err := within(visit, func() error {
		// The denylist knows each certificate as it is.
		if err := node(withoutLists(chain)); err != nil || signer == 0 {
			return err
		}
		return node(below(chain, signer))
	})
	if err != nil {
		return err
	}
	for i := len(chain) - 1; i >= signer; i-- { // as the node does: a revoked CA may issue no lists any more
		issuer := chain[min(i+1, len(chain)-1)]
		for _, point := range pointsOf(chain[i : i+1]) {
			err := p.lookUp(visit, chain[i], issuer, point)
			if exceeded := visit.Exceeded(); exceeded != nil {
				return exceeded
			}
			if err != nil && !(tolerant && (errors.Is(err, pki.ErrCRLMissing) || errors.Is(err, pki.ErrCRLExpired))) {
				return err
			}
		}
	}
	return nil
}

// within has the node do something while the visit waits.
func within(visit *door.Visit, do func() error) error {
	return visit.Fetch(func(ctx context.Context) (int, error) {
		done := make(chan error, 1)
		go func() {
			defer func() {
				if recover() != nil {
					done <- errPanicked
				}
			}()
			done <- do()
		}()
		select {
		case err := <-done:
			return 0, err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}

// withoutLists returns a chain of which the node gets no list.
func withoutLists(chain []*x509.Certificate) []*x509.Certificate {
	plain := make([]*x509.Certificate, len(chain))
	for i, certificate := range chain {
		without := *certificate
		without.CRLDistributionPoints = nil
		plain[i] = &without
	}
	return plain
}

// below returns what a CA signed, with the CA, as the node knows it, for the end. Who signed
// the CA is whoever the chain says: it is not in the fingerprint.
func below(chain []*x509.Certificate, signer int) []*x509.Certificate {
	end := *chain[signer]
	end.CRLDistributionPoints, end.Issuer = nil, end.Subject
	return append(slices.Clone(chain[:signer]), &end)
}

// lookUp looks a certificate up in a revocation list (RFC 5280 section 5) of its issuer.
func (p boundedPKI) lookUp(visit *door.Visit, certificate, issuer *x509.Certificate, point string) error {
	content, err := p.get(visit, point)
	if err != nil {
		return err
	}
	if err := visit.Spend(workOf(issuer.PublicKey) + time.Duration(len(content))*listWork); err != nil {
		return err
	}
	list, err := x509.ParseRevocationList(content)
	if err != nil || !bytes.Equal(list.RawIssuer, issuer.RawSubject) || list.CheckSignatureFrom(issuer) != nil {
		return pki.ErrCRLMissing
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(certificate.SerialNumber) == 0 {
			return pki.ErrCertRevoked
		}
	}
	if !time.Now().Before(list.NextUpdate) {
		return pki.ErrCRLExpired
	}
	return nil
}

// listWork is about how long it takes to read a byte of a list of short entries.
const listWork = 65 * time.Nanosecond

func (p boundedPKI) get(visit *door.Visit, point string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, point, nil) //nolint:noctx // the getter gives it the end of the visit
	if err != nil {
		return nil, pki.ErrCRLMissing
	}
	lists := getter{HTTPRequestDoer: p.http, visit: p.visit, largest: maxRevocationList, check: func([]byte) error { return nil }}
	response, err := lists.Do(request)
	if errors.Is(err, errDocument) {
		return nil, visit.Exceed(door.ErrFetches) // else nobody would be on a list that is long
	}
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, pki.ErrCRLMissing
	}
	return io.ReadAll(response.Body) // from memory
}

// pointsOf returns the addresses of the revocation lists that a chain names, none twice.
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
