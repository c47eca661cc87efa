// SPDX-FileCopyrightText: 2026 The nuts-mitz authors
// SPDX-License-Identifier: GPL-3.0-or-later

package door

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nuts-foundation/nuts-node/pki"
	"github.com/stretchr/testify/assert"
)

// fakePKI is a validator that does what a test says.
type fakePKI struct {
	pki.Validator
	check func([]*x509.Certificate) error
}

func (f fakePKI) CheckCRL(chain []*x509.Certificate) error       { return f.check(chain) }
func (f fakePKI) CheckCRLStrict(chain []*x509.Certificate) error { return f.check(chain) }

func namingLists(points ...string) []*x509.Certificate {
	return []*x509.Certificate{{CRLDistributionPoints: points}, {}}
}

func manyLists(count int) []string {
	points := make([]string, count)
	for i := range points {
		points[i] = fmt.Sprintf("http://lists.example/%d", i)
	}
	return points
}

func TestRevocationListsOfCertificates(t *testing.T) {
	revoked := errors.New("revoked")
	for name, tt := range map[string]struct {
		chain []*x509.Certificate
		check func([]*x509.Certificate) error
		err   error
		calls int
		lasts time.Duration
	}{
		"a chain that names no list":             {namingLists(), func([]*x509.Certificate) error { return nil }, nil, 1, 0},
		"a chain that names lists":               {namingLists(manyLists(maxPoints)...), func([]*x509.Certificate) error { return nil }, nil, 1, 0},
		"a revoked certificate":                  {namingLists("http://lists.example"), func([]*x509.Certificate) error { return revoked }, revoked, 1, 0},
		"more lists than are allowed":            {namingLists(manyLists(maxPoints + 1)...), func([]*x509.Certificate) error { return nil }, ErrFetches, 0, 0},
		"an address that is too long":            {namingLists("http://" + strings.Repeat("a", maxPoint)), func([]*x509.Certificate) error { return nil }, ErrFetches, 0, 0},
		"a list that does not come":              {namingLists("http://lists.example"), func([]*x509.Certificate) error { time.Sleep(time.Minute); return nil }, context.DeadlineExceeded, 1, oneFetch},
		"a certificate on which the node panics": {namingLists("http://lists.example"), func([]*x509.Certificate) error { panic("900186021") }, errPanicked, 1, 0},
	} {
		for way, call := range map[string]func(boundedPKI, []*x509.Certificate) error{
			"as configured": boundedPKI.CheckCRL,
			"strictly":      boundedPKI.CheckCRLStrict,
		} {
			t.Run(name+", checked "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					calls := 0
					d, v := smallDoor(), visits{}
					v.visit(t, d, "192.0.2.1", func(visit *Visit) error {
						bounded := boundedPKI{
							Validator: fakePKI{check: func(chain []*x509.Certificate) error { calls++; return tt.check(chain) }},
							visit:     func() *Visit { return visit },
						}
						began := time.Now()
						assert.ErrorIs(t, call(bounded, tt.chain), tt.err)
						assert.Equal(t, tt.lasts, time.Since(began))
						return nil
					})
					v.all.Wait()
					time.Sleep(time.Minute) // what went on without the visit ends
					synctest.Wait()
					assert.Equal(t, tt.calls, calls)
				})
			})
		}
	}
	t.Run("many chains share what one request may have the node get", func(t *testing.T) {
		calls := 0
		d, v := smallDoor(), visits{}
		synctest.Test(t, func(t *testing.T) {
			v.visit(t, d, "192.0.2.1", func(visit *Visit) error {
				bounded := boundedPKI{
					Validator: fakePKI{check: func([]*x509.Certificate) error { calls++; return nil }},
					visit:     func() *Visit { return visit },
				}
				for range maxFetches {
					assert.NoError(t, bounded.CheckCRL(namingLists("http://lists.example")))
				}
				assert.ErrorIs(t, bounded.CheckCRL(namingLists("http://lists.example")), ErrFetches)
				return nil
			})
			v.all.Wait()
		})
		assert.Equal(t, maxFetches, calls)
	})
	t.Run("outside a visit the node checks as it always did", func(t *testing.T) {
		bounded := boundedPKI{
			Validator: fakePKI{check: func([]*x509.Certificate) error { return revoked }},
			visit:     func() *Visit { return nil },
		}
		assert.ErrorIs(t, bounded.CheckCRL(namingLists(manyLists(100)...)), revoked)
	})
}
